"""Whether a filter fits the catalogue: its names are known, and its values of the right kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from rapidfuzz import fuzz, process

from tastegraph.core.errors import FilterError
from tastegraph.core.messages import Message
from tastegraph.core.spelling import folded
from tastegraph.filters.columns import ColumnKind
from tastegraph.filters.evaluation import as_date, comparable, is_flag
from tastegraph.filters.fields import NameColumn, NumberColumn
from tastegraph.filters.syntax import (
    AllOf,
    AnyOf,
    Comparison,
    FieldName,
    Filter,
    Flag,
    Not,
    Place,
    Presence,
    Value,
)

Columns = Sequence[NumberColumn | NameColumn]
MAX_NAMES = 12
"""Names that an error lists."""
MIN_SIMILARITY = 60
"""Of 100, from which a name is proposed in place of an unknown one."""
MAX_SUGGESTIONS = 3
_LOCAL_NAME = re.compile(r"[/#]([^/#]+)$")


@dataclass(frozen=True)
class FilterCheck:
    """Checks filters against the columns that there are.

    Attributes:
        columns: name and direction → columns, the attribute's and the relation's.
    """

    columns: Mapping[tuple[str, bool], Columns]

    def checked(self, tree: Filter, text: str) -> Filter:
        """The same tree with every name as the catalogue writes it.

        Args:
            tree: the filter.
            text: what it was read from.

        Raises:
            FilterError: a name is unknown, or a value of another kind than its column.
        """
        again = partial(self.checked, text=text)
        match tree:
            case AllOf(operands):
                return AllOf(tuple(map(again, operands)))
            case AnyOf(operands):
                return AnyOf(tuple(map(again, operands)))
            case Not(operand):
                return Not(again(operand))
            case Presence(field):
                return Presence(self._known(field, text))
            case Flag(field):
                known = self._known(field, text)
                self._check_flag(known, text)
                return Flag(known)
            case Comparison(field):
                comparison = replace(tree, field=self._known(field, text))
                self._check_comparison(comparison, text)
                return comparison

    def of(self, field: FieldName) -> Columns:
        """The columns of a known name."""
        return self.columns[field.name, field.inverse]

    def _known(self, field: FieldName, text: str) -> FieldName:
        """The name as the catalogue has it: in its letter case, an IRI by its last part."""
        names = [name for name, inverse in self.columns if inverse == field.inverse]
        if field.name in names:
            return field
        for key in (folded, _local_name):
            same = [name for name in names if key(name) == folded(field.name)]
            if len(same) == 1:
                return replace(field, name=same[0])
        fault = Message("filter.no_field", name=repr(field.name))
        if field.inverse and (field.name, False) in self.columns:
            fault = Message("filter.no_inverse", name=repr(field.name))
        near = near_texts(field.name, names, key=_processed)
        if near:
            quoted = Message("filter.either", one=near[0], other=near[1]) if near[1:] else near[0]
            fault = Message("filter.nearest", fault=fault, names=quoted)
        elif names:
            listed = sorted(names)[:MAX_NAMES] + ["…"] * (len(names) > MAX_NAMES)
            fault = Message("filter.hint", fault=fault, hint=Message("filter.fields", names=listed))
        elif not self.columns:
            fault = Message("filter.hint", fault=fault, hint=Message("filter.no_fields"))
        raise FilterError(fault, text, *field.place)

    def _check_flag(self, field: FieldName, text: str) -> None:
        if not any(map(is_flag, self.of(field))):
            fault = Message("filter.not_flag", name=field.name, kind=_kind(self.of(field)))
            hint = Message("filter.use_has", name=str(field))
            raise _error(fault, hint, text, field.place)

    def _check_comparison(self, comparison: Comparison, text: str) -> None:
        columns, name = self.of(comparison.field), comparison.field.name
        kinds = {column.kind for column in columns}
        for value in comparison.values:
            if kinds & self._fitting(comparison, value):
                continue
            if comparison.operator in ("contains", "words"):
                fault, hint = Message("filter.not_text", name=name, kind=_kind(columns)), None
                raise _error(fault, hint, text, comparison.field.place)
            is_order = comparison.operator not in ("=", "in")
            if is_order and not kinds & {"number", "date"}:
                fault = Message("filter.not_ordered", name=name, kind=_kind(columns))
                raise _error(fault, _why_text(columns), text, comparison.field.place)
            kind, other = _kind(columns), Message(f"filter.kind.{value.kind}")
            fault = Message("filter.type", name=name, kind=kind, value=str(value), other=other)
            raise _error(fault, _remedy(kinds, value), text, value.place)
        if comparison.operator == "between":
            low, high = map(as_date, comparison.values)
            if low.low > high.high:
                fault = Message("filter.inverted", low=str(low), high=str(high))
                raise _error(fault, None, text, low.place)

    def _fitting(self, comparison: Comparison, value: Value) -> frozenset[ColumnKind]:
        kinds = comparable(comparison.operator, value)
        if value.kind == "truth" and not any(map(is_flag, self.of(comparison.field))):
            return kinds - {"number"}
        return kinds


def near_texts(
    text: str, texts: Collection[str], most: int = 2, key: Callable[[str], str] | None = None
) -> list[str]:
    """The texts that are most like ``text``, if any are; folded ones, or by their ``key``."""
    near = process.extract(
        folded(text), texts, scorer=fuzz.ratio, processor=key, limit=most,
        score_cutoff=MIN_SIMILARITY,
    )  # fmt: skip
    return [name for name, _, _ in near]


def _processed(text: str) -> str:
    return _local_name(text) or folded(text)


def _local_name(name: str) -> str:
    match = _LOCAL_NAME.search(name)
    return folded(match[1]) if match else ""


def _kind(columns: Columns) -> Message:
    kinds = dict.fromkeys(
        "name" if c.kind == "id" and len(columns) > 1 else c.kind for c in columns
    )
    one, *others = (Message(f"filter.kind.{kind}") for kind in kinds)
    for other in others:
        one = Message("filter.either", one=one, other=other)
    return one


def _why_text(columns: Columns) -> Message:
    """Why there is no order, or what to use in its place."""
    example = next((c.example for c in columns if c.kind == "name" and c.example), "")
    if example:
        return Message("filter.not_all_numbers", example=repr(example))
    return Message("filter.use_equal")


def _remedy(kinds: Collection[ColumnKind], value: Value) -> Message | None:
    if "date" in kinds and value.kind in ("number", "text"):
        return Message("filter.use_date")
    if value.kind == "text" and "number" in kinds and re.fullmatch(r"-?\d+(\.\d+)?", value.text):
        return Message("filter.no_quotes", value=value.text)
    return None


def _error(fault: Message, hint: Message | None, text: str, place: Place) -> FilterError:
    if hint is not None:
        fault = Message("filter.hint", fault=fault, hint=hint)
    return FilterError(fault, text, *place)
