"""What a reader of a list should know of its filter: values that nothing has, names of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tastegraph.core.messages import Message
from tastegraph.filters.checks import MAX_SUGGESTIONS, FilterCheck, near_texts
from tastegraph.filters.fields import NameColumn, NumberColumn
from tastegraph.filters.syntax import AllOf, AnyOf, Comparison, Filter, Flag, Not, Presence, Value

MAX_NOTES = 20
"""Notes on one filter."""
MAX_SEARCHES = 3
"""Unknown values of one filter for which the nearest known ones are searched."""
MAX_SEARCHED_TEXTS = 100_000


def notes_on(tree: Filter, check: FilterCheck) -> list[Message]:
    """Notes on a checked filter, each once."""
    notes: list[Message] = []
    searches = iter(range(MAX_SEARCHES))
    for comparison in _comparisons(tree):
        for note in _on_comparison(comparison, check, searches):
            if note not in notes:
                notes.append(note)
    return notes[:MAX_NOTES]


def _comparisons(tree: Filter) -> Iterator[Comparison]:
    match tree:
        case AllOf(operands) | AnyOf(operands):
            for operand in operands:
                yield from _comparisons(operand)
        case Not(operand):
            yield from _comparisons(operand)
        case Comparison():
            yield tree
        case Presence() | Flag():
            return


def _on_comparison(
    comparison: Comparison, check: FilterCheck, searches: Iterator[int]
) -> Iterator[Message]:
    columns = check.of(comparison.field)
    for column in columns:
        if isinstance(column, NumberColumn) and column.unread:
            yield Message(
                "filter.unread", name=str(comparison.field), count=column.unread,
                kind=Message(f"filter.kind.{column.kind}"), example=repr(column.example),
            )  # fmt: skip
    names = [column for column in columns if isinstance(column, NameColumn)]
    if comparison.operator in ("=", "in") and names:
        for value in comparison.values:
            is_text = value.kind == "text" or (
                value.kind == "number" and len(names) == len(columns)
            )
            if is_text:
                yield from _on_name(comparison, value, names, searches)


def _on_name(
    comparison: Comparison, value: Value, columns: Sequence[NameColumn], searches: Iterator[int]
) -> Iterator[Message]:
    """Notes on a value that is compared with names and ids."""
    name, literal = str(comparison.field), str(value)
    if all(column.items_of(value.text) is None for column in columns):
        note = Message("filter.no_value", name=name, value=literal)
        texts: list[str] = []
        if next(searches, None) is not None:
            named = (c for c in columns if c.kind == "name" and len(c.ends) <= MAX_SEARCHED_TEXTS)
            texts = [text for column in named for text in column.texts.to_list()]
        near = [repr(text) for text in near_texts(value.text, texts, MAX_SUGGESTIONS)]
        yield Message("filter.nearest", fault=note, names=near) if near else note
    entities = max(column.entities_of(value.text) for column in columns)
    if entities > 1:
        yield Message("filter.several", name=name, value=literal, count=entities)
