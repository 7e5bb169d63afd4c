"""Many strings as a few arrays: written once, mapped into memory, shared by all processes.

A million ids as Python objects take 100 MB of each process and seconds to make. Here a string is a
slice of UTF-8 bytes, decoded when it is asked for, and the row of an id is found by its hash.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
_ENCODING = "utf-8", "surrogatepass"


def pack_strings(name: str, strings: Iterable[str]) -> Arrays:
    """Strings as two arrays: their UTF-8 bytes (uint8) and where each ends (int64)."""
    encoded = [text.encode(*_ENCODING) for text in strings]
    ends = np.cumsum([len(data) for data in encoded], dtype=np.int64)
    return {name: np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}.ends": ends}


def pack_ids(name: str, strings: Sequence[str]) -> Arrays:
    """:func:`pack_strings`, and two arrays by which the row of a string is found.

    These are the hashes of all strings in ascending order (uint64, the first eight bytes of
    :func:`digest`), and the row of each (int32).
    """
    hashes = np.fromiter(map(_hash, strings), dtype=np.uint64, count=len(strings))
    order = np.argsort(hashes, kind="stable")
    lookup: Arrays = {f"{name}.hashes": hashes[order], f"{name}.rows": order.astype(np.int32)}
    return {**pack_strings(name, strings), **lookup}


def insert_strings(
    arrays: Mapping[str, NDArray[Any]], name: str, at: int, strings: Sequence[str]
) -> Arrays:
    """The arrays of ``name`` with further strings from row ``at`` on; later rows move up."""
    data, ends = arrays[name], arrays[f"{name}.ends"]
    new = pack_ids(name, strings)
    start, size = int(ends[at - 1]) if at else 0, len(new[name])
    grown = {
        name: np.concatenate([data[:start], new[name], data[start:]]),
        f"{name}.ends": np.concatenate([ends[:at], new[f"{name}.ends"] + start, ends[at:] + size]),
    }
    if f"{name}.hashes" in arrays:
        hashes, rows = arrays[f"{name}.hashes"], arrays[f"{name}.rows"]
        rows = np.where(rows >= at, rows + len(strings), rows).astype(np.int32)
        hashes = np.concatenate([hashes, new[f"{name}.hashes"]])
        rows = np.concatenate([rows, new[f"{name}.rows"] + np.int32(at)])
        order = np.lexsort((rows, hashes))
        grown |= {f"{name}.hashes": hashes[order], f"{name}.rows": rows[order]}
    return grown


def unpack_strings(data: NDArray[Any], ends: NDArray[Any]) -> list[str]:
    """The list of strings of the two arrays that :func:`pack_strings` returned."""
    return list(MappedStrings(data, ends))


class MappedStrings(Sequence[str]):
    """The strings of :func:`pack_strings` or :func:`pack_ids`, without a Python object for each.

    A slice is a list. Two are equal where their strings are, and to a list of the same strings.

    Args:
        data: uint8[bytes], UTF-8.
        ends: int64[n], where each string ends.
        hashes: uint64[n] in ascending order, and
        rows: int32[n], the row of each; without them :meth:`row` cannot be called.

    Raises:
        ValueError: the arrays do not belong together.
    """

    def __init__(
        self,
        data: NDArray[Any],
        ends: NDArray[Any],
        hashes: NDArray[Any] | None = None,
        rows: NDArray[Any] | None = None,
    ) -> None:
        n = len(ends)
        if (int(ends[-1]) if n else 0) != len(data) or any(
            array is not None and len(array) != n for array in (hashes, rows)
        ):
            raise ValueError("the bytes of strings and their ends do not belong together")
        # Elements of a memoryview are plain integers, which costs a tenth of an array's scalars.
        self._data, self._ends = _view(data, "u1"), _view(ends, "i8")
        self._hashes = None if hashes is None else _view(hashes, "u8")
        self._rows = None if rows is None else _view(rows, "i4")

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> MappedStrings:
        """The strings that :func:`pack_strings` or :func:`pack_ids` wrote as ``name``."""
        lookup = (arrays.get(f"{name}.{part}") for part in ("hashes", "rows"))
        return cls(arrays[name], arrays[f"{name}.ends"], *lookup)

    @classmethod
    def of(cls, strings: Sequence[str]) -> MappedStrings:
        """Any strings, with what finds their rows."""
        return cls.of_arrays(pack_ids("ids", strings), "ids")

    def row(self, text: str) -> int | None:
        """The row of a string, the last of several; ``None`` where there is none.

        Raises:
            ValueError: these strings were written without what finds their rows.
        """
        return next((row for row in self._candidates(_hash(text)) if self._at(row) == text), None)

    def row_of_digest(self, of_text: bytes) -> int | None:
        """:meth:`row` of the string that has this :func:`digest`."""
        rows = self._candidates(_first_bits(of_text))
        return next((row for row in rows if digest(self._at(row)) == of_text), None)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self._at(k) for k in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)} strings")
        return self._at(int(row) % len(self))

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self._ends:
            yield str(self._data[start:end], *_ENCODING)
            start = end

    def __contains__(self, text: object) -> bool:
        if self._hashes is None or not isinstance(text, str):
            return any(text == other for other in self)
        return self.row(text) is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MappedStrings | list):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} strings>"

    def _candidates(self, key: int) -> Iterator[int]:
        """Rows of the strings with one hash, the last first, as a stable sort left them."""
        if self._hashes is None or self._rows is None:
            raise ValueError("these strings were written without hashes: no row can be found")
        place = bisect_right(self._hashes, key)
        while place and self._hashes[place - 1] == key:
            place -= 1
            yield self._rows[place]

    def _at(self, row: int) -> str:
        start = self._ends[row - 1] if row else 0
        return str(self._data[start : self._ends[row]], *_ENCODING)


def digest(text: str) -> bytes:
    """SHA-256 of a string: 32 bytes that are the same everywhere, and that nobody can repeat."""
    return sha256(text.encode(*_ENCODING)).digest()


def _hash(text: str) -> int:
    return _first_bits(digest(text))


def _first_bits(of_text: bytes) -> int:
    return int.from_bytes(of_text[:8], "little")


def _view(array: NDArray[Any], dtype: str) -> memoryview:
    return np.ascontiguousarray(array, dtype=np.dtype(dtype)).data
