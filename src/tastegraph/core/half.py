"""Large matrices of half the size: written as float16, read as float32.

A float16 has eleven bits, so that a rounded vector points within 0.03 % of where it did. What is
read is widened row by row; nothing else of the matrix is copied: processes share its memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MIN_ROWS = 8_192
"""Smaller matrices are written as they are: what they take is not worth a rounding."""
MAX_ERROR = 1e-3
"""Of a row's length, by which it may change: values that are too large or too small stay whole."""
BLOCK_ROWS = 4_096

Floats32 = NDArray[np.float32]


def halved(matrix: NDArray[Any]) -> NDArray[Any]:
    """``matrix`` as float16, where it is a large one of float32 that keeps its rows by that."""
    if matrix.dtype != np.float32 or matrix.ndim != 2 or len(matrix) < MIN_ROWS:
        return matrix
    narrow = np.empty(matrix.shape, dtype=np.float16)
    for start in range(0, len(matrix), BLOCK_ROWS):
        at = slice(start, start + BLOCK_ROWS)
        with np.errstate(over="ignore"):
            narrow[at] = matrix[at]
        lost = np.linalg.norm(matrix[at] - narrow[at].astype(np.float32), axis=1)
        if not (lost <= MAX_ERROR * np.linalg.norm(matrix[at], axis=1)).all():
            return matrix
    return narrow


class HalfMatrix:
    """A float16 matrix that is read as float32, row by row.

    Where NumPy takes it as an array, all of it is widened.

    Args:
        half: float16[n, d].
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, half: NDArray[np.float16]) -> None:
        self.half = half

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        n, d = self.half.shape
        return n, d

    @property
    def T(self) -> Floats32:  # noqa: N802
        """float32[d, n], all of it."""
        return np.asarray(self).T

    def __len__(self) -> int:
        return len(self.half)

    def __getitem__(self, key: Any) -> Any:
        return self.half[key].astype(np.float32)

    def __matmul__(self, other: NDArray[Any]) -> Floats32:
        product = np.empty((len(self), *other.shape[1:]), dtype=np.float32)
        for start in range(0, len(self), BLOCK_ROWS):
            at = slice(start, start + BLOCK_ROWS)
            product[at] = self[at] @ other
        return product

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.half.astype(np.float32 if dtype is None else dtype)
