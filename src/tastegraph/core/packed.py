"""A sparse table in half the space, read row by row.

The columns of a row ascend, so that each is written as its distance from the one before it, in two
bytes; where that is larger, entries of the value 0 stand between them. Values are float16 shares of
a power of two that no value exceeds: one below 3e-8 of the largest is 0, and then no entry at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Ints, row_positions

MIN_ENTRIES = 1_000_000
"""Smaller tables are written as they are: what they take is not worth a rounding."""
LARGEST_GAP = 2**16 - 1


@dataclass(frozen=True)
class PackedTable:
    """A sparse float32 table.

    Attributes:
        gaps: uint16[n], the column of each entry less that of the entry before it in its row.
        shares: float16[n], the value of each entry over ``scale``.
        indptr: int64[rows + 1], where each row begins and ends.
        scale: a power of two.
        width: number of columns.
    """

    gaps: NDArray[np.uint16]
    shares: NDArray[np.float16]
    indptr: NDArray[np.int64]
    scale: float
    width: int

    @classmethod
    def of(cls, table: CSR) -> PackedTable:
        """A table, but for entries that are 0 or too small."""
        if not table.has_sorted_indices:
            table = table.sorted_indices()
        scale = float(np.exp2(np.ceil(np.log2(max(np.abs(table.data).max(initial=0.0), 1e-30)))))
        indptr = table.indptr.astype(np.int64)
        gaps = np.diff(table.indices, prepend=0)
        starts = indptr[:-1][np.diff(indptr) > 0]
        gaps[starts] = table.indices[starts]
        shares = (table.data / np.float32(scale)).astype(np.float16)
        between = gaps // LARGEST_GAP
        if between.any():
            ends = np.cumsum(between + 1)
            own, gaps = gaps % LARGEST_GAP, np.full(ends[-1], LARGEST_GAP)
            gaps[ends - 1] = own
            of_entries, shares = shares, np.zeros(ends[-1], dtype=np.float16)
            shares[ends - 1] = of_entries
            indptr = np.append(0, ends)[indptr]
        return cls(gaps.astype(np.uint16), shares, indptr, scale, int(table.shape[1]))

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.indptr) - 1, self.width

    def entries(
        self, rows: Ints
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """The entries of some rows: place of the row in ``rows``, column and value of each, [n]."""
        places, positions = row_positions(self.indptr, rows)
        sums = np.cumsum(self.gaps[positions], dtype=np.int64)
        values = self.shares[positions].astype(np.float32) * np.float32(self.scale)
        ends = np.cumsum(self.indptr[rows + 1] - self.indptr[rows])
        # What the rows before it add up to.
        before = np.append(0, sums)[np.append(0, ends[:-1])]
        columns = (sums - before[places]).astype(np.int32)
        if values.all():
            return places, columns, values
        present = np.flatnonzero(values)
        return places[present], columns[present], values[present]

    def whole(self) -> CSR:
        """float32 CSR, all of it."""
        rows, columns, values = self.entries(np.arange(self.shape[0]))
        indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=self.shape[0])))
        return sparse.csr_array((values, columns, indptr), shape=self.shape)

    def with_rows(self, count: int) -> PackedTable:
        """The same with so many empty rows and columns behind its own; nothing is copied."""
        indptr = np.append(self.indptr, np.full(count, self.indptr[-1]))
        return PackedTable(self.gaps, self.shares, indptr, self.scale, self.width + count)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What :meth:`from_arrays` makes the same table of."""
        return {
            "gaps": self.gaps,
            "shares": self.shares,
            "indptr": self.indptr,
            "scale": np.array([self.scale]),
            "width": np.array([self.width]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PackedTable:
        """The table of :meth:`to_arrays`; nothing is copied."""
        scale, width = float(arrays["scale"][0]), int(arrays["width"][0])
        return cls(arrays["gaps"], arrays["shares"], arrays["indptr"], scale, width)
