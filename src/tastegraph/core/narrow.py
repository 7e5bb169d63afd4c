"""Large matrices in a quarter of the space: written as whole numbers, read as float32.

A row is written as numbers from -127 to 127 and its step, the size that one of them stands for:

    matrix[i] ≈ step[i] · codes[i],     step[i] = max |matrix[i]| / 127

so that a vector of hundreds of dimensions is off by about a hundredth of its length, in a direction
of chance: its product with another by less than a thousandth of both their lengths. What these
numbers cannot hold closely enough is written as float16, and what that cannot hold stays whole.
What is read is widened row by row; nothing else is copied, so that processes share the matrix.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tastegraph.core.arrays import Ints

MIN_ROWS = 4_096
"""Smaller matrices are written as they are: what they take is not worth a rounding."""
MIN_CODED_COLUMNS = 32
"""Rows of fewer numbers are written as float16: their errors do not average out."""
CODED_ERROR, MAX_CODED_ERROR = 0.02, 0.05
"""Shares of its length by which a row may change by being coded: root mean square, and any."""
HALF_ERROR = 1e-3
"""Share of its length by which a row may change as float16; too large or small values stay."""
BLOCK_ROWS = 4_096
LARGEST = 127
_STEP_BITS = 11

Floats32 = NDArray[np.float32]


def narrowed(matrix: NDArray[Any]) -> NDArray[Any]:
    """``matrix`` in less space, where it is a large one of floats that keeps its rows by that.

    To be read by :func:`rows_of` or :func:`widened`. What was read is written the same again.

    Returns:
        Records of ``step`` (float32) and ``codes`` (int8[d]), [n]; float16[n, d]; or ``matrix``.
    """
    if matrix.dtype not in (np.float32, np.float16) or matrix.ndim != 2 or len(matrix) < MIN_ROWS:
        return matrix
    if matrix.shape[1] >= MIN_CODED_COLUMNS:
        narrow = narrow_rows(matrix, coded_type(matrix.shape[1]))
        lost = _lost(matrix, narrow)
        if lost.max() <= MAX_CODED_ERROR and np.sqrt(np.mean(lost**2)) <= CODED_ERROR:
            return narrow
    if matrix.dtype == np.float16:
        return matrix
    narrow = narrow_rows(matrix, np.dtype(np.float16))
    return narrow if _lost(matrix, narrow).max() <= HALF_ERROR else matrix


def narrow_rows(rows: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """``rows`` (float[n, d]) as :func:`narrowed` writes a matrix of ``dtype``; others are cast."""
    if dtype.names is None:
        with np.errstate(over="ignore"):
            return np.asarray(rows).astype(dtype)
    narrow = np.empty(len(rows), dtype=dtype)
    for start in range(0, len(rows), BLOCK_ROWS):
        part = narrow[start : start + BLOCK_ROWS]
        block = rows[start : start + BLOCK_ROWS].astype(np.float32)
        part["step"] = _steps(np.abs(block).max(axis=1, initial=0.0))
        safe = np.where(part["step"] > 0, part["step"], np.float32(1))
        with np.errstate(invalid="ignore"):
            part["codes"] = np.rint(block / safe[:, None])
    return narrow


def coded_type(width: int) -> np.dtype[Any]:
    """Of a row of ``width`` numbers that is coded."""
    return np.dtype([("step", "<f4"), ("codes", "i1", (width,))])


def is_narrow(values: NDArray[Any]) -> bool:
    """Whether an array is what :func:`narrowed` makes of a matrix."""
    return values.dtype.names is not None or (values.ndim == 2 and values.dtype == np.float16)


def rows_of(values: NDArray[Any]) -> NDArray[Any]:
    """A matrix as it was written, to be read row by row: nothing is copied."""
    # Typed as the array that it reads like.
    matrix: Any = NarrowMatrix(values) if is_narrow(values) else values
    return matrix  # type: ignore[no-any-return]


def widened(values: NDArray[Any]) -> NDArray[Any]:
    """A matrix as it was written, as float32, all of it; any other array as it is."""
    return np.asarray(rows_of(values))


class RowMatrix(ABC):
    """A float32 matrix whose rows are computed where they are read.

    Where NumPy takes it as an array, all of it is.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """(n, d)."""

    @abstractmethod
    def rows(self, rows: Ints) -> Floats32:
        """float32[C, d]: some rows (int[C])."""

    def products(self, rows: Ints, vector: Floats32) -> Floats32:
        """float32[C]: some rows (int[C]) times ``vector`` (float32[d])."""
        return np.asarray(self.rows(rows) @ vector, dtype=np.float32)

    @property
    def T(self) -> Floats32:  # noqa: N802
        """float32[d, n], all of it."""
        return np.asarray(self).T

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, np.ndarray) and key.dtype != np.bool_ and key.ndim == 1:
            return self.rows(key)
        rows = np.arange(len(self))[key]
        return self.rows(rows) if rows.ndim else self.rows(rows[None])[0]

    def __matmul__(self, other: NDArray[Any]) -> Floats32:
        product = np.empty((len(self), *other.shape[1:]), dtype=np.float32)
        for start in range(0, len(self), BLOCK_ROWS):
            at = slice(start, start + BLOCK_ROWS)
            product[at] = self[at] @ other
        return product

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=np.float32 if dtype is None else dtype)


