"""A kernel of what items have in common, feature by feature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, ROUNDING, Bools, Ints, without_rounding
from tastegraph.models.kernels.kernel import (
    Entries,
    Scores,
    Terms,
    by_item,
    others,
    row_entries,
    table_arrays,
    without_itself,
)
from tastegraph.models.kernels.table import TableKernel

TABLE_ITEMS = 6_000
"""Up to this many items all products of their features are held: 144 MB."""
WHOLE_PRODUCT = 4
"""A whole product takes about so many times less for each of its entries than one by interests."""


@dataclass(frozen=True)
class FeatureKernel:
    """K = F Fᵀ without its diagonal: the match of an interest graph with a content graph.

    Attributes:
        features: float32 CSR[I, features].
        of_nodes: float32 CSR[N, features], the same of nodes behind the items, which a history may
            have events on, where any are known.
    """

    features: CSR
    of_nodes: CSR | None = None

    @property
    def n_items(self) -> int:
        """I."""
        return int(self.features.shape[0])

    @property
    def n_sources(self) -> int:
        """How many rows a history may have events on: I, and N where nodes are known."""
        return self.n_items + (0 if self.of_nodes is None else int(self.of_nodes.shape[0]))

    @cached_property
    def _transposed(self) -> CSR:
        return sparse.csr_array(self.features.T)

    @cached_property
    def _table(self) -> TableKernel:
        products = np.asarray((self.features @ self._transposed).toarray(), dtype=np.float32)
        np.fill_diagonal(products, 0)
        return TableKernel(products)

    @cached_property
    def _diagonal(self) -> Scores:
        return np.asarray(self.features.multiply(self.features).sum(axis=1), np.float32).reshape(-1)

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I]; of many histories by way of the items' products, where these fit."""
        if self.n_items <= TABLE_ITEMS < attention.nnz:
            return self._table.score(attention, candidates)
        interests = attention @ self.features
        if (attention.data < 0).any():
            smallest = abs(attention) @ abs(self.features).multiply(ROUNDING)
            interests = sparse.csr_array(interests.multiply(abs(interests) > smallest))
        product = np.asarray((interests @ self._transposed).toarray(), dtype=np.float32)
        scores = without_itself(product, attention, self._diagonal)
        return scores if candidates is None else scores[:, candidates]

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]."""
        items, attention = by_item(items, attention)
        events, features, values = self.entries(items)
        terms, width = attention[events] * values, self.features.shape[1]
        interests = without_rounding(
            np.bincount(features, terms, minlength=width),
            np.bincount(features, np.abs(terms), minlength=width),
        )
        scores = self._of_interests(interests)
        items, attention = items[items < len(scores)], attention[items < len(scores)]
        without_itself(scores[None, :], _as_row(items, attention, len(scores)), self._diagonal)
        return scores

    def _of_interests(self, interests: Scores) -> Scores:
        """float32[I]: F times ``interests`` (float32[features]), by the items of each interest.

        By all items where those are not much fewer.
        """
        present = np.flatnonzero(interests)
        starts, ends = (self._transposed.indptr[present + shift] for shift in (0, 1))
        if WHOLE_PRODUCT * int((ends - starts).sum()) > self.features.nnz:
            return np.asarray(self.features @ interests, dtype=np.float32)
        places, items, values = row_entries(self._transposed, present)
        terms = interests[present][places] * values
        return np.bincount(items, terms, minlength=self.n_items).astype(np.float32)

    def between(self, items: NDArray[np.int32], targets: Ints) -> Scores:
        """float32[T, n]."""
        shape = len(items), self.features.shape[1]
        events, features, values = self.entries(items)
        of_items = sparse.csr_array((values, (events, features)), shape=shape)
        products = (of_items @ self.features[targets].T).toarray()
        return others(items, targets, np.asarray(products, dtype=np.float32))

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event and feature that its item shares with ``target``."""
        of_target = self._of_target(target)
        events, features, values = self.entries(items)
        shares = attention[events] * values * of_target[features]
        shared = np.flatnonzero((items[events] != target) & (shares != 0))
        return Terms(events[shared], shares[shared].astype(np.float32), features[shared])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The three arrays of a CSR matrix, and its number of columns."""
        width = np.array([self.features.shape[1]])
        return {**table_arrays(self.features), "width": width}

    def _of_target(self, target: int) -> Scores:
        """float32[features], the features of one item."""
        values = np.zeros(self.features.shape[1], dtype=np.float32)
        at = slice(*self.features.indptr[target : target + 2])
        values[self.features.indices[at]] = self.features.data[at]
        return values

    def entries(self, items: NDArray[np.int32]) -> Entries:
        """Every feature of every item of a history."""
        behind = items >= self.n_items
        if self.of_nodes is None or not behind.any():
            return row_entries(self.features, items)
        parts = []
        for matrix, rows, places in (
            (self.features, items, np.flatnonzero(~behind)),
            (self.of_nodes, items - self.n_items, np.flatnonzero(behind)),
        ):
            events, features, values = row_entries(matrix, rows[places])
            parts.append((places[events], features, values))
        events, features, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = np.argsort(events, kind="stable")
        return events[order], features[order], values[order]


def _as_row(items: NDArray[np.int32], attention: Scores, n_items: int) -> CSR:
    """What each of the distinct ``items`` of one history gets, as CSR[1, I]."""
    return sparse.csr_array((attention, items, [0, len(items)]), shape=(1, n_items))
