"""Array types, and the few questions every floor asks of a sparse matrix."""

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
"""A float32 sum of at most this share of the sizes of its terms is what rounding left of them."""


def without_rounding(sums: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.float32]:
    """Return ``sums`` as float32, with 0 where rounding is all that is left of what cancelled.

    Args:
        sums: any shape.
        sizes: of the same shape, the sums of the absolute values of the same terms.
    """
    return np.where(np.abs(sums) > ROUNDING * sizes, sums, 0).astype(np.float32)


def pair_keys(matrix: CSR) -> NDArray[np.int64]:
    """Return the non-zero cells of ``matrix`` as sorted, distinct keys, int64[N].

    The key of a cell is ``row * columns + column``; a stored zero is no cell.
    """
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    keys = rows * matrix.shape[1] + matrix.indices
    keys = keys[np.asarray(matrix.data) != 0]
    return keys if matrix.has_canonical_format else np.unique(keys)


def contains(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> Bools:
    """Tell which of ``wanted`` (any shape) are among the sorted ``keys``."""
    if not len(keys):
        return np.zeros(wanted.shape, dtype=np.bool_)
    found = np.searchsorted(keys, wanted)
    return np.equal(keys[np.minimum(found, len(keys) - 1)], wanted)


def without(matrix: CSR, cells: CSR) -> CSR:
    """Return the cells of ``matrix`` that are not in ``cells``, as bool CSR of the same shape."""
    keys = pair_keys(matrix)
    rows, columns = np.divmod(keys[~contains(pair_keys(cells), keys)], max(matrix.shape[1], 1))
    return binary(rows, columns, (matrix.shape[0], matrix.shape[1]))


def binary(rows: ArrayLike, columns: ArrayLike, shape: tuple[int, int]) -> CSR:
    """Return the boolean CSR[shape] that holds the given cells, each once however often given."""
    row, column = np.asarray(rows), np.asarray(columns)
    cells = sparse.csr_array((np.ones(len(row), dtype=np.bool_), (row, column)), shape=shape)
    cells.sum_duplicates()
    return cells
