"""Columns of any type as text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from tastegraph.data.cells.text_columns import as_text, one_text

NAN = float("nan")


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (pl.Series(["a", None]), ["a", None]),
        (pl.Series([1995.0, 2.5, NAN, None]), ["1995", "2.5", None, None]),
        (pl.Series([7, None]), ["7", None]),
        (pl.Series([True, False]), ["true", "false"]),
        (pl.Series([Decimal("2.50")]), ["2.50"]),
        (pl.Series([date(2020, 9, 13)]), ["2020-09-13"]),
        (pl.Series([datetime(2020, 9, 13, 1, 2, 3)]), ["2020-09-13T01:02:03"]),
        (pl.Series([datetime(2020, 9, 13, tzinfo=UTC)]), ["2020-09-13T00:00:00+00:00"]),
        (pl.Series(["a"], dtype=pl.Categorical), ["a"]),
        (pl.Series([None, None]), [None, None]),
        (pl.Series([[1, None], None, []]), [["1", None], None, []]),
        (pl.Series([[1.0, 2.5, NAN]]), [["1", "2.5", None]]),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)), [["1", "2"]]),
        (pl.Series([{"name": "é", "n": 1}, None]), ['{"name":"é","n":1}', None]),
        (pl.Series([[{"name": "a"}], [], None]), ['[{"name":"a"}]', "[]", None]),
        (pl.Series([[["a"]]]), ['[["a"]]']),
    ],
)
def test_cells_as_text(cells: pl.Series, texts: list[object]) -> None:
    typed = as_text(cells.alias("c"))
    assert typed.values.to_list() == texts
    assert typed.values.name == "c"
    assert not typed.wrong


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (pl.Series(["a", "x\0", None]), [False, True, False]),
        (pl.Series([["a"], ["b", "x\0"], None]), [False, True, False]),
        (pl.Series([b"\xff", None]), [True, False]),
        (pl.Series([timedelta(1), None]), [True, False]),
        (pl.Series([object()], dtype=pl.Object), [True]),
    ],
)
def test_cells_that_are_no_text(cells: pl.Series, wrong: list[bool]) -> None:
    (faults,) = as_text(cells).wrong
    assert faults.mask.to_list() == wrong


def test_lists_as_one_text() -> None:
    assert one_text(pl.Series([["a", None, "b"], [], None])).to_list() == ["a b", "", None]
    assert one_text(pl.Series(["a"])).to_list() == ["a"]
