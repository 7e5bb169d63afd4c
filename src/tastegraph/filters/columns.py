"""Columns that filters compare: of each, the rows that have a value, in the order of the values.

What is equal to a value, or lies between two, is then one slice of rows, however many items there
are. A column holds values of one kind:

- ``number``, ``date`` (seconds since 1970-01-01 UTC) and ``truth`` (0 or 1): sorted numbers;
- ``name``: texts that are compared without letter case, as :func:`folded` makes them;
- ``id``: texts that are compared exactly: ids of items and of entities.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.spelling import folded
from tastegraph.core.strings import Arrays, pack_ids, pack_strings
from tastegraph.filters.parser import date_bounds

ColumnKind = Literal["number", "date", "truth", "name", "id"]
KINDS: Final[tuple[ColumnKind, ...]] = get_args(ColumnKind)
NUMERIC: Final = ("number", "date", "truth")
MIN_READABLE = 0.95
"""Share of the values of a column that must be numbers, dates or truths for it to be one of them.
The others are missing in filters, and counted."""
TRUTHS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
KEY_SEPARATOR = "\x1f"
_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_LEADING_ZERO = r"^[+-]?0[0-9]"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_FACT, _INVERSE = 1, 2


@dataclass(frozen=True)
class ColumnKey:
    """Which column of a table.

    Attributes:
        name: of the attribute or relation.
        is_fact: whether facts state it, rather than an attribute of the item.
        inverse: whether the item is the object of these facts.
    """

    name: str
    is_fact: bool = False
    inverse: bool = False


@dataclass(frozen=True)
class Column:
    """Values of some items, one after another; an item may have several.

    Attributes:
        key: which column.
        kind: of the values.
        rows: int32[n], the item of each value.
        numbers: float64[n], of numbers, dates and truths; else empty.
        texts: n texts, of names and ids; else empty.
        entities: of names of entities, the n ids of these; else empty.
        unread: how many values are of no such kind, and left out.
        example: one of them; of a column of names that holds mostly numbers, one that is none.
    """

    key: ColumnKey
    kind: ColumnKind
    rows: NDArray[np.int32]
    numbers: NDArray[np.float64]
    texts: Sequence[str]
    unread: int = 0
    example: str = ""
    entities: Sequence[str] = ()


def typed_column(
    key: ColumnKey, rows: NDArray[np.int32], values: pl.Series, kind: ColumnKind | None = None
) -> Column:
    """A column of texts, read as what nearly all of them are.

    Args:
        key: which column.
        rows: int32[n], the item of each value.
        values: n texts without nulls.
        kind: of the values; by default what at least :data:`MIN_READABLE` of them are.
    """
    numbers, example = pl.Series([None] * len(values), dtype=pl.Float64), ""
    for candidate, read in (("truth", _truths), ("number", _numbers), ("date", _dates)):
        if kind not in (None, candidate):
            continue
        parsed = read(values)
        share = 1 - parsed.null_count() / max(len(values), 1)
        if kind == candidate or (len(values) and share >= MIN_READABLE):
            numbers, kind = parsed, candidate  # type: ignore[assignment]
            break
        if share > 0.5:
            example = str(values.filter(parsed.is_null()).min())
    if kind in (None, "name", "id"):
        return Column(key, kind or "name", rows, np.zeros(0), values.to_list(), 0, example)
    assert kind is not None
    is_read = numbers.is_not_null()
    unread = values.filter(~is_read)
    return Column(
        key=key,
        kind=kind,
        rows=rows[is_read.to_numpy()],
        numbers=numbers.filter(is_read).to_numpy(),
        texts=(),
        unread=len(unread),
        example=str(unread.min()) if len(unread) else "",
    )


def pack_columns(columns: Sequence[Column]) -> Arrays:
    """Arrays of which :class:`~tastegraph.filters.fields.FieldTable` makes a table."""
    columns = sorted(columns, key=lambda c: (c.key.name, c.key.is_fact, c.key.inverse, c.kind))
    rows, numbers = [np.zeros(0, dtype=np.int32)], [np.zeros(0)]
    keys, posting_ends = list[str](), [np.zeros(0, dtype=np.int64)]
    namesakes = [np.zeros(0, dtype=np.int32)]
    row_counts, number_counts, key_ends = list[int](), list[int](), list[int]()
    for place, column in enumerate(columns):
        if column.kind not in NUMERIC:
            distinct, order, ends, counts = _postings(column)
            keys += [f"{place}{KEY_SEPARATOR}{text}" for text in distinct]
            posting_ends.append(ends)
            namesakes.append(counts)
        else:
            order = np.lexsort((column.rows, column.numbers))
            numbers.append(column.numbers[order])
        rows.append(column.rows[order])
        row_counts.append(len(rows[-1]))
        number_counts.append(len(rows[-1]) if column.kind in NUMERIC else 0)
        key_ends.append(len(keys))
    flags = [_FACT * c.key.is_fact + _INVERSE * c.key.inverse for c in columns]
    return {
        **pack_strings("filters.names", [column.key.name for column in columns]),
        **pack_strings("filters.examples", [column.example for column in columns]),
        **pack_ids("filters.keys", keys),
        "filters.kinds": np.array([KINDS.index(c.kind) for c in columns], dtype=np.uint8),
        "filters.flags": np.array(flags, dtype=np.uint8),
        "filters.unread": np.array([column.unread for column in columns], dtype=np.int64),
        "filters.row_ends": np.cumsum(row_counts, dtype=np.int64),
        "filters.number_ends": np.cumsum(number_counts, dtype=np.int64),
        "filters.key_ends": np.array(key_ends, dtype=np.int64),
        "filters.rows": np.concatenate(rows),
        "filters.numbers": np.concatenate(numbers),
        "filters.posting_ends": np.concatenate(posting_ends),
        "filters.namesakes": np.concatenate(namesakes),
    }


def key_of(name: str, flags: int) -> ColumnKey:
    """The key that :func:`pack_columns` wrote."""
    return ColumnKey(name, bool(flags & _FACT), bool(flags & _INVERSE))


def _postings(
    column: Column,
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """The distinct texts, sorted; an order of the values by text and row; where each text ends.

    And how many entities are called so.
    """
    texts = column.texts
    if column.kind == "name":
        fold = {text: folded(text) for text in dict.fromkeys(texts)}
        texts = [fold[text] for text in texts]
    entities = column.entities or [""] * len(texts)
    frame = pl.DataFrame(
        {"text": texts, "row": column.rows, "entity": entities},
        schema_overrides={"text": pl.String, "entity": pl.String},
    )
    frame = frame.with_row_index("place").filter(pl.col("text") != "").sort("text", "row", "place")
    groups = frame.group_by("text", maintain_order=True).agg(pl.col("entity").n_unique())
    frame = frame.unique(["text", "row"], keep="first", maintain_order=True)
    counts = frame.group_by("text", maintain_order=True).len()
    ends = np.cumsum(counts["len"].to_numpy(), dtype=np.int64)
    order = frame["place"].to_numpy().astype(np.int64)
    return counts["text"].to_list(), order, ends, groups["entity"].to_numpy().astype(np.int32)


def _truths(values: pl.Series) -> pl.Series:
    lowered = values.str.strip_chars().str.to_lowercase()
    return lowered.replace_strict(TRUTHS, default=None, return_dtype=pl.Float64)


def _numbers(values: pl.Series) -> pl.Series:
    """Numbers; none at all where one has a leading zero, as codes have."""
    stripped = values.str.strip_chars()
    if stripped.str.contains(_LEADING_ZERO).any():
        return pl.Series([None] * len(values), dtype=pl.Float64)
    numbers = stripped.set(~stripped.str.contains(_NUMBER), None).cast(pl.Float64, strict=False)
    return numbers.set(~numbers.is_finite(), None)


def _dates(values: pl.Series) -> pl.Series:
    distinct = values.unique()
    seconds = {text: _seconds(text.strip()) for text in distinct}
    return values.replace_strict(seconds, return_dtype=pl.Float64)


def _seconds(text: str) -> float | None:
    bounds = date_bounds(text) if _DATE.fullmatch(text) else None
    return None if bounds is None else bounds[0]
