"""Columns are read as single rows are: same values, same refusals."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.errors import RowError
from tastegraph.data.cells import columns
from tastegraph.data.cells.typed_row import TypedRow

CHOICES = ("view", "click", "purchase")
ROW_METHODS = {
    "id": lambda row: row.id("c"),
    "number": lambda row: row.number("c"),
    "whole": lambda row: row.whole("c"),
    "time": lambda row: row.timestamp("c"),
    "choice": lambda row: row.choice("c", CHOICES),
}
COLUMN_FUNCTIONS = {
    "id": columns.ids,
    "number": columns.numbers,
    "whole": columns.whole_numbers,
    "time": columns.seconds,
    "choice": lambda cells: columns.choices(cells, CHOICES),
}
NUMBER_TEXTS = st.one_of(
    st.floats().map(repr),
    st.integers().map(str),
    st.sampled_from(
        ["1_000", "1e5", " 7 ", "+5", ".5", "5.", "0x10", "inf", "-Infinity", "1e400", "١٢", "7.0",
         "-0", "1e-400", "1,5", "--1", "infinit", "Nan", "1E5", "1d5", "٣.٥", "1 2", "\t4\n"]
    ),
)  # fmt: skip
TIME_TEXTS = st.one_of(
    st.datetimes(min_value=datetime(1971, 1, 1)).map(lambda t: t.isoformat()),
    st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))).map(str),
    st.dates().map(str),
    st.sampled_from(
        ["2020-W37-7", "20200913", "2020-09-13T10", "2020-09-13T10:11Z", "2020-13-01",
         "13.09.2020", "2020-09-13T10:11:12,5", "0001-01-01", "9999-12-31T23:59:59.999999"]
    ),
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=6),
    NUMBER_TEXTS,
    TIME_TEXTS,
    st.sampled_from([*CHOICES, "", " ", "\x1f", "x" * 513]),
)


def by_rows(kind: str, values: list[object]) -> list[object]:
    """The value of each row, or the text of what would have been accepted."""
    results: list[object] = []
    for value in values:
        try:
            results.append(ROW_METHODS[kind](TypedRow({"c": value}, "f", 1)))
        except RowError as error:
            results.append(("wrong", str(error.expected)))
    return results


def by_columns(kind: str, cells: pl.Series) -> list[object]:
    typed = COLUMN_FUNCTIONS[kind](columns.without_missing(cells))
    results: list[object] = typed.values.to_list()
    for wrong in reversed(typed.wrong):
        for row in wrong.mask.arg_true():
            results[row] = ("wrong", str(wrong.expected))
    return results


def same(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-15, abs_tol=1e-6)
    return left == right


@pytest.mark.parametrize("kind", COLUMN_FUNCTIONS)
@given(values=st.lists(st.none() | TEXTS, max_size=8))
@example(values=["1", None, "2020-09-13"])
@example(values=["2020-09-13", "2020-09-13 01:02:03", "2020-09-13T01:02:03+02:00", "5"])
def test_texts_are_read_as_in_rows(kind, values):
    cells = pl.Series("c", values, dtype=pl.String)
    rows, typed = by_rows(kind, values), by_columns(kind, cells)
    assert all(map(same, rows, typed)), (rows, typed)


@pytest.mark.parametrize("kind", COLUMN_FUNCTIONS)
@given(
    cells=st.one_of(
        st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)).map(
            lambda v: pl.Series("c", v, dtype=pl.Int64)
        ),
        st.lists(st.none() | st.floats(allow_nan=False)).map(
            lambda v: pl.Series("c", v, dtype=pl.Float64)
        ),
        st.lists(st.none() | st.integers(0, 10).map(float)).map(
            lambda v: pl.Series("c", v, dtype=pl.Float64)
        ),
        st.lists(st.none() | st.datetimes()).map(lambda v: pl.Series("c", v, dtype=pl.Datetime)),
        st.lists(st.none() | st.dates()).map(lambda v: pl.Series("c", v, dtype=pl.Date)),
    )
)
def test_typed_columns_are_read_as_in_rows(kind, cells):
    rows, typed = by_rows(kind, cells.to_list()), by_columns(kind, cells)
    assert all(map(same, rows, typed)), (rows, typed)


def test_missing_markers_and_blanks_are_null():
    cells = pl.Series(["7", "nan", " N/A ", "None", "none", "", "  ", None, "\\N"])
    cleaned = columns.without_missing(cells, MISSING_MARKERS)
    assert cleaned.to_list() == ["7", None, None, None, "none", None, None, None, None]
    assert columns.without_missing(cells).to_list()[1] == "nan"
    assert columns.without_missing(pl.Series([1.0, float("nan")])).to_list() == [1.0, None]


@pytest.mark.parametrize(
    ("cells", "unit", "first"),
    [
        (["20200913", "20211231"], "dates", 1599955200.0),
        ([20200913, 20211231], "dates", 1599955200.0),
        ([1600000000000], "milliseconds", 1.6e9),
        (["1600000000123456"], "microseconds", 1600000000.123456),
        ([1600000000123456789], "nanoseconds", 1600000000.1234567),
        ([1600000000], "seconds", 1.6e9),
        ([2020, 1999, None], "years", 1577836800.0),
        ([2020, 99_000], "seconds", 2020.0),
        (["20200913", "20201341"], "dates", 1599955200.0),
        ([20200913, 20200914, 0], "dates", 1599955200.0),
        ([2020, 2019, 0], "years", 1577836800.0),
        ([2020.5, 2019.5], "seconds", 2020.5),
    ],
)
def test_numbers_of_a_column_of_times_have_one_unit(cells, unit, first):
    series = pl.Series(cells)
    assert columns.time_unit(series) == unit
    assert columns.seconds(series, unit).values[0] == pytest.approx(first, abs=1e-6)


def test_a_cell_of_another_unit_is_wrong():
    for cells in ([20200913, 20201341], ["20200913", "20201341"]):
        typed = columns.seconds(pl.Series(cells), "dates")
        assert [wrong.mask.to_list() for wrong in typed.wrong] == [[False, True]]


def test_dates_are_midnight_utc():
    typed = columns.seconds(pl.Series([date(2020, 9, 13)]))
    assert typed.values.to_list() == [1599955200.0]
