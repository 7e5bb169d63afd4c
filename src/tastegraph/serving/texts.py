"""What one snapshot says of any text: the items whose texts are near, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.nearness import semantics_from
from tastegraph.profiles.association import Associations, specificity
from tastegraph.profiles.graphs import Tie
from tastegraph.profiles.semantics import Semantics
from tastegraph.store.snapshots import Snapshot

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Texts:
    """The texts of one snapshot, as the language model read them that it names.

    Attributes:
        folder: of that language model.
        max_tokens: what it read of a text, at most.
        items: int64[k], those with a text.
        vectors: float32[k, d], of length 1.
        semantics: what texts lie near, where it could be learned.
        specificity: float64[features].
    """

    folder: Path
    max_tokens: int
    items: NDArray[np.int64]
    vectors: Vector
    semantics: Semantics | None
    specificity: NDArray[np.float64]

    @classmethod
    def open(cls, snapshot: Snapshot, stated: Associations) -> Texts:
        """Map what ``snapshot`` holds of texts; ``stated`` are its associations."""
        n_items, n_features = stated.strength.shape
        rows = snapshot.arrays["text.rows"]
        last = int(np.searchsorted(rows, n_items))
        return cls(
            folder=snapshot.path.parent.parent / snapshot.manifest["encoder_folder"],
            max_tokens=snapshot.manifest["max_tokens"],
            items=rows[:last],
            vectors=snapshot.arrays["text.vectors"][:last],
            semantics=semantics_from(snapshot, n_features),
            specificity=specificity(stated),
        )

    def nearest(self, vector: Vector, n: int) -> list[tuple[int, float]]:
        """The ``n`` items nearest to float32[d], each with its cosine; none where it is 0."""
        if not len(self.items) or not vector.any():
            return []
        cosines = self.vectors @ vector
        best = np.argsort(-cosines, kind="stable")[:n]
        return [(int(self.items[k]), float(cosines[k])) for k in best]

    def ties(self, vector: Vector, n: int) -> list[Tie]:
        """Up to ``n`` features that float32[d] is near to, each as strong as a tie of an item."""
        if self.semantics is None:
            return []
        likely = self.semantics.associate(vector[None, :], most=len(self.specificity))
        strength = likely.data * self.specificity[likely.indices]
        best = np.argsort(-strength, kind="stable")[:n]
        return [Tie(int(likely.indices[k]), float(strength[k]), stated=False) for k in best]
