"""What one component says of one history: of all items, or of any of them on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.models.base import SimilarityComponent
from tastegraph.models.kernels import FactorKernel, Scores
from tastegraph.models.ranked import inverse_spread_of_one
from tastegraph.models.retrieval.moments import Moments
from tastegraph.profiles.interactions import History


class Evidence(Protocol):
    """The scores of one component for one history."""

    @property
    def attention(self) -> Scores:
        """float32[T], the attention of each event."""
        ...

    @property
    def spread(self) -> float:
        """1 / σ of the scores over the warm items; 0 where they say nothing."""
        ...

    def at(self, items: NDArray[np.int64]) -> Scores:
        """float32[C]: exact scores of some items (int64[C], ascending)."""
        ...


@dataclass(frozen=True)
class ScoredItems:
    """Every item is scored: sparse tables and features, which a history has few entries of.

    Attributes:
        attention, spread: of :class:`Evidence`.
        scores: float32[I].
    """

    attention: Scores
    spread: float
    scores: Scores

    @classmethod
    def of(cls, component: SimilarityComponent, history: History, warm: Scores) -> ScoredItems:
        """What ``component`` says of ``history``.

        Its spread is over the items that have 1 in ``warm`` (float32[I]).
        """
        known = history.within(component.kernel.n_sources)
        attention = component.attention(known)
        scores = component.kernel.row(known.items, attention)
        return cls(attention, inverse_spread_of_one(scores, warm), scores)

    def at(self, items: NDArray[np.int64]) -> Scores:
        """float32[C]."""
        return self.scores[items]


@dataclass(frozen=True)
class UserVector:
    """No item is scored yet: a vector stands for the history, and products with it are scores.

    Attributes:
        attention, spread: of :class:`Evidence`.
        kernel: holds the items' vectors.
        items: int32[T], of the history.
        vector: float32[d].
    """

    attention: Scores
    spread: float
    kernel: FactorKernel
    items: NDArray[np.int32]
    vector: Scores

    @classmethod
    def of(
        cls,
        component: SimilarityComponent,
        kernel: FactorKernel,
        history: History,
        warm: Bools,
        moments: Moments,
    ) -> UserVector:
        """What ``component``, with its ``kernel``, says of ``history``.

        Its spread is over ``warm`` items (bool[I]), of whose vectors the ``moments`` are.
        """
        known = history.within(kernel.n_sources)
        attention = component.attention(known)
        vector = kernel.user(known.items, attention)
        spread = moments.inverse_spread(kernel, known.items, attention, warm, vector)
        return cls(attention, spread, kernel, known.items, vector)

    def at(self, items: NDArray[np.int64]) -> Scores:
        """float32[C]."""
        return self.kernel.at(self.items, self.attention, items, self.vector)
