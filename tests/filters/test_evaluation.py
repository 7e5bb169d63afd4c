"""Filters on columns: exactly the items that one by one meet them; types are checked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given

from tastegraph.core.errors import FilterError
from tastegraph.filters.checks import FilterCheck
from tastegraph.filters.evaluation import matching
from tastegraph.filters.notes import notes_on
from tastegraph.filters.parser import parse
from tests.support.filter_worlds import (
    FilmWorld,
    expected_rows,
    fitting_filters,
    world_of,
    worlds,
)

NOTHING = dict.fromkeys(("price", "stock", "released", "genre", "director", "year", "cites"), ())


def films(*rows) -> FilmWorld:
    return world_of([{**NOTHING, **row} for row in rows])


def rows_of(world, source):
    table = world.table()
    tree = FilterCheck(table.names).checked(parse(source), source)
    return np.flatnonzero(matching(tree, table)).tolist()


@given(worlds(), fitting_filters())
def test_a_filter_on_columns_is_the_filter_on_each_item(world, tree):
    table = world.table()
    rows = np.flatnonzero(matching(tree, table)).tolist()
    assert rows == expected_rows(world, tree)
    source = str(tree)
    try:
        checked = FilterCheck(table.names).checked(parse(source), source)
    except FilterError:
        assume(False)
    assert np.flatnonzero(matching(checked, table)).tolist() == rows


WORLD = films(
    {"price": ["9.99"], "stock": ["yes"], "released": ["2020-01-01"], "genre": ["Drama"],
     "director": ["p1"], "year": ["1999"], "cites": ["1"]},
    {"price": ["30"], "stock": ["no"], "genre": ["Horror", "Drama"], "director": ["p2"]},
    {"price": [], "stock": ["yes"], "released": ["2021-06-30"], "director": ["p3"]},
)  # fmt: skip


@pytest.mark.parametrize(("source", "rows"), [
    ("price < 30", [0]),
    ("price <= 30", [0, 1]),
    ("not price < 30", [1, 2]),
    ("price != 30", [0, 2]),
    ("price between 9.99 and 30", [0, 1]),
    ("price is missing", [2]),
    ("has price and in_title or stock", None),
    ("stock", [0, 2]),
    ("stock = false", [1]),
    ("stock = 1", [0, 2]),
    ("genre = 'drama'", [0, 1]),
    ("genre in ['horror', 'western']", [1]),
    ("genre not in ['Horror']", [0, 2]),
    ("genre in []", []),
    ("released = 2020-01-01", [0]),
    ("released > 2020-01-01", [2]),
    ("released >= '2020-01-01'", [0, 2]),
    ("director = 'agnès varda'", [0]),
    ("director = 'Joel Coen'", [1, 2]),
    ("director = 'p3'", [2]),
    ("director contains 'COEN'", [1, 2]),
    ("director contains words 'oel'", []),
    ("Director = 'p1'", [0]),
    ("year >= 1999", [0]),
    ("cites = 'film01'", [0]),
    ("inverse cites = 'film00'", [1]),
    ("inverse cites = 'Film 0 Drama'", [1]),
    ("item_id in ['film00', 'FILM01']", [0]),
    ("title contains 'film 2'", [2]),
])  # fmt: skip
def test_examples(source, rows):
    if rows is None:
        with pytest.raises(FilterError, match="no attribute or relation 'in_title': did you mean"):
            rows_of(WORLD, source)
    else:
        assert rows_of(WORLD, source) == rows


@pytest.mark.parametrize(("source", "character", "words"), [
    ("pirce < 3", 1, "there is no attribute or relation 'pirce': did you mean price"),
    ("stock and xyzzyx", 11, "there are cites, director, genre, item_id, price, released"),
    ("inverse director = 'p1'", 1, "nothing has the relation 'director' to an item"),
    ('price < "cheap"', 9, 'price is a number, "cheap" is text'),
    ("price = '30'", 9, "write 30 without quotes"),
    ("price in [1, 'x']", 14, 'price is a number, "x" is text'),
    ("genre < 3", 1, "genre is text, which has no order: compare it by =, in or contains"),
    ("genre = true", 9, "genre is text, true is true or false"),
    ("released > 2020", 12, "released is a date, 2020 is a number: write a date such as"),
    ("released = 'soon'", 12, "released is a date, \"soon\" is text: write a date"),
    ("price contains '3'", 1, "price is a number, and contains looks at text"),
    ("price", 1, "price is a number, and not true or false: compare it, or write has price"),
    ("stock = 'yes'", 9, 'stock is true or false, "yes" is text'),
    ("stock > 0", 1, "stock is true or false, which has no order"),
    ("price between 3 and 1", 15, "the lower bound comes first: 3 is above 1"),
    ("price = true", 9, "price is a number, true is true or false"),
])  # fmt: skip
def test_what_does_not_fit_is_an_error_at_its_character(source, character, words):
    with pytest.raises(FilterError) as caught:
        rows_of(WORLD, source)
    first = str(caught.value).split("\n")[0]
    assert first.startswith(f"filter, character {character}: ")
    assert words in first
    assert caught.value.text("zh")


def test_a_column_with_a_few_odd_values_is_a_number_and_one_with_many_is_text():
    world = films(*[{"price": [str(k)]} for k in range(1, 40)], {"price": ["on request"]})
    assert len(rows_of(world, "price > 0")) == 39
    (column,) = world.table().of_name("price", inverse=False)
    assert (column.unread, column.example) == (1, "on request")
    mixed = films({"price": ["1"]}, {"price": ["2"]}, {"price": ["n/a"]})
    with pytest.raises(FilterError, match="not all its values are numbers, such as 'n/a'"):
        rows_of(mixed, "price < 3")
    assert rows_of(mixed, "price = 'N/A'") == [2]


def test_codes_with_leading_zeros_are_texts():
    world = films({"price": ["007"]}, {"price": ["7"]})
    assert rows_of(world, "price = '007'") == [0]
    assert rows_of(world, "price = 7") == [1]


def test_a_column_of_zeros_and_ones_may_stand_alone():
    world = films({"price": ["1"]}, {"price": ["0"]}, {})
    assert rows_of(world, "price") == [0]
    assert rows_of(world, "price = true") == [0]
    assert rows_of(world, "not price") == [1, 2]


@pytest.mark.parametrize(("source", "note"), [
    ("director = 'Joel Coen'", '2 entities are called "Joel Coen": all of them count'),
    ("director = 'p2'", None),
    ("genre = 'drama'", None),
    ("genre = 'Horor'", "no item has genre = \"Horor\": did you mean 'horror'"),
    ("genre in ['drama', 5]", "no item has genre = 5"),
    ("price = 7", None),
])  # fmt: skip
def test_notes_say_what_a_reader_would_not_expect(source, note):
    check = FilterCheck(WORLD.table().names)
    notes = notes_on(check.checked(parse(source), source), check)
    assert len(notes) == (note is not None)
    assert note is None or str(notes[0]).startswith(note)


def test_a_note_counts_values_that_are_no_numbers():
    world = films(*[{"price": [str(k)]} for k in range(1, 40)], {"price": ["on request"]})
    check = FilterCheck(world.table().names)
    (note,) = notes_on(parse("price > 3"), check)
    assert str(note).endswith("they are not a number: 1, such as 'on request'")
