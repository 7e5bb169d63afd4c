"""Cells that are lists become values apart."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.data.cells.list_cells import (
    look_like_lists,
    parse_list,
    proposed_separator,
    split_lists,
)
from tests.support.limits import within


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ('["a","b"]', ["a", "b"]),
        ("['a', \"b's\"]", ["a", "b's"]),
        ("['a' 'b'\n 'c']", ["a", "b", "c"]),
        ("('a', 'b')", ["a", "b"]),
        ("{'b', 'a'}", ["a", "b"]),
        ("[{'id': 1, 'name': 'Animation'}, {'id': 3, 'name': 'War'}]", ["Animation", "War"]),
        ('[{"id": 16, "name": "Animation"}]', ["Animation"]),
        ("{'id': 10194, 'name': 'Toy Story Collection'}", ["Toy Story Collection"]),
        ("[]", []),
        ("[1995.0, 2, 2.5, true]", ["1995", "2", "2.5", "true"]),
        ("[None, ' ', 'x']", ["x"]),
    ],
)  # fmt: skip
def test_lists_in_cells(cell: str, values: list[str]) -> None:
    assert parse_list(cell) == values
    lists = split_lists(pl.Series([cell, "[REC]"]), "|").to_list()
    assert lists == [values or None, ["[REC]"]]


@pytest.mark.parametrize(
    "cell",
    [
        "[REC]", "plain", "", "[['a']]", "[{'id': 1}]", "__import__('os').abort()",
        "[__import__('os')]", "['a' + 'b']", "[b'x']", "['\\ud800']", '["\\u0000"]',
        "[" * 100 + "]" * 100, "[1" + "0" * 5000 + "]",
    ],
)  # fmt: skip
def test_what_is_no_list_of_values_stays_one_value(cell: str) -> None:
    assert parse_list(cell) is None


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"))))
def test_json_and_python_write_the_same_lists(values: list[str]) -> None:
    present = [value for value in values if value.strip()]
    assert parse_list(json.dumps(values)) == present
    assert parse_list(repr(values)) == present


def test_values_between_separators() -> None:
    cells = pl.Series(["a| b ||", "|", "", None, "c"])
    assert split_lists(cells, "|").to_list() == [["a", "b"], None, None, None, ["c"]]
    assert split_lists(cells).to_list() == [["a| b ||"], ["|"], None, None, ["c"]]
    paths = pl.Series(["Clothing > Men > Shirts", "Clothing>Men"])
    assert split_lists(paths, " > ").to_list() == [["Clothing", "Men", "Shirts"], ["Clothing>Men"]]


def test_cells_that_look_like_lists() -> None:
    lists = ['["a"]', "['a']", " [1, 2] ", "[]", "{'name': 'a'}", "[{'a': 1}]", "('a', 'b')"]
    others = ["[REC]", "{brackets}", "a [b]", "[a] b", "(2001)", ""]
    assert look_like_lists(pl.Series([*lists, *others])).to_list() == [True] * 7 + [False] * 6


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["Action|Drama", "Comedy", "Drama"], "|"),
        (["Clothing > Men > Shirts", "Clothing > Women"], " > "),
        (["Clothing/Men", "Clothing/Women", "Clothing/Men", "Clothing/Women"], "/"),
        (["red, blue", "blue, green", "green, red", "red"], ","),
        (["x;y"], ";"),
        (["red", "blue"], None),
        (["Nike, Inc.", "Apple, Inc.", "Zara, GmbH", "Foo, Ltd."], None),
        (["http://a/b", "http://a/c", "http://a/d"], None),
        (["2020/01/02", "2020/01/03"], None),
        (["1,5", "2,7"], None),
        (["A long sentence that goes on and on; another clause that follows it at length."], None),
        ([None, None], None),
    ],
)  # fmt: skip
def test_proposed_separators(cells: list[str | None], separator: str | None) -> None:
    assert proposed_separator(pl.Series(cells, dtype=pl.String)) == separator


@pytest.mark.parametrize(
    "cell", ["['" + "\\" * 200_000 + "]", "[" + "'a' " * 100_000, "[" + "'a " * 100_000 + "]"]
)
def test_hostile_cells_take_time_in_proportion_to_their_length(cell: str) -> None:
    with within(2):
        parse_list(cell)
        look_like_lists(pl.Series([cell]))
