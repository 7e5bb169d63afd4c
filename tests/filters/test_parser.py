"""The language of filters: what is read as which tree, and errors that mark the character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.errors import FilterError
from tastegraph.filters.parser import MAX_COMPARISONS, MAX_DEPTH, MAX_VALUES, date_bounds, parse
from tastegraph.filters.syntax import (
    AllOf,
    AnyOf,
    Comparison,
    FieldName,
    Flag,
    Not,
    Presence,
    Value,
)
from tastegraph.filters.tokens import MAX_LENGTH
from tests.support.filter_trees import trees

DAY = 86_400.0


def number(text):
    return Value("number", text, float(text), float(text))


def text(value):
    return Value("text", value)


def fault_of(source):
    """The error of a filter; ``None`` where it is one."""
    try:
        parse(source)
    except FilterError as error:
        return error
    return None


def test_the_example_of_the_documentation():
    tree = parse('price < 30 and in_stock and director = "Agnès Varda" and not genre in ["Horror"]')
    assert tree == AllOf((
        Comparison(FieldName("price"), "<", (number("30"),)),
        Flag(FieldName("in_stock")),
        Comparison(FieldName("director"), "=", (text("Agnès Varda"),)),
        Not(Comparison(FieldName("genre"), "in", (text("Horror"),))),
    ))  # fmt: skip


@pytest.mark.parametrize(("source", "same"), [
    ("price != 3", "not price = 3"),
    ("price <> 3", "not price = 3"),
    ("price ≠ 3", "not price = 3"),
    ("price == 3", "price = 3"),
    ("price ≤ 3", "price <= 3"),
    ("price is missing", "not has price"),
    ("price is not missing", "has price"),
    ('genre not in ["a"]', 'not genre in ["a"]'),
    ("price not between 1 and 2", "not price between 1 and 2"),
    ('title not contains "x"', 'not title contains "x"'),
    ('title contains word "x"', 'title contains words "x"'),
    ("'in_stock' in tags", "tags = 'in_stock'"),
    ("'in_stock' not in tags", "not tags = 'in_stock'"),
    ('brand = “x”', 'brand = "x"'),
    ("PRICE < 3 AND NOT a OR b", "(PRICE < 3 and (not a)) or b"),
    ("a or b and c", "a or (b and c)"),
    ("not a and b", "(not a) and b"),
    ("`price` < .5", "price < .5"),
])  # fmt: skip
def test_two_ways_to_write_one_filter(source, same):
    assert parse(source) == parse(same)


def test_names_and_texts_keep_every_character():
    tree = parse(r"""`release ``year``` = 'O\'Brien \\ "x"' and inverse `sequel of` = "a\"b" """)
    assert tree == AllOf((
        Comparison(FieldName("release `year`"), "=", (text("O'Brien \\ \"x\""),)),
        Comparison(FieldName("sequel of", inverse=True), "=", (text('a"b'),)),
    ))  # fmt: skip
    assert parse("价格 < 3 and 导演 = '侯孝贤'") == AllOf((
        Comparison(FieldName("价格"), "<", (number("3"),)),
        Comparison(FieldName("导演"), "=", (text("侯孝贤"),)),
    ))  # fmt: skip
    assert parse("schema:year > 1 or a.b") == AnyOf((
        Comparison(FieldName("schema:year"), ">", (number("1"),)), Flag(FieldName("a.b")),
    ))  # fmt: skip


def test_a_name_that_is_a_keyword_stands_in_backticks():
    assert parse("`in` and has `Not`") == AllOf((Flag(FieldName("in")), Presence(FieldName("Not"))))


def test_a_date_is_a_day_and_a_time_is_a_moment():
    assert date_bounds("1970-01-02") == (DAY, 2 * DAY)
    assert date_bounds("1970-01-02T00:00") == (DAY, DAY)
    assert date_bounds("1970-01-02T02:00:00+02:00") == (DAY, DAY)
    assert date_bounds("1969-12-31") == (-DAY, 0)
    (value,) = parse("released >= 1970-01-02").values
    assert value == Value("date", "1970-01-02", DAY, 2 * DAY)


FAULTS = [
    ("", 1, "the filter is empty"),
    ("   ", 4, "the filter is empty"),
    ("price <", 8, "a value: a number, a date, \"text\", true or false expected, the end found"),
    ("price < and x", 9, "expected, 'and' found"),
    ("(price < 3", 11, "'and', 'or' or ')' expected, the end found"),
    ("price < 3)", 10, "'and', 'or' or the end expected, ')' found"),
    ("price < 3 adn in_stock", 11, "'adn' found: did you mean 'and'?"),
    ("release year > 3", 9, "a name with spaces stands in backticks, such as `release year`"),
    ("price & 3", 7, "'&' has no meaning in a filter: write 'and'"),
    ("price ; drop", 7, "';' has no meaning in a filter"),
    ("brand = 'x", 9, "the text that begins here has no closing '"),
    ("`brand = 3", 1, "the name that begins here has no closing `"),
    (r"brand = 'a\n'", 11, r"after \ in a text stands ' \ "),
    ("price < 3.4.5", 9, "3.4.5 is no number"),
    ("price < 30€", 11, "'€' has no meaning"),
    ("price < 1e999", 9, "1e999 is no number"),
    ("released > 2020-02-30", 12, "2020-02-30 is no date"),
    ("released > 2020-2-3", 12, "2020-2-3 is no date"),
    ("genre in 'Horror'", 10, "a list such as [1, 2] expected"),
    ("genre in ['a' 'b']", 15, "',' or ']' expected, \"'b'\" found"),
    ("genre in ['a'", 14, "',' or ']' expected, the end found"),
    ("price between 1, 2", 16, "'and' and the upper bound expected, ',' found"),
    ("title contains 3", 16, 'text in quotes, such as "blue" expected'),
    ("price is cheap", 10, "'missing' or 'not missing' expected"),
    ("has", 4, "the name of an attribute or relation expected, the end found"),
    ("not", 4, "expected, the end found"),
    ("3 < price", 3, "'in' and a name expected, '<' found"),
    ("price not 3", 11, "a comparison such as"),
    ("and", 1, "a name, a value, 'has', 'not' or '(' expected"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "character", "fault"), FAULTS)
def test_an_error_marks_the_character_and_says_what_is_expected(source, character, fault):
    with pytest.raises(FilterError) as caught:
        parse(source)
    error = caught.value
    first, line, caret = str(error).split("\n")
    assert first.startswith(f"filter, character {character}: ")
    assert fault.strip() in first
    assert error.start == character - 1
    assert line == "  " + source
    assert caret.index("^") == character + 1
    assert "筛选条件" in error.text("zh")


def test_the_caret_stands_below_the_character_in_long_and_in_wide_texts():
    long = "a and " * 100 + "! b"
    with pytest.raises(FilterError) as caught:
        parse(long)
    _, line, caret = str(caught.value).split("\n")
    assert line[caret.index("^")] == "!"
    assert len(line) < 130
    with pytest.raises(FilterError) as caught:
        parse("导演 = & ")
    _, line, caret = str(caught.value).split("\n")
    assert caret == " " * (2 + 2 * 2 + 3) + "^"


def test_what_is_too_much_is_refused():
    for source, word in [
        ("a" * (MAX_LENGTH + 1), "characters"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), "nested"),
        ("not " * (MAX_DEPTH + 1) + "a", "nested"),
        ("(" * MAX_LENGTH, "nested"),
        (" or ".join(["a"] * (MAX_COMPARISONS + 1)), "comparisons"),
        (f"a in [{','.join(['1'] * (MAX_VALUES + 1))}]", "list"),
    ]:
        with pytest.raises(FilterError, match=word):
            parse(source)
    parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)
    parse(f"a in [{','.join(['1'] * MAX_VALUES)}]")


@given(trees())
def test_a_tree_in_words_reads_as_the_same_tree(tree):
    assert parse(str(tree)) == tree


@given(st.text(max_size=80))
def test_any_text_is_a_filter_or_an_error_at_a_character(source):
    error = fault_of(source)
    assert error is None or (0 <= error.start <= len(source) and error.text("zh"))


@given(st.lists(st.sampled_from(
    ["and", "or", "not", "(", ")", "[", "]", "in", "price", "<", "=", "3", "'x'", ",", "has",
     "is", "missing", "between", "contains", "true", "2020-01-01", "`a b`", "inverse"]
), max_size=25))  # fmt: skip
def test_any_words_are_a_filter_that_reads_back_or_an_error(words):
    source = " ".join(words)
    error = fault_of(source)
    if error is None:
        assert parse(str(parse(source))) == parse(source)
    else:
        assert 0 <= error.start <= len(source)
