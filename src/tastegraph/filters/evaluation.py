"""Which items of a table meet a filter.

A condition is true where any of the item's values meets it, so an item without a value meets none;
``not`` is the exact opposite. Every condition is a union of slices of rows, as a mask of all items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.filters.columns import ColumnKind
from tastegraph.filters.fields import FieldTable, NameColumn, NumberColumn, Rows
from tastegraph.filters.parser import date_bounds
from tastegraph.filters.syntax import (
    AllOf,
    AnyOf,
    Comparison,
    Filter,
    Flag,
    Not,
    Operator,
    Presence,
    Value,
)


def comparable(operator: Operator, value: Value) -> frozenset[ColumnKind]:
    """The kinds of columns that an operator can compare with a value."""
    if operator in ("contains", "words"):
        return frozenset(("name",))
    is_date = value.kind == "date" or (value.kind == "text" and date_bounds(value.text) is not None)
    kinds: set[ColumnKind] = {"date"} if is_date else set()
    if value.kind == "number":
        kinds.add("number")
    if operator not in ("=", "in"):
        return frozenset(kinds)
    if value.kind == "truth":
        kinds |= {"truth", "number"}
    else:
        kinds |= {"name", "id"}
    if value.kind == "number" and value.low in (0, 1):
        kinds.add("truth")
    return frozenset(kinds)


def matching(tree: Filter, table: FieldTable) -> Bools:
    """bool[n_items], the items that meet a filter whose names are those of the table."""
    match tree:
        case AllOf(operands):
            mask = matching(operands[0], table)
            for operand in operands[1:]:
                mask &= matching(operand, table)
            return mask
        case AnyOf(operands):
            mask = matching(operands[0], table)
            for operand in operands[1:]:
                mask |= matching(operand, table)
            return mask
        case Not(operand):
            return ~matching(operand, table)
        case Presence(field):
            return _mask(table, (c.rows for c in table.of_name(field.name, field.inverse)))
        case Flag(field):
            flags = (c for c in table.of_name(field.name, field.inverse) if is_flag(c))
            return _mask(table, (c.items(1, 1) for c in flags if isinstance(c, NumberColumn)))
        case Comparison():
            return _mask(table, _compared(tree, table))


def is_flag(column: NumberColumn | NameColumn) -> bool:
    """Whether each of a column's values is true or false."""
    return isinstance(column, NumberColumn) and column.kind != "date" and column.is_flag


def as_date(value: Value) -> Value:
    """A value that is compared with dates: a text that is one has its bounds."""
    bounds = date_bounds(value.text) if value.kind == "text" else None
    return value if bounds is None else replace(value, low=bounds[0], high=bounds[1])


def _mask(table: FieldTable, groups: Iterator[Rows]) -> Bools:
    mask = np.zeros(table.n_items, dtype=np.bool_)
    for rows in groups:
        mask[rows] = True
    return mask


def _compared(comparison: Comparison, table: FieldTable) -> Iterator[Rows]:
    """Groups of rows; together those of the items that meet a comparison."""
    field, operator = comparison.field, comparison.operator
    values = comparison.values
    for column in table.of_name(field.name, field.inverse):
        if operator == "between":
            if all(column.kind in comparable(operator, value) for value in values):
                assert isinstance(column, NumberColumn)
                yield _between(column, *values)
            continue
        for value in values:
            if column.kind not in comparable(operator, value):
                continue
            if isinstance(column, NumberColumn):
                yield _in_order(column, operator, value)
            elif operator == "contains":
                yield column.items_with(value.text)
            elif operator == "words":
                yield column.items_with_words(value.text)
            elif (items := column.items_of(value.text)) is not None:
                yield items


def _in_order(column: NumberColumn, operator: Operator, value: Value) -> Rows:
    first, last = _bounds(column, value)
    match operator:
        case "<":
            return column.rows[:first]
        case "<=":
            return column.rows[:last]
        case ">":
            return column.rows[last:]
        case ">=":
            return column.rows[first:]
        case _:
            return column.rows[first:last]


def _between(column: NumberColumn, low: Value, high: Value) -> Rows:
    return column.rows[_bounds(column, low)[0] : _bounds(column, high)[1]]


def _bounds(column: NumberColumn, value: Value) -> tuple[int, int]:
    """How many values lie before ``value``, and how many up to its end; a day is an interval."""
    if column.kind == "date":
        value = as_date(value)
    first = column.below(value.low)
    return first, column.below(value.high) if value.high > value.low else column.up_to(value.low)
