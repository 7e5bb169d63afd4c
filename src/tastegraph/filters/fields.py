"""The columns of a snapshot, mapped into memory: which rows have a value, as slices of arrays."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.spelling import folded
from tastegraph.core.strings import MappedStrings
from tastegraph.filters.columns import (
    KEY_SEPARATOR,
    KINDS,
    NUMERIC,
    Column,
    ColumnKey,
    ColumnKind,
    key_of,
    pack_columns,
)

Rows = NDArray[np.int32]
DAY = 86_400


@dataclass(frozen=True, eq=False)
class MappedColumn:
    """What columns of all kinds have.

    Attributes:
        key: which column.
        kind: of its values.
        rows: int32[n], the item of each value, in the order of the values.
        unread, example: as of :class:`~tastegraph.filters.columns.Column`.
    """

    key: ColumnKey
    kind: ColumnKind
    rows: Rows
    unread: int
    example: str

    def entries_of(self, row: int) -> NDArray[np.int64]:
        """int64[k]: where the values of an item stand in ``rows``."""
        rows, entries = self._by_row
        first, last = np.searchsorted(rows, [row, row + 1])
        return entries[first:last]

    def texts_of(self, row: int) -> list[str]:
        """The values of an item, as a filter writes them without quotes."""
        raise NotImplementedError(f"{type(self).__name__} does not say how its values are written")

    @cached_property
    def _by_row(self) -> tuple[Rows, NDArray[np.int64]]:
        """The rows in ascending order, and where each of them stands."""
        entries = np.argsort(self.rows, kind="stable")
        return self.rows[entries], entries


@dataclass(frozen=True, eq=False)
class NumberColumn(MappedColumn):
    """Numbers, dates or truths.

    Attributes:
        numbers: float64[n], ascending.
    """

    numbers: NDArray[np.float64]

    def texts_of(self, row: int) -> list[str]:
        """The values of an item, as a filter writes them."""
        values = self.numbers[self.entries_of(row)].tolist()
        if self.kind == "truth":
            return ["true" if value else "false" for value in values]
        return [date_text(value) if self.kind == "date" else f"{value:.15g}" for value in values]

    def below(self, bound: float) -> int:
        """Number of values below ``bound``."""
        return int(np.searchsorted(self.numbers, bound, side="left"))

    def up_to(self, bound: float) -> int:
        """Number of values that are at most ``bound``."""
        return int(np.searchsorted(self.numbers, bound, side="right"))

    @cached_property
    def is_flag(self) -> bool:
        """Whether every value is 0 or 1."""
        is_between = self.below(0) == 0 and self.up_to(1) == len(self.numbers)
        return is_between and self.up_to(0) == self.below(1)

    def items(self, low: float, high: float) -> Rows:
        """int32[k], the items with a value from ``low`` to ``high``, both included."""
        return self.rows[self.below(low) : self.up_to(high)]


@dataclass(frozen=True, eq=False)
class NameColumn(MappedColumn):
    """Names or ids.

    Attributes:
        ends: int64[k], where the rows of each distinct text end.
        namesakes: int32[k], how many entities have each name.
        keys: the texts of all columns of the table, each after the number of its column.
        first: place in ``keys`` of the first of this column.
        prefix: what stands before its texts there.
    """

    ends: NDArray[np.int64]
    namesakes: NDArray[np.int32]
    keys: MappedStrings
    first: int
    prefix: str

    def texts_of(self, row: int) -> list[str]:
        """The names or ids of an item."""
        return self.texts_at(self.entries_of(row))

    def items_of(self, text: str) -> Rows | None:
        """int32[k], the items with this name or id; ``None`` where none has it."""
        place = self._place(text)
        return None if place is None else self._items_at(place)

    def entities_of(self, text: str) -> int:
        """How many entities are called so; an attribute has the value 1."""
        place = self._place(text)
        return 0 if place is None else int(self.namesakes[place])

    def items_with(self, literal: str) -> Rows:
        """int32[k], the items with ``literal`` as part of a name, in any letter case."""
        return self._items_where(self.texts.str.contains(_encodable(folded(literal)), literal=True))

    def items_with_words(self, literal: str) -> Rows:
        """int32[k], the items with a name that has all words of ``literal`` as whole words."""
        mask = pl.Series([True], dtype=pl.Boolean).new_from_index(0, len(self.ends))
        for word in folded(literal).split():
            pattern = rf"(?:^|\W){re.escape(_encodable(word))}(?:\W|$)"
            mask &= self.texts.str.contains(pattern)
        return self._items_where(mask)

    @cached_property
    def texts(self) -> pl.Series:
        """The distinct texts, sorted; names are folded."""
        texts = self.keys[self.first : self.first + len(self.ends)]
        length = len(self.prefix)
        return pl.Series([_encodable(text[length:]) for text in texts], dtype=pl.String)

    def texts_at(self, entries: NDArray[np.int64]) -> list[str]:
        """The texts of some of ``rows`` (int64[k]: their places)."""
        places = np.searchsorted(self.ends, entries, side="right").tolist()
        length = len(self.prefix)
        return [self.keys[self.first + place][length:] for place in places]

    def _place(self, text: str) -> int | None:
        row = self.keys.row(self.prefix + (folded(text) if self.kind == "name" else text))
        return None if row is None else row - self.first

    def _items_where(self, mask: pl.Series) -> Rows:
        postings = [self._items_at(place) for place in mask.arg_true().to_list()]
        return np.concatenate([np.zeros(0, dtype=np.int32), *postings])

    def _items_at(self, place: int) -> Rows:
        return self.rows[self.ends[place - 1] if place else 0 : self.ends[place]]


@dataclass(frozen=True, eq=False)
class FieldTable:
    """The columns of some items.

    Attributes:
        n_items: number of items.
        columns: all of them; those of one name stand side by side.
    """

    n_items: int
    columns: Sequence[NumberColumn | NameColumn]

    @classmethod
    def open(cls, arrays: Mapping[str, NDArray[Any]], n_items: int) -> FieldTable:
        """The table of :func:`~tastegraph.filters.columns.pack_columns`, without copying it."""
        return cls(n_items, tuple(_columns(arrays)))

    @classmethod
    def of(cls, columns: Sequence[Column], n_items: int) -> FieldTable:
        """A table of columns in memory."""
        return cls.open(pack_columns(columns), n_items)

    def of_name(self, name: str, inverse: bool) -> Sequence[NumberColumn | NameColumn]:
        """The columns of an attribute, and of a relation of the same name."""
        return self._by_name.get((name, inverse), ())

    def values_of(self, name: str, row: int) -> tuple[Hashable, ...]:
        """The values of one item: an attribute's, or else the ids and values of a relation."""
        columns = self.of_name(name, inverse=False)
        attributes = [column for column in columns if not column.key.is_fact]
        values: list[Hashable] = []
        for column in attributes or (c for c in columns if c.kind != "name"):
            entries = column.entries_of(row)
            if isinstance(column, NumberColumn):
                values += column.numbers[entries].tolist()
            else:
                values += column.texts_at(entries)
        return tuple(dict.fromkeys(values))

    @property
    def names(self) -> Mapping[tuple[str, bool], Sequence[NumberColumn | NameColumn]]:
        """Name and direction → the columns."""
        return self._by_name

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, bool], Sequence[NumberColumn | NameColumn]]:
        by_name: dict[tuple[str, bool], list[NumberColumn | NameColumn]] = {}
        for column in self.columns:
            by_name.setdefault((column.key.name, column.key.inverse), []).append(column)
        return by_name


