"""Random filters, as trees."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tastegraph.filters.parser import date_bounds
from tastegraph.filters.syntax import (
    AllOf,
    AnyOf,
    Comparison,
    FieldName,
    Filter,
    Flag,
    Not,
    Presence,
    Value,
)

_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


def number_value(text: str) -> Value:
    """A number of a filter."""
    return Value("number", text, float(text), float(text))


def date_value(text: str) -> Value:
    """A day or a time of a filter."""
    bounds = date_bounds(text)
    assert bounds is not None
    return Value("date", text, *bounds)


def text_value(text: str) -> Value:
    """A text of a filter."""
    return Value("text", text)


def truth_value(truth: bool) -> Value:
    """True or false of a filter."""
    return Value("truth", str(truth).lower(), float(truth), float(truth))


NUMBERS = st.one_of(
    st.integers(-100, 100).map(str), st.floats(-1e9, 1e9).map(repr), st.just("1e3")
).map(number_value)
DATES = st.one_of(
    st.dates().filter(lambda day: 1 < day.year < 9999).map(lambda day: day.isoformat()),
    st.just("2020-05-01T12:30:00Z"),
).map(date_value)
TEXTS = _NAMES.map(text_value)
VALUES = st.one_of(NUMBERS, DATES, TEXTS, st.booleans().map(truth_value))


def trees(
    conditions: st.SearchStrategy[Filter] | None = None, max_leaves: int = 8
) -> st.SearchStrategy[Filter]:
    """Trees over ``conditions``, by default of any names and values."""
    leaves = _conditions() if conditions is None else conditions
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Not), _several(inner).map(AllOf), _several(inner).map(AnyOf)
        ),
        max_leaves=max_leaves,
    )


def _several(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[tuple[Filter, ...]]:
    return st.lists(inner, min_size=2, max_size=4).map(tuple)


def _conditions() -> st.SearchStrategy[Filter]:
    names = st.builds(FieldName, _NAMES, st.booleans())

    def comparisons(
        operators: Sequence[str], values: st.SearchStrategy[tuple[Value, ...]]
    ) -> st.SearchStrategy[Filter]:
        return st.builds(Comparison, names, st.sampled_from(operators), values)  # type: ignore[arg-type]

    return st.one_of(
        comparisons(["=", "<", "<=", ">", ">="], st.tuples(VALUES)),
        comparisons(["in"], st.lists(VALUES, max_size=4).map(tuple)),
        comparisons(["between"], st.tuples(VALUES, VALUES)),
        comparisons(["contains", "words"], st.tuples(TEXTS)),
        names.map(Presence),
        names.map(Flag),
    )
