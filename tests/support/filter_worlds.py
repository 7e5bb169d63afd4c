"""Random small catalogues with facts, random filters over them, and what is true of one item.

:func:`meets` looks at one item at a time and knows nothing of columns; it defines what a filter
means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt

import numpy as np
from hypothesis import strategies as st

from tastegraph.core.config import Config
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import ITEM, Fact, Item
from tastegraph.filters.fields import FieldTable
from tastegraph.filters.parser import date_bounds
from tastegraph.filters.sources import filter_arrays
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
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tests.support.filter_trees import date_value, number_value, text_value, trees, truth_value

GENRES = ("Drama", "drama", "Science Fiction", "Horror", "恐怖", "R&B", "Film-Noir")
DAYS = ("1969-12-31", "2019-12-31", "2020-01-01", "2020-01-02", "2021-06-30")
PRICES = ("0", "1", "9.99", "10", "10.0", "29.5", "30", "-3", "1e3")
DIRECTORS = {"p1": "Agnès Varda", "p2": "Joel Coen", "p3": "Joel Coen", "p4": "VARDA"}
YEARS = ("1999", "2000", "2020")
TEXTS = ("varda", "Coen", "joel coen", "o", "fiction", "R&B", "noir", "恐", "", "drama horror")


@dataclass(frozen=True)
class FilmFacts:
    """What is known of one item: name → values; those of ``inverse`` have the item as object."""

    item_id: str
    title: str
    numbers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    dates: Mapping[str, Sequence[float]] = field(default_factory=dict)
    truths: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    entities: Mapping[tuple[str, bool], Sequence[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class FilmWorld:
    """A catalogue: its items as records and facts, and each item by itself."""

    items: Sequence[Item]
    facts: Sequence[Fact]
    films: Sequence[FilmFacts]

    def graph(self) -> KnowledgeGraph:
        """The graph of the facts."""
        return build_graph(self.items, [], list(enumerate(self.facts)), [], Config())

    def table(self) -> FieldTable:
        """The columns, as a snapshot has them."""
        arrays = filter_arrays([frame_of_items(self.items)], self.graph())
        return FieldTable.open(arrays, len(self.items))


def world_of(rows: Sequence[Mapping[str, Sequence[str]]]) -> FilmWorld:
    """A catalogue of items with these values; ``director``, ``year`` and ``cites`` are facts."""
    items, films = [], []
    facts = [Fact(person, "label", name, literal=True) for person, name in DIRECTORS.items()]
    cited: dict[int, list[int]] = {}
    for place, values in enumerate(rows):
        for other in {int(text) % len(rows) for text in values["cites"]} - {place}:
            cited.setdefault(other, []).append(place)
    for place, values in enumerate(rows):
        item_id, title = f"film{place:02}", f"Film {place} {GENRES[place % len(GENRES)]}"
        columns = {name: tuple(values[name]) for name in ("price", "stock", "released", "genre")}
        items.append(Item(item_id, title, "", {k: v for k, v in columns.items() if v}))
        subject = ITEM + item_id
        facts += [Fact(subject, "director", person) for person in values["director"]]
        facts += [Fact(subject, "year", year, literal=True) for year in values["year"]]
        others = sorted({int(text) % len(rows) for text in values["cites"]} - {place})
        facts += [Fact(subject, "cites", f"{ITEM}film{other:02}") for other in others]
        films.append(FilmFacts(
            item_id, title,
            numbers={"price": [float(t) for t in columns["price"] if _is_number(t)],
                     "year": [float(t) for t in values["year"]]},
            dates={"released": [_bounds(t)[0] for t in columns["released"]]},
            truths={"stock": [t == "yes" for t in columns["stock"]]},
            names={"genre": columns["genre"], "title": [title]},
            entities={
                ("director", False): [(p, DIRECTORS[p]) for p in values["director"]],
                ("cites", False): [_film(k) for k in others],
                ("cites", True): [_film(k) for k in cited.get(place, ())],
            },
        ))  # fmt: skip
    return FilmWorld(items, facts, films)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9.]+(e[0-9]+)?", text) is not None


def _film(place: int) -> tuple[str, str]:
    return f"film{place:02}", f"Film {place} {GENRES[place % len(GENRES)]}"


def _bounds(text: str) -> tuple[float, float]:
    bounds = date_bounds(text)
    assert bounds is not None
    return bounds


def worlds() -> st.SearchStrategy[FilmWorld]:
    """Catalogues of one to twelve items."""

    def some(values: Sequence[str], most: int) -> st.SearchStrategy[list[str]]:
        return st.lists(st.sampled_from(values), max_size=most, unique=True)

    row = st.fixed_dictionaries({
        "price": some(PRICES, 2), "stock": some(("yes", "no"), 1), "released": some(DAYS, 2),
        "genre": some(GENRES, 3), "director": some(tuple(DIRECTORS), 2), "year": some(YEARS, 1),
        "cites": some(("0", "1", "2"), 2),
    })  # fmt: skip
    return st.lists(row, min_size=1, max_size=12).map(world_of)


def fitting_filters() -> st.SearchStrategy[Filter]:
    """Filters of which every value is of its field's kind."""
    numbers = st.sampled_from([*PRICES, "2", "2000", "15"]).map(number_value)
    days = st.sampled_from([*DAYS, "2020-01-01T00:00", "2020-01-01T12:00", "1990-01-01"])
    names = st.sampled_from(
        [*GENRES, *DIRECTORS.values(), *DIRECTORS, "Film 0 Drama", "film00", "x"]
    )
    operators = ["=", "<", "<=", ">", ">="]
    name_fields = [FieldName(name) for name in ("genre", "director", "title", "cites")]
    name_fields.append(FieldName("cites", inverse=True))

    def comparisons(
        fields: Sequence[FieldName], values: st.SearchStrategy[Value], ordered: bool
    ) -> st.SearchStrategy[Filter]:
        one = st.builds(
            lambda name, operator, value: Comparison(name, operator, (value,)),
            st.sampled_from(fields), st.sampled_from(operators if ordered else ["="]), values,
        )  # fmt: skip
        several = st.builds(
            lambda name, chosen: Comparison(name, "in", tuple(chosen)),
            st.sampled_from(fields), st.lists(values, max_size=4),
        )  # fmt: skip
        return st.one_of(one, several)

    texts = st.builds(
        lambda name, operator, text: Comparison(name, operator, (text_value(text),)),
        st.sampled_from(name_fields), st.sampled_from(["contains", "words"]),
        st.sampled_from(TEXTS),
    )  # fmt: skip
    ranges = st.builds(
        lambda low, high: Comparison(FieldName("price"), "between", (low, high)), numbers, numbers
    )
    every_field = [*name_fields, *map(FieldName, ("price", "stock", "released", "year"))]
    conditions = st.one_of(
        comparisons([FieldName("price"), FieldName("year")], numbers, ordered=True),
        comparisons([FieldName("released")], days.map(date_value), ordered=True),
        comparisons([FieldName("released")], days.map(text_value), ordered=True),
        comparisons(name_fields, names.map(text_value), ordered=False),
        comparisons([FieldName("stock")], st.booleans().map(truth_value), ordered=False),
        texts, ranges, st.just(Flag(FieldName("stock"))),
        st.sampled_from(every_field).map(Presence),
    )  # fmt: skip
    return trees(conditions)


