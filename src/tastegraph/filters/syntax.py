"""A filter as a tree. ``str`` of a tree is a filter that reads as the same tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tastegraph.filters.tokens import KEYWORDS

Operator = Literal["=", "<", "<=", ">", ">=", "in", "between", "contains", "words"]
ValueKind = Literal["number", "date", "text", "truth"]
Place: TypeAlias = tuple[int, int]
_PLAIN_NAME = re.compile(r"[^\W\d][\w.:]*")


@dataclass(frozen=True)
class FieldName:
    """The name of an attribute or relation.

    Attributes:
        inverse: whether the item is the object of the relation.
        place: first and last character + 1 in the filter.
    """

    name: str
    inverse: bool = False
    place: Place = field(default=(0, 0), compare=False, repr=False)

    def __str__(self) -> str:
        is_plain = _PLAIN_NAME.fullmatch(self.name) and self.name.lower() not in KEYWORDS
        name = self.name if is_plain else "`{}`".format(self.name.replace("`", "``"))
        return f"inverse {name}" if self.inverse else name


@dataclass(frozen=True)
class Value:
    """A value that a filter names.

    Attributes:
        kind: of value.
        text: a text without its quotes; of all others what is written there.
        low, high: of a number the number twice, of a date the seconds since 1970-01-01 UTC at which
            it begins and ends: a day ends where the next one begins. 0 or 1 for false and true.
    """

    kind: ValueKind
    text: str
    low: float = 0.0
    high: float = 0.0
    place: Place = field(default=(0, 0), compare=False, repr=False)

    def __str__(self) -> str:
        if self.kind != "text":
            return self.text
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


@dataclass(frozen=True)
class Comparison:
    """True where any value of the field stands in this relation to ``values``."""

    field: FieldName
    operator: Operator
    values: tuple[Value, ...]

    def __str__(self) -> str:
        values = [str(value) for value in self.values]
        if self.operator == "in":
            return f"{self.field} in [{', '.join(values)}]"
        if self.operator == "between":
            return f"{self.field} between {values[0]} and {values[1]}"
        operator = "contains words" if self.operator == "words" else self.operator
        return f"{self.field} {operator} {values[0]}"


@dataclass(frozen=True)
class Presence:
    """True where the field has any value."""

    field: FieldName

    def __str__(self) -> str:
        return f"has {self.field}"


@dataclass(frozen=True)
class Flag:
    """True where the field is true."""

    field: FieldName

    def __str__(self) -> str:
        return str(self.field)


@dataclass(frozen=True)
class Not:
    """True where the operand is false."""

    operand: Filter

    def __str__(self) -> str:
        return f"not {_grouped(self.operand)}"


@dataclass(frozen=True)
class AllOf:
    """True where every operand is."""

    operands: tuple[Filter, ...]

    def __str__(self) -> str:
        return " and ".join(_grouped(operand) for operand in self.operands)


@dataclass(frozen=True)
class AnyOf:
    """True where an operand is."""

    operands: tuple[Filter, ...]

    def __str__(self) -> str:
        return " or ".join(_grouped(operand) for operand in self.operands)


Filter: TypeAlias = Comparison | Presence | Flag | Not | AllOf | AnyOf


def _grouped(operand: Filter) -> str:
    return f"({operand})" if isinstance(operand, AllOf | AnyOf) else str(operand)


def conjuncts(tree: Filter) -> Iterator[Filter]:
    """The conditions that must all hold for a filter to hold, in the order of the filter."""
    if isinstance(tree, AllOf):
        for operand in tree.operands:
            yield from conjuncts(operand)
    else:
        yield tree


def fields_of(tree: Filter) -> Iterator[FieldName]:
    """The names that a filter looks at, in its order; one may come several times."""
    match tree:
        case AllOf(operands) | AnyOf(operands):
            for operand in operands:
                yield from fields_of(operand)
        case Not(operand):
            yield from fields_of(operand)
        case _:
            yield tree.field
