"""A model asked about some of its items, so that two can be compared that know different ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.hybrid import HybridModel, Ranked
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History


@dataclass(frozen=True)
class Among:
    """A model over some of its items, in an order of their own.

    Attributes:
        model: over all its items.
        at: int32[C], where each of the C items stands in it.
    """

    model: HybridModel
    at: NDArray[np.int32]

    @property
    def n_items(self) -> int:
        """C."""
        return len(self.at)

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, C]."""
        return self.model.score([self._own(history) for history in histories])[:, self.at]

    def rank(self, history: History) -> Ranked:
        """Of all the model's items: what a list costs."""
        return self.model.rank(self._own(history))

    def _own(self, history: History) -> History:
        return History(self.at[history.items], history.weights, history.ordered)


def in_both(names: Sequence[str], others: Sequence[str]) -> tuple[NDArray[np.int32], ...]:
    """int32[C] twice: where the names that both have stand in the one and in the other."""
    place = {name: row for row, name in enumerate(others)}
    pairs = [(row, place[name]) for row, name in enumerate(names) if name in place]
    found = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return found[:, 0], found[:, 1]
