"""Array types, and small functions on arrays and sparse matrices."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Ints: TypeAlias = NDArray[np.integer[Any]]
Floats: TypeAlias = NDArray[np.floating[Any]]
Bools: TypeAlias = NDArray[np.bool_]
CSR: TypeAlias = "sparse.csr_array[Any] | sparse.csr_matrix[Any]"

ROUNDING = 1e-5
"""A float32 sum that is at most this share of the absolute sum of its terms is rounding error."""


def without_rounding(sums: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.float32]:
    """Return ``sums`` as float32, with 0 where terms cancelled and only rounding error is left.

    Args:
        sums: any shape.
        sizes: sums of the absolute values of the same terms, of the same shape.
    """
    return np.where(np.abs(sums) > ROUNDING * sizes, sums, 0).astype(np.float32)


def row_positions(indptr: Ints, rows: Ints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the entries of some rows stand: place of the row in ``rows``, and position, [n] each.

    Args:
        indptr: int[n + 1], where each row of a matrix begins and ends.
        rows: int[R].
    """
    starts = indptr[rows]
    lengths = indptr[rows + 1] - starts
    places = np.repeat(np.arange(len(rows)), lengths)
    offset = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return places, np.repeat(starts, lengths) + offset


def pair_keys(matrix: CSR) -> NDArray[np.int64]:
    """Return the non-zero cells of ``matrix`` as sorted, distinct keys, int64[N].

    The key of a cell is ``row * columns + column``; stored zeros are left out.
    """
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    keys = rows * matrix.shape[1] + matrix.indices
    keys = keys[np.asarray(matrix.data) != 0]
    return keys if matrix.has_canonical_format else np.unique(keys)


def contains(keys: NDArray[np.int64], queries: NDArray[np.int64]) -> Bools:
    """Return a mask of the ``queries`` (any shape) that are in the sorted ``keys``."""
    if not len(keys):
        return np.zeros(queries.shape, dtype=np.bool_)
    positions = np.searchsorted(keys, queries)
    return np.equal(keys[np.minimum(positions, len(keys) - 1)], queries)


def without(matrix: CSR, cells: CSR) -> CSR:
    """Return the cells of ``matrix`` that are not in ``cells``, as boolean CSR of its shape."""
    keys = pair_keys(matrix)
    rows, columns = np.divmod(keys[~contains(pair_keys(cells), keys)], max(matrix.shape[1], 1))
    return binary(rows, columns, (matrix.shape[0], matrix.shape[1]))


def binary(rows: ArrayLike, columns: ArrayLike, shape: tuple[int, int]) -> CSR:
    """Return the boolean CSR[shape] of the cells at ``rows`` and ``columns``, each once."""
    row, column = np.asarray(rows), np.asarray(columns)
    cells = sparse.csr_array((np.ones(len(row), dtype=np.bool_), (row, column)), shape=shape)
    cells.sum_duplicates()
    return cells
