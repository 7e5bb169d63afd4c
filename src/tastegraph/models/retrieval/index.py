"""The index of the first stage: all factor kernels folded into one vector of few dimensions.

What they say of item i together is q · rᵢ: q the user's vectors side by side, each times its weight
in the blend over its spread, r the item's. In a basis in which the users' q are spread alike, the
first principal directions of the items keep most of it (:mod:`~tastegraph.models.retrieval.fit`):

    q · rᵢ ≈ z · vᵢ,     z = Σₚ bₚ / σₚ · (Σₜ αₚₜ lₚ[itemₜ]) Qₚ

One product with all vᵢ then finds candidates among a million items in milliseconds; those are
scored exactly, so that the approximation decides who is looked at, and no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.kernels import Scores
from tastegraph.models.retrieval.moments import Moments

PREFIX = "retrieval."


@dataclass(frozen=True)
class RetrievalIndex:
    """What finds candidates.

    Attributes:
        vectors: float32[I, k], vᵢ.
        queries: factor component → float32[d, k], Qₚ.
        moments: factor component → moments of its items' vectors.
        n_candidates: items that are scored exactly for each list, at least.
        recall: share of the ten best items that are among the candidates, as measured on users
            that no direction follows from, and by whom the size was chosen.
        score_error: largest difference of a score from that of the exhaustive ranking there.
    """

    vectors: Scores
    queries: Mapping[str, Scores]
    moments: Mapping[str, Moments]
    n_candidates: int
    recall: float
    score_error: float

    def scores(self, user: Scores) -> Scores:
        """float32[I]: what the factor kernels say of each item, about, for z (float32[k])."""
        if not user.any():
            return np.zeros(len(self.vectors), dtype=np.float32)
        return np.asarray(self.vectors @ user, dtype=np.float32)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays that :meth:`from_arrays` makes the same index of, by their names in a snapshot."""
        arrays: dict[str, NDArray[Any]] = {f"{PREFIX}vectors": self.vectors}
        for name, query in self.queries.items():
            arrays[f"{PREFIX}query.{name}"] = query
            arrays[f"{PREFIX}mean.{name}"] = self.moments[name].mean
            arrays[f"{PREFIX}second.{name}"] = self.moments[name].second
        return arrays

    def to_json(self) -> dict[str, Any]:
        """What the manifest of a snapshot says of it."""
        counts = {name: moments.count for name, moments in self.moments.items()}
        return {
            "dimensions": self.vectors.shape[1],
            "candidates": self.n_candidates,
            "recall": self.recall,
            "score_error": self.score_error,
            "counts": counts,
        }

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], values: Mapping[str, Any]
    ) -> RetrievalIndex:
        """The index of :meth:`to_arrays` and :meth:`to_json`."""
        names = list(values["counts"])
        return cls(
            vectors=arrays[f"{PREFIX}vectors"],
            queries={name: arrays[f"{PREFIX}query.{name}"] for name in names},
            moments={
                name: Moments(
                    arrays[f"{PREFIX}mean.{name}"], arrays[f"{PREFIX}second.{name}"], count
                )
                for name, count in values["counts"].items()
            },
            n_candidates=int(values["candidates"]),
            recall=float(values["recall"]),
            score_error=float(values["score_error"]),
        )
