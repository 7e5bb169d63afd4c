"""Columns of items that say when an item may be listed: hidden, available_from, available_until."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.messages import Message
from tastegraph.core.records import ALWAYS, Availability, Item
from tastegraph.data.typed_row import TypedRow

HIDDEN, FROM, UNTIL = AVAILABILITY_COLUMNS = ("hidden", "available_from", "available_until")
"""Their names; they are stored with the other attributes of an item too."""
_TRUTHS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "n", "0", "0.0"), False),
}


def availability_from(
    attributes: Mapping[str, Sequence[str]], file: str, line: int
) -> Availability:
    """When an item with these attributes may be listed; always, where none of them says it.

    Args:
        attributes: of the item.
        file, line: where it stands.

    Raises:
        RowError: a value cannot be accepted.
    """
    cells: dict[str, object] = {
        name: values[0] if len(values) == 1 else list(values)
        for name in AVAILABILITY_COLUMNS
        if (values := attributes.get(name))
    }
    if not cells:
        return ALWAYS
    row = TypedRow(cells, file, line)
    start, end = row.timestamp(FROM), row.timestamp(UNTIL)
    if start is not None and end is not None and end <= start:
        raise row.error(UNTIL, Message("expected.after_start"))
    return Availability(_truth(row), start, end)


def availability_of(item: Item) -> Availability:
    """The same of an item.

    Raises:
        TastegraphError: a value of it cannot be accepted.
    """
    try:
        return availability_from(item.attributes, "items", 0)
    except RowError as error:
        raise TastegraphError(
            f"item {item.item_id!r}, {error.column!r}: {error.value!r} found, "
            f"{error.expected} expected"
        ) from None


def _truth(row: TypedRow) -> bool:
    cell = row.value(HIDDEN)
    if cell is None:
        return False
    truth = _TRUTHS.get(cell.strip().lower()) if isinstance(cell, str) else None
    if truth is None:
        raise row.error(HIDDEN, Message("expected.truth"))
    return truth