class NarrowMatrix(RowMatrix):
    """A matrix that :func:`narrowed` wrote, read as float32 row by row.

    Args:
        values: what was written.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values
        self._is_coded = values.dtype.names is not None
        self._codes = values["codes"] if self._is_coded else values

    @property
    def shape(self) -> tuple[int, int]:
        """(n, d)."""
        n, d = self._codes.shape
        return n, d

    def rows(self, rows: Ints) -> Floats32:
        """float32[C, d]: some rows (int[C])."""
        return self[rows]  # type: ignore[no-any-return]

    def products(self, rows: Ints, vector: Floats32) -> Floats32:
        """float32[C]: some rows (int[C]) times ``vector`` (float32[d])."""
        sums = np.asarray(self._codes[rows].astype(np.float32) @ vector, dtype=np.float32)
        return sums * self.values["step"][rows] if self._is_coded else sums

    def __getitem__(self, key: Any) -> Any:
        numbers = self._codes[key]
        if not self._is_coded:
            return numbers.astype(np.float32)
        steps = self.values["step"][key[0] if isinstance(key, tuple) else key]
        return numbers * (steps if steps.ndim == numbers.ndim else steps[..., None])


def products(matrix: Any, rows: Ints, vector: Floats32) -> Floats32:
    """float32[C]: some rows (int[C]) of a matrix of any kind times ``vector`` (float32[d])."""
    if isinstance(matrix, RowMatrix):
        return matrix.products(rows, vector)
    return np.asarray(matrix[rows] @ vector, dtype=np.float32)


def _lost(matrix: NDArray[Any], narrow: NDArray[Any]) -> NDArray[np.float64]:
    """float64[n]: the share of its length by which each row has changed; infinite if it is lost."""
    rows, lost = rows_of(narrow), np.empty(len(matrix))
    for start in range(0, len(matrix), BLOCK_ROWS):
        at = slice(start, start + BLOCK_ROWS)
        block = matrix[at].astype(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            length = np.linalg.norm(block, axis=1)
            change = np.linalg.norm(block - rows[at], axis=1)
            lost[at] = change / np.maximum(length, np.finfo(np.float32).tiny)
    return np.nan_to_num(lost, nan=np.inf)


def _steps(largest: NDArray[Any]) -> Floats32:
    """float32[n]: :data:`LARGEST` of them are at least ``largest`` (float[n]).

    Rounded up to eleven bits, so that no multiple is rounded, and codes and step follow again from
    what was read.
    """
    fraction, exponent = np.frexp(np.asarray(largest, dtype=np.float64) / LARGEST)
    bits = 2.0**_STEP_BITS
    return np.ldexp(np.ceil(fraction * bits) / bits, exponent).astype(np.float32)
