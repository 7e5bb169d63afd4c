"""A kernel held entry by entry, dense or sparse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, ROUNDING, Bools, Ints
from tastegraph.core.narrow import RowMatrix
from tastegraph.core.packed import PackedTable
from tastegraph.models.kernels.kernel import Scores, Terms, by_item, row_entries, table_arrays


@dataclass(frozen=True)
class TableKernel:
    """A kernel held entry by entry.

    Attributes:
        table: float32[I, I], dense, CSR or packed; rows are history items, columns are targets.
    """

    table: Scores | CSR | PackedTable

    @property
    def n_items(self) -> int:
        """I."""
        return int(self.table.shape[0])

    @property
    def n_sources(self) -> int:
        """I."""
        return self.n_items

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I]."""
        table = self._whole if candidates is None else self._whole[:, candidates]
        product = attention @ table
        dense = product.toarray() if sparse.issparse(product) else product
        scores = np.asarray(dense, dtype=np.float32)
        return _unless_all_cancels(scores, np.asarray(abs(attention) @ _norms(table)))

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]."""
        items, attention = by_item(items, attention)
        if isinstance(self.table, np.ndarray | RowMatrix):
            rows = self.table[items]
            scores, lengths = np.asarray(attention @ rows, dtype=np.float32), _norms(rows)
        else:
            events, columns, values = row_entries(self.table, items)
            terms = attention[events] * values
            scores = np.bincount(columns, terms, minlength=self.n_items).astype(np.float32)
            lengths = np.sqrt(np.bincount(events, values * values, minlength=len(items)))
        _unless_all_cancels(scores[None, :], (abs(attention) @ lengths)[None])
        return scores

    def between(self, items: NDArray[np.int32], targets: Ints) -> Scores:
        """float32[T, n]."""
        if isinstance(self.table, np.ndarray | RowMatrix):
            return np.asarray(self.table[np.ix_(items, targets)], dtype=np.float32)
        # By the rows of the history, which are short: a column would be looked for in all rows.
        events, columns, values = row_entries(self.table, items)
        order = np.argsort(targets)
        places = np.minimum(np.searchsorted(targets, columns, sorter=order), len(targets) - 1)
        at = np.flatnonzero(targets[order[places]] == columns)
        entries = np.zeros((len(items), len(targets)), dtype=np.float32)
        entries[events[at], order[places[at]]] = values[at]
        return entries

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event."""
        (entries,) = self.between(items, np.array([target])).T
        return Terms(np.arange(len(items)), attention * entries)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """``table``, or the arrays of a sparse one."""
        return table_arrays(self.table)

    @cached_property
    def _whole(self) -> Scores | CSR:
        if isinstance(self.table, RowMatrix):
            return np.asarray(self.table)
        return self.table.whole() if isinstance(self.table, PackedTable) else self.table


def table_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Scores | CSR | PackedTable:
    """The square table that :func:`table_arrays` took apart; nothing is copied."""
    if "table" in arrays:
        return arrays["table"]
    if "gaps" in arrays:
        return PackedTable.from_arrays(arrays)
    size = len(arrays["indptr"]) - 1
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_array(parts, shape=(size, size), copy=False)


def _norms(table: Scores | CSR) -> Scores:
    """float32[I]: the Euclidean length of each row."""
    if isinstance(table, np.ndarray):
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", table, table)), dtype=np.float32)
    return np.asarray(np.sqrt(table.multiply(table).sum(axis=1)), dtype=np.float32).reshape(-1)


def _unless_all_cancels(scores: Scores, sizes: Scores) -> Scores:
    """Make 0, in place, the rows that rounding left of terms of these lengths (float32[U])."""
    scores[_norms(scores) <= ROUNDING * sizes] = 0
    return scores
