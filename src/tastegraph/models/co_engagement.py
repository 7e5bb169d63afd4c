"""Co-engagement: who likes one item likes another, damped by how active and popular they are.

    K = D^(-s) Xᵀ Dᵤ^(-p) X D^(-t)

where D and Dᵤ are the likes of each item and of each user. (½, 0, ½) is the cosine of ItemKNN,
(1, 1, β) is RP³β (Paudel et al. 2016), two steps of a random walk damped by popularity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.models.kernels import Scores
from tastegraph.models.tables import TableComponent, strongest, without_diagonal
from tastegraph.models.training_data import TrainingData

EXPONENTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MAX_NEIGHBOURS = 2_000
"""So many neighbours of an item are kept."""
MAX_ENTRIES, MIN_NEIGHBOURS = 50_000_000, 50
"""Fewer of more items, so that a table has so many entries, but not fewer than so many of an item.
That is 500 of each of 100,000 items."""
BLOCK_ITEMS = 4_096
"""Neighbours are counted for so many items at a time."""


@dataclass(frozen=True)
class CoEngagementParams:
    """Exponents of the damping.

    Attributes:
        source: s, how much a popular item of a history says less.
        person: p, how much an active user says less.
        target: t, how much a popular item is held back.
    """

    source: float
    person: float
    target: float


class CoEngagement(TableComponent):
    """Items by who liked both; a sparse table, for any number of items."""

    name = "co-engagement"
    default: ClassVar[CoEngagementParams] = CoEngagementParams(1.0, 1.0, 0.3)

    @classmethod
    def grid(cls, data: TrainingData) -> list[CoEngagementParams]:
        """Random walks with every damping of popular targets."""
        return [CoEngagementParams(1.0, 1.0, exponent) for exponent in EXPONENTS]

    @classmethod
    def table(cls, data: TrainingData, params: CoEngagementParams) -> CSR:
        """float32 CSR[I, I]."""
        return co_engagement_table(data.user_items, params.source, params.person, params.target)


def co_engagement_table(user_items: CSR, source: float, user: float, target: float) -> CSR:
    """K of the module's formula without its diagonal, float32 CSR[I, I].

    Of what goes with an item the strongest :data:`MAX_NEIGHBOURS` are kept, or fewer where items
    are many.

    Args:
        user_items: CSR[U, I], X.
        source: s.
        user: p.
        target: t.
    """
    x = user_items.astype(np.float32)
    of_item = np.maximum(np.bincount(x.indices, minlength=x.shape[1]), 1).astype(np.float32)
    of_user = np.maximum(np.diff(x.indptr), 1).astype(np.float32)
    right = _scaled(x, of_user**-user, of_item**-target)
    left = sparse.csr_array(_scaled(x, np.ones_like(of_user), of_item**-source).T)
    neighbours = min(max(MAX_ENTRIES // max(x.shape[1], 1), MIN_NEIGHBOURS), MAX_NEIGHBOURS)
    blocks = [
        strongest(
            without_diagonal(sparse.csr_array(left[start : start + BLOCK_ITEMS] @ right), start),
            neighbours,
        )
        for start in range(0, x.shape[1], BLOCK_ITEMS)
    ]
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def _scaled(matrix: CSR, rows: Scores, columns: Scores) -> CSR:
    scale = np.repeat(rows, np.diff(matrix.indptr)) * columns[matrix.indices]
    parts = (matrix.data * scale, matrix.indices, matrix.indptr)
    return sparse.csr_array(parts, shape=matrix.shape)
