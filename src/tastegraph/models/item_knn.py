"""ItemKNN: the nearest items by the cosine of who liked them (Sarwar et al. 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.models.co_engagement import BLOCK_ITEMS
from tastegraph.models.tables import TableComponent, strongest, without_diagonal
from tastegraph.models.training_data import TrainingData


@dataclass(frozen=True)
class ItemKNNParams:
    """Parameters of :class:`ItemKNN`.

    Attributes:
        neighbours: of each target.
    """

    neighbours: int


class ItemKNN(TableComponent):
    """Items by who liked both; a sparse table."""

    name = "itemknn"
    default: ClassVar[ItemKNNParams] = ItemKNNParams(100)

    @classmethod
    def grid(cls, data: TrainingData) -> list[ItemKNNParams]:
        """Few neighbours, and many."""
        return [ItemKNNParams(count) for count in (20, 50, 100, 200, 500)]

    @classmethod
    def table(cls, data: TrainingData, params: ItemKNNParams) -> CSR:
        """float32 CSR[I, I]."""
        return item_knn_table(data.user_items, params.neighbours)


def item_knn_table(user_items: CSR, neighbours: int) -> CSR:
    """Cosine of co-engagement, float32 CSR[I, I]; for each target its nearest items alone.

    Args:
        user_items: CSR[U, I].
        neighbours: of each target, at most.
    """
    x = user_items.astype(np.float32)
    norm = np.sqrt(np.maximum(np.bincount(x.indices, minlength=x.shape[1]), 1)).astype(np.float32)
    x = sparse.csr_array((x.data / norm[x.indices], x.indices, x.indptr), shape=x.shape)
    by_item = sparse.csr_array(x.T)
    blocks = [
        strongest(
            without_diagonal(sparse.csr_array(by_item[start : start + BLOCK_ITEMS] @ x), start),
            neighbours,
        )
        for start in range(0, x.shape[1], BLOCK_ITEMS)
    ]
    return sparse.csr_array(sparse.csr_array(sparse.vstack(blocks, format="csr")).T)
