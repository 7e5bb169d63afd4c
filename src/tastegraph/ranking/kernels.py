"""Item–item kernels: what an event on one item says about another.

A score is linear in the attention that the events of a history get:

    s(u, i) = Σₜ αₜ K[itemₜ, i]

so ``αₜ K[itemₜ, i]`` is exactly the share of event t.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.arrays import CSR

Scores = NDArray[np.float32]


class Kernel(Protocol):
    """Anything that compares items."""

    def scores(self, attention: CSR) -> Scores:
        """float32[U, I] from the attention (CSR[U, I]) of U histories."""
        ...

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]: the kernel's entries from ``items`` to ``target``."""
        ...


@dataclass(frozen=True)
class TableKernel:
    """A kernel held entry by entry.

    Attributes:
        table: float32[I, I], dense or CSR; rows are history items, columns are targets.
    """

    table: Scores | CSR

    def scores(self, attention: CSR) -> Scores:
        """float32[U, I]."""
        product = attention @ self.table
        dense = product.toarray() if sparse.issparse(product) else product
        return np.asarray(dense, dtype=np.float32)

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]."""
        if isinstance(self.table, np.ndarray):
            return np.asarray(self.table[items, target], dtype=np.float32)
        column = self.table[:, [target]].toarray()
        return np.asarray(column[items, 0], dtype=np.float32)


@dataclass(frozen=True)
class FactorKernel:
    """K = L Rᵀ, held as its factors.

    Attributes:
        left: float32[I, d], the side of the history.
        right: float32[I, d], the side of the target.
    """

    left: Scores
    right: Scores

    def scores(self, attention: CSR) -> Scores:
        """float32[U, I]."""
        return np.asarray((attention @ self.left) @ self.right.T, dtype=np.float32)

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]."""
        return np.asarray(self.left[items] @ self.right[target], dtype=np.float32)


@dataclass(frozen=True)
class FeatureKernel:
    """K = F Fᵀ over sparse features: the match of an interest graph with a content graph.

    Attributes:
        features: float32 CSR[I, features].
    """

    features: CSR

    @cached_property
    def _transposed(self) -> CSR:
        return sparse.csr_array(self.features.T)

    def scores(self, attention: CSR) -> Scores:
        """float32[U, I]."""
        return np.asarray(((attention @ self.features) @ self._transposed).toarray(), np.float32)

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]."""
        events, _, products = self.matches(items, target)
        return np.bincount(events, products, minlength=len(items)).astype(np.float32)

    def matches(
        self, items: NDArray[np.int32], target: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], Scores]:
        """Each (event, feature) that an item of the history shares with the target.

        Returns:
            Positions in ``items`` (int64[M]), features (int32[M]), F[item, f] · F[target, f].
        """
        wanted = np.zeros(self.features.shape[1], dtype=np.float32)
        at = slice(*self.features.indptr[target : target + 2])
        wanted[self.features.indices[at]] = self.features.data[at]
        starts, ends = self.features.indptr[items], self.features.indptr[items + 1]
        lengths = ends - starts
        events = np.repeat(np.arange(len(items)), lengths)
        offset = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entries = np.repeat(starts, lengths) + offset
        features = self.features.indices[entries]
        products = self.features.data[entries] * wanted[features]
        hit = np.flatnonzero(products)
        return events[hit], features[hit], products[hit]