def date_text(moment: float) -> str:
    """A time in seconds since 1970-01-01 UTC as ISO 8601; a day where it is midnight."""
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)
    return f"{date:%Y-%m-%d}" if moment % DAY == 0 else f"{date:%Y-%m-%dT%H:%M:%S}Z"


def _columns(arrays: Mapping[str, NDArray[Any]]) -> Iterator[NumberColumn | NameColumn]:
    part = {name: arrays[f"filters.{name}"] for name in (
        "kinds", "flags", "unread", "row_ends", "number_ends", "key_ends", "rows", "numbers",
        "posting_ends", "namesakes",
    )}  # fmt: skip
    names, examples, keys = (
        MappedStrings.of_arrays(arrays, f"filters.{name}") for name in ("names", "examples", "keys")
    )
    starts = [0, 0, 0]
    for place, name in enumerate(names):
        ends = [int(part[group][place]) for group in ("row_ends", "number_ends", "key_ends")]
        (row, number, key), kind = starts, KINDS[part["kinds"][place]]
        rows = part["rows"][row : ends[0]]
        common = (
            key_of(name, int(part["flags"][place])), kind, rows, int(part["unread"][place]),
            examples[place],
        )  # fmt: skip
        if kind not in NUMERIC:
            prefix = f"{place}{KEY_SEPARATOR}"
            texts = slice(key, ends[2])
            postings = part["posting_ends"][texts], part["namesakes"][texts]
            yield NameColumn(*common, *postings, keys, key, prefix)
        else:
            yield NumberColumn(*common, part["numbers"][number : ends[1]])
        starts = ends


def _encodable(text: str) -> str:
    """A text without lone surrogates: what has one is nowhere in a name."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
