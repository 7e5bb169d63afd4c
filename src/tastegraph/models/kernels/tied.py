"""Matrices that follow from the features of items, computed where their rows are read.

With F, items × features, the vector of an item is the sum of those of its features, F P, and what
a feature says is the sum over the items that have it, Fᵀ W. Of the two, the smaller is held.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Ints
from tastegraph.core.narrow import RowMatrix, products
from tastegraph.models.kernels.kernel import Scores, row_entries

REMEMBERED = 20_000
"""So many features are held as they were multiplied out last: 20 MB at 256 dimensions."""


class TiedRows(RowMatrix):
    """F P: an item's vector is the sum of its features' vectors, each by the strength of the tie.

    Args:
        features: float32 CSR[I, features], F.
        projections: float32[features, d], P.
    """

    def __init__(self, features: CSR, projections: Any) -> None:
        self._features, self._projections = features, projections

    @property
    def shape(self) -> tuple[int, int]:
        """(I, d)."""
        return int(self._features.shape[0]), int(self._projections.shape[1])

    def rows(self, rows: Ints) -> Scores:
        """float32[n, d]."""
        places, features, strengths = row_entries(self._features, rows)
        chosen, at = self._distinct(features)
        ends = np.searchsorted(places, np.arange(len(rows) + 1))
        ties = sparse.csr_array((strengths, at, ends), shape=(len(rows), len(chosen)))
        return np.asarray(ties @ np.asarray(self._projections[chosen]), dtype=np.float32)

    def products(self, rows: Ints, vector: Scores) -> Scores:
        """float32[n], of some rows (int[n]) and float32[d]."""
        places, features, strengths = row_entries(self._features, rows)
        chosen, at = self._distinct(features)
        terms = strengths * products(self._projections, chosen, vector)[at]
        return np.bincount(places, terms, minlength=len(rows)).astype(np.float32)

    def _distinct(self, features: NDArray[np.int32]) -> tuple[Ints, Ints]:
        """The distinct ones, ascending, and the place of each among them: without sorting."""
        present = np.zeros(self._features.shape[1], dtype=np.bool_)
        present[features] = True
        chosen = np.flatnonzero(present)
        places = np.empty(len(present), dtype=np.int32)
        places[chosen] = np.arange(len(chosen))
        return chosen, places[features]

    def __matmul__(self, other: NDArray[Any]) -> Scores:
        return np.asarray(self._features @ (self._projections @ other), dtype=np.float32)


class FeatureRows(RowMatrix):
    """Fᵀ W: what a feature says is the sum over the items that have it.

    Args:
        features: float32 CSR[I, features], F.
        loadings: float32[I, d], W.
    """

    def __init__(self, features: CSR, loadings: Any) -> None:
        self._features, self.loadings = features, loadings

    @property
    def shape(self) -> tuple[int, int]:
        """(features, d)."""
        return int(self._features.shape[1]), int(self.loadings.shape[1])

    def rows(self, rows: Ints) -> Scores:
        """float32[n, d]; those that were read last are held."""
        held = [self._remembered.get(feature) for feature in rows.tolist()]
        if new := [place for place, vector in enumerate(held) if vector is None]:
            # Of the loadings only the rows that are read: a mapped matrix is not copied whole.
            places, items, values = row_entries(self._by_feature, rows[new])
            present, columns = np.unique(items, return_inverse=True)
            ties = sparse.csr_array((values, (places, columns)), shape=(len(new), len(present)))
            if len(self._remembered) > REMEMBERED:
                self._remembered.clear()
            vectors = np.asarray(ties @ np.asarray(self.loadings[present]), dtype=np.float32)
            for place, vector in zip(new, vectors, strict=True):
                held[place] = self._remembered[int(rows[place])] = vector
        return np.array(held, dtype=np.float32).reshape(len(rows), self.shape[1])

    @cached_property
    def _by_feature(self) -> CSR:
        return sparse.csr_array(self._features.T)

    @cached_property
    def _remembered(self) -> dict[int, Scores]:
        return {}