def meets(film: FilmFacts, tree: Filter) -> bool:
    """Whether a filter is true of one item."""
    match tree:
        case AllOf(operands):
            return all(meets(film, operand) for operand in operands)
        case AnyOf(operands):
            return any(meets(film, operand) for operand in operands)
        case Not(operand):
            return not meets(film, operand)
        case Flag(name):
            return any(film.truths.get(name.name, ()))
        case Presence(name):
            values = (film.numbers, film.dates, film.truths, film.names)
            has_any = any(group.get(name.name) for group in values) and not name.inverse
            return has_any or bool(film.entities.get((name.name, name.inverse)))
        case Comparison(name, "between", (low, high)):
            return any(low.low <= number <= high.low for number in film.numbers[name.name])
        case Comparison():
            return any(_compares(film, tree, value) for value in tree.values)


def _compares(film: FilmFacts, comparison: Comparison, value: Value) -> bool:
    name, operator = comparison.field.name, comparison.operator
    if name in film.numbers and not comparison.field.inverse:
        return any(_ordered(number, operator, value.low) for number in film.numbers[name])
    if name in film.dates:
        start, end = _bounds(value.text)
        return any(_dated(seconds, operator, start, end) for seconds in film.dates[name])
    if name in film.truths:
        return any(truth == bool(value.low) for truth in film.truths[name])
    names = [*film.names.get(name, ())]
    entities = film.entities.get((name, comparison.field.inverse), ())
    names += [label for _, label in entities]
    folded = [" ".join(text.casefold().split()) for text in names]
    literal = " ".join(value.text.casefold().split())
    if operator == "contains":
        return any(literal in text for text in folded)
    if operator == "words":
        return any(all(word in _bounded(text, word) for word in literal.split()) for text in folded)
    return literal in folded or value.text in [entity for entity, _ in entities]


def _bounded(text: str, word: str) -> list[str]:
    """``word`` as often as it stands in ``text`` with no letter or digit beside it."""
    places = [k for k in range(len(text)) if text.startswith(word, k)]
    around = [(text[k - 1 : k], text[k + len(word) : k + len(word) + 1]) for k in places]
    return [word for pair in around if not any(re.fullmatch(r"\w", side) for side in pair)]


def _ordered(number: float, operator: str, bound: float) -> bool:
    compare = {"=": eq, "in": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
    return bool(compare[operator](number, bound))


def _dated(seconds: float, operator: str, start: float, end: float) -> bool:
    """A moment before, in or after a day; a time of day has the length 0."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    first, last = (datetime.fromtimestamp(0, UTC) + timedelta(seconds=s) for s in (start, end))
    is_before = moment < first
    is_after = moment >= last if last > first else moment > first
    is_within = not is_before and not is_after
    return {
        "=": is_within, "in": is_within, "<": is_before, "<=": not is_after, ">": is_after,
        ">=": not is_before,
    }[operator]  # fmt: skip


def expected_rows(world: FilmWorld, tree: Filter) -> list[int]:
    """Rows of the items of which a filter is true."""
    return np.flatnonzero([meets(film, tree) for film in world.films]).tolist()
