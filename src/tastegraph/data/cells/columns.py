"""Columns of a table as typed values: ids, numbers, times and choices, whole columns at a time.

:mod:`~tastegraph.data.cells.typed_row` reads single rows by the same rules; a test holds both
equal. Nothing is dropped here: a cell that cannot be accepted is marked, and the caller says what
becomes of its row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import polars as pl

from tastegraph.core.messages import Message
from tastegraph.data.cells.typed_row import (
    MAX_EXACT_FLOAT,
    MAX_ID_LENGTH,
    MAX_TIMESTAMP,
    parse_number,
    parse_seconds,
)

TimeUnit = Literal["seconds", "milliseconds", "microseconds", "nanoseconds", "dates", "years"]
"""How the numbers of a column of times are read: ``dates`` are numbers such as 20200913."""

_CONTROL_CHARACTERS: Final = r"[\x00-\x1f\x7f-\x9f\u{2028}\u{2029}]"
_WHITESPACE: Final = "".join(
    character for character in map(chr, range(0x3001)) if character.isspace()
)
_DIVISORS: Final = {
    "seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9,
}  # fmt: skip
_ISO_FORMATS: Final = (
    "%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d %H:%M:%S%.f%:z",
    "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d",
)  # fmt: skip
_SECONDS_PER_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class WrongCells:
    """Cells of one column that cannot be accepted.

    Attributes:
        mask: Boolean, true for these cells.
        expected: what would have been accepted.
    """

    mask: pl.Series
    expected: Message


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """One column after conversion.

    Attributes:
        values: null where the cell is empty, or wrong.
        wrong: the wrong cells, by what would have been accepted; without empty masks.
    """

    values: pl.Series
    wrong: tuple[WrongCells, ...] = ()


def without_missing(cells: pl.Series, markers: Collection[str] = ()) -> pl.Series:
    """The same cells, null where a cell is blank, NaN or one of ``markers``."""
    if cells.dtype.is_float():
        return cells.fill_nan(None)
    if cells.dtype in (pl.Categorical, pl.Enum):
        cells = cells.cast(pl.String)
    if cells.dtype != pl.String:
        return cells
    stripped = cells.str.strip_chars(_WHITESPACE)
    empty = stripped.is_in(["", *markers])
    return cells.set(empty.fill_null(False), None) if empty.any() else cells


def ids(cells: pl.Series, max_length: int = MAX_ID_LENGTH, *, required: bool = True) -> TypedColumn:
    """Ids as text: text as it is, whole numbers in decimal.

    Args:
        cells: of any type; null where there is none.
        max_length: of an id, in characters.
        required: whether an empty cell is wrong.
    """
    no_id = [WrongCells(cells.is_null(), Message("expected.id_present"))] if required else []
    dtype = cells.dtype
    if dtype.is_integer() or dtype == pl.Null:
        return _typed(cells.cast(pl.String), no_id)
    if dtype.is_float():
        # What libraries make of whole numbers with a gap.
        whole = (cells.round() == cells) & (cells.abs() < MAX_EXACT_FLOAT)
        texts = cells.set(~whole, None).cast(pl.Int64).cast(pl.String)
        return _typed(texts, [*no_id, WrongCells(~whole, Message("expected.id"))])
    if dtype != pl.String:
        return _typed(
            pl.Series(cells.name, [None] * len(cells), dtype=pl.String),
            [*no_id, WrongCells(cells.is_not_null(), Message("expected.id"))],
        )
    too_long = cells.str.len_bytes() > max_length
    if too_long.any():
        too_long = cells.str.len_chars() > max_length
    return _typed(
        cells,
        [
            *no_id,
            WrongCells(too_long, Message("expected.id_length", longest=max_length)),
            WrongCells(cells.str.contains(_CONTROL_CHARACTERS), Message("expected.id_printable")),
        ],
    )


def numbers(cells: pl.Series) -> TypedColumn:
    """Finite numbers as Float64."""
    values, unread = _floats(cells)
    wrong = unread | ~values.is_finite().fill_null(True)
    return _typed(values, [WrongCells(wrong, Message("expected.number"))])


def whole_numbers(cells: pl.Series) -> TypedColumn:
    """Whole numbers of at least 1 as Int64."""
    values, unread = _floats(cells)
    whole = (values.round() == values) & (values >= 1) & (values < 2**31)
    wrong = WrongCells(unread | ~whole.fill_null(True), Message("expected.whole"))
    return _typed(values.set(wrong.mask, None).cast(pl.Int64, strict=False), [wrong])


def choices(cells: pl.Series, allowed: Sequence[str]) -> TypedColumn:
    """Texts that are one of ``allowed``."""
    texts = cells if cells.dtype == pl.String else cells.cast(pl.String, strict=False)
    wrong = cells.is_not_null() & ~texts.is_in(list(allowed)).fill_null(False)
    return _typed(texts, [WrongCells(wrong, Message("expected.choice", choices=list(allowed)))])


def time_unit(cells: pl.Series) -> TimeUnit:
    """How the numbers of a column of times are meant, from all of its cells.

    Numbers of which most are dates such as 20200913, or years from 1900 to 2100, are read as such,
    and the others are wrong; numbers too large for seconds as milliseconds, microseconds or
    nanoseconds, if all are.
    """
    values = _floats(cells)[0].drop_nulls()
    values = values.filter(values.is_finite())
    if not len(values):
        return "seconds"
    whole = values.filter(values.round() == values)
    if 2 * int(whole.is_between(1900, 2100).sum()) > len(values):
        return "years"
    if 2 * int(whole.is_between(19_000_101, 21_001_231).sum()) > len(values):
        return "dates"
    low = float(values.min())  # type: ignore[arg-type]
    if low >= 1e17:
        return "nanoseconds"
    if low >= 1e14:
        return "microseconds"
    return "milliseconds" if low >= MAX_TIMESTAMP else "seconds"


def seconds(cells: pl.Series, unit: TimeUnit = "seconds") -> TypedColumn:
    """Seconds since 1970-01-01 UTC as Float64; times without a zone are UTC.

    Args:
        cells: numbers, texts (numbers or ISO 8601), dates or datetimes.
        unit: of the numbers, see :func:`time_unit`.
    """
    dtype = cells.dtype
    if dtype in (pl.Date, pl.Datetime):
        moments = cells.cast(pl.Datetime("us")) if dtype == pl.Date else cells
        values, unread = moments.dt.epoch("us").cast(pl.Float64) / 1e6, cells.is_null() & False
    elif dtype == pl.String:
        parsed = _parsed_floats(cells)
        values = _from_numbers(parsed, unit)
        rest = parsed.is_null() & cells.is_not_null()
        if rest.any():
            values = values.zip_with(~rest, _from_iso(cells.set(~rest, None)))
        unread = values.is_null() & cells.is_not_null()
    else:
        numeric, unread = _floats(cells)
        values = _from_numbers(numeric, unit)
        unread |= values.is_null() & cells.is_not_null()
    out_of_range = (~values.is_finite() | (values < 0) | (values >= MAX_TIMESTAMP)).fill_null(False)
    return _typed(values, [WrongCells(unread | out_of_range, Message("expected.time"))])


def _typed(values: pl.Series, wrong: Sequence[WrongCells]) -> TypedColumn:
    masks = [replace(cells, mask=cells.mask.fill_null(False)) for cells in wrong]
    masks = [cells for cells in masks if cells.mask.any()]
    for cells in masks:
        values = values.set(cells.mask, None)
    return TypedColumn(values, tuple(masks))


def _floats(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Float64, and which cells are not empty and no numbers."""
    dtype = cells.dtype
    if dtype == pl.String:
        values = _parsed_floats(cells)
    elif dtype.is_numeric() or dtype in (pl.Null, pl.Boolean):
        values = cells.cast(pl.Float64)
    else:
        values = pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    return values, values.is_null() & cells.is_not_null()


