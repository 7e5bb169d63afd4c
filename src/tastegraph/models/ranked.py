"""One history's scores, and what is needed to take each of them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import ROUNDING, Bools
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History


@dataclass(frozen=True)
class Quota:
    """How many of the best of some items are ranked.

    Attributes:
        items: bool[I], which items; ``None`` for all.
        size: how many of them, at least; fewer where there are fewer.
    """

    items: Bools | None
    size: int


@dataclass(frozen=True)
class Ranked:
    """The exact scores of one history, of all items or of the best ones.

    Attributes:
        history: the history.
        items: int64[C], rows of the items that are scored, ascending.
        scores: float32[C].
        factors: component → float32[T] on warm items, float32[T] on cold ones; empty where no event
            says anything and the scores are popularity.
        component_scores: component → float32[C] twice, its weight on each item and its score over
            its spread.
        priors: prior → float32[C], its share of the score of each item.
    """

    history: History
    items: NDArray[np.int64]
    scores: Scores
    factors: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    component_scores: Mapping[str, tuple[Scores, Scores]]
    priors: Mapping[str, Scores] = field(default_factory=dict)

    def place(self, item: int) -> int:
        """Where the row of an item stands in :attr:`items`.

        Raises:
            KeyError: it was not scored.
        """
        place = int(np.searchsorted(self.items, item))
        if place == len(self.items) or self.items[place] != item:
            raise KeyError(item)
        return place

    def score_of(self, item: int) -> float:
        """The score of one item."""
        return float(self.scores[self.place(item)])

    def disagreement(self) -> Scores:
        """float32[C] ≥ 0: how much the components disagree: the standard deviation of their scores.

        Weighted as they are in the score; 0 where fewer than two speak.
        """
        if not self.component_scores:
            return np.zeros_like(self.scores)
        weights = np.stack([weight for weight, _ in self.component_scores.values()])
        scores = np.stack([score for _, score in self.component_scores.values()])
        total = np.maximum(weights.sum(axis=0), np.float32(1e-12))
        mean = (weights * scores).sum(axis=0) / total
        variance = (weights * (scores - mean) ** 2).sum(axis=0) / total
        return np.asarray(np.sqrt(variance), dtype=np.float32)


def inverse_spread(scores: Scores, warm: Bools) -> NDArray[np.float32]:
    """1 / σ of each row over the items in ``warm``, float32[U]; 0 where a component says nothing.

    It says nothing where σ is no more than rounding of the largest score.
    """
    deviation = scores[:, warm].std(axis=1) if warm.any() else scores.std(axis=1)
    largest = np.maximum(scores.max(axis=1, initial=0), -scores.min(axis=1, initial=0))
    inverse = np.zeros(len(scores), dtype=np.float32)
    np.divide(1, deviation, out=inverse, where=deviation > ROUNDING * largest)
    return inverse


def inverse_spread_of_one(scores: Scores, warm: Scores) -> float:
    """:func:`inverse_spread` of one row, without a copy of the warm items' scores.

    Args:
        scores: float32[I].
        warm: float32[I], 1 for items with events, else 0; all 0 counts as all 1.
    """
    count = float(warm.sum())
    if not count:
        return float(inverse_spread(scores[None, :], np.zeros(len(scores), dtype=np.bool_))[0])
    deviations = scores - np.float32(scores @ warm / count)
    deviation = float(np.sqrt((deviations * deviations) @ warm / count))
    largest = max(float(scores.max(initial=0)), -float(scores.min(initial=0)))
    return 1 / deviation if deviation > ROUNDING * largest else 0.0
