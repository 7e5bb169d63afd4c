"""Components that hold one number for every pair of items: EASE, ItemKNN, co-engagement."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.narrow import RowMatrix
from tastegraph.core.packed import MIN_ENTRIES, PackedTable
from tastegraph.models.base import Arrays, SimilarityComponent
from tastegraph.models.kernels import Scores, TableKernel, table_arrays, table_from_arrays
from tastegraph.models.training_data import TrainingData
from tastegraph.profiles.attention import Attention

MAX_DENSE_ITEMS = 10_000
"""Up to this many items a dense table is held: it then takes 400 MB, and its inverse a minute."""


class TableComponent(SimilarityComponent):
    """A component whose similarities are learned as a table, float32[I, I], dense or CSR."""

    learned_pattern: ClassVar[str] = "table|data|indices|indptr|gaps|shares|scale|width"

    @classmethod
    def table(cls, data: TrainingData, params: Any) -> Scores | CSR:
        """Similarities of the items, learned from events; the diagonal is 0."""
        raise NotImplementedError(f"{cls.__name__} defines no table of items")

    @classmethod
    def learn(cls, data: TrainingData, params: Any, seed: int) -> Arrays:
        """The table; no chance plays a part in it."""
        return table_arrays(cls.table(data, params))

    @classmethod
    def similarity(cls, arrays: Arrays, params: Any, data: TrainingData) -> TableKernel:
        """The table, with empty rows and columns for items that are newer."""
        return TableKernel(align_table(table_from_arrays(arrays), data.rows))

    @classmethod
    def subset(cls, arrays: Arrays, rows: NDArray[np.int64]) -> Arrays:
        """Rows and columns of some items alone."""
        return table_arrays(align_table(table_from_arrays(arrays), rows))

    @classmethod
    def learned_names(cls, arrays: Arrays) -> Arrays:
        """The table by its names in a snapshot; a large sparse one is packed."""
        table = table_from_arrays(arrays) if arrays else None
        if sparse.issparse(table) and table.nnz >= MIN_ENTRIES:
            arrays = table_arrays(PackedTable.of(table))
        return super().learned_names(arrays)

    def served_arrays(self) -> Arrays:
        """None: the table itself is served."""
        return {}

    @classmethod
    def open(cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]) -> Self:
        """The table as it was learned, over the items of ``rows``."""
        table = table_from_arrays(cls.learned_view(arrays))
        return cls(attention, TableKernel(align_table(table, rows)))


def align_table(
    table: Scores | CSR | PackedTable, rows: NDArray[np.int64]
) -> Scores | CSR | PackedTable:
    """``table`` for the items now; those that it does not know have empty rows and columns.

    Args:
        table: float32[I, I]; a packed one stays so where new items are behind all others.
        rows: int64[J], row of each item in ``table``, or -1.
    """
    if len(rows) == table.shape[0] and np.array_equal(rows, np.arange(len(rows))):
        return table
    if isinstance(table, RowMatrix):
        table = np.asarray(table)
    known = np.flatnonzero(rows >= 0)
    new_are_behind = np.array_equal(rows[: table.shape[0]], np.arange(table.shape[0]))
    if isinstance(table, PackedTable):
        if new_are_behind:
            return table.with_rows(len(rows) - len(known))
        table = table.whole()
    if not isinstance(table, np.ndarray) and new_are_behind:
        # Nothing is copied.
        indptr = np.append(table.indptr, np.full(len(rows) - len(known), table.indptr[-1]))
        shape = (len(rows), len(rows))
        return type(table)((table.data, table.indices, indptr), shape=shape, copy=False)
    if isinstance(table, np.ndarray) and len(rows) > MAX_DENSE_ITEMS:
        table = sparse.csr_array(table)
    if isinstance(table, np.ndarray):
        dense = np.zeros((len(rows), len(rows)), dtype=np.float32)
        dense[np.ix_(known, known)] = table[np.ix_(rows[known], rows[known])]
        return dense
    cells = table[rows[known]][:, rows[known]].tocoo()
    shape = (len(rows), len(rows))
    return type(table)((cells.data, (known[cells.row], known[cells.col])), shape=shape)


def strongest(matrix: CSR, count: int) -> CSR:
    """The ``count`` largest entries of each row, in place."""
    for row in np.flatnonzero(np.diff(matrix.indptr) > count):
        values = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]
        values[np.argpartition(-values, count)[count:]] = 0
    matrix.eliminate_zeros()
    return matrix


def without_diagonal(matrix: CSR, first: int = 0) -> CSR:
    """``matrix``, whose first row is that of item ``first``, without its diagonal, in place."""
    rows = np.repeat(np.arange(first, first + matrix.shape[0]), np.diff(matrix.indptr))
    matrix.data[rows == matrix.indices] = 0
    matrix.eliminate_zeros()
    return matrix