def _parsed_floats(cells: pl.Series) -> pl.Series:
    """Float64 of texts; those that polars reads otherwise than Python are read by Python."""
    values = cells.cast(pl.Float64, strict=False)
    plain = cells.str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?$")
    return _by_python(values, cells, ~plain & cells.is_not_null(), parse_number)


def _by_python(
    values: pl.Series,
    cells: pl.Series,
    rest: pl.Series,
    parse: Callable[[object], float | None],
) -> pl.Series:
    """``values`` with those where ``rest`` is true taken from ``parse(cell)``."""
    rest = rest.fill_null(False)
    if not rest.any():
        return values
    texts = cells.filter(rest)
    distinct = texts.unique()
    parsed = pl.Series([parse(text) for text in distinct], dtype=pl.Float64)
    table = pl.DataFrame({"text": distinct, "value": parsed})
    rows = pl.DataFrame({"text": texts}).join(table, on="text", how="left", maintain_order="left")
    return values.scatter(rest.arg_true(), rows["value"])


def _from_numbers(values: pl.Series, unit: TimeUnit) -> pl.Series:
    if unit == "dates":
        return _from_dates(values)
    if unit == "years":
        whole = (values.round() == values) & values.is_between(1, 9999)
        return _epoch(
            pl.select(
                pl.datetime(values.set(~whole, None).cast(pl.Int32), 1, 1, time_unit="us")
            ).to_series()
        )
    divisor = _DIVISORS[unit]
    return values if divisor == 1 else values / divisor


def _from_dates(values: pl.Series) -> pl.Series:
    """Float64 seconds of numbers such as 20200913; null where there is no such day."""
    texts = values.cast(pl.Int64, strict=False).cast(pl.String)
    days = texts.str.to_date("%Y%m%d", strict=False)
    days = days.set((values.round() != values).fill_null(True), None)
    return days.cast(pl.Int32).cast(pl.Float64) * _SECONDS_PER_DAY


def _from_iso(cells: pl.Series) -> pl.Series:
    """Float64 seconds of ISO 8601 texts; null where a text is none."""
    stripped = cells.str.strip_chars(_WHITESPACE)
    values = pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    for pattern in _ISO_FORMATS:
        rest = stripped.set(values.is_not_null(), None)
        if rest.null_count() == len(rest):
            return values
        moments = rest.str.to_datetime(pattern, strict=False, exact=True, time_unit="us")
        values = values.zip_with(values.is_not_null(), _epoch(moments))
    return _by_python(values, cells, values.is_null() & cells.is_not_null(), parse_seconds)


def _epoch(moments: pl.Series) -> pl.Series:
    return moments.dt.epoch("us").cast(pl.Float64) / 1e6
