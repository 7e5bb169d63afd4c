"""Columns of items that say when an item may be listed: hidden, available_from, available_until."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

from tastegraph.core.errors import TastegraphError
from tastegraph.core.messages import Message
from tastegraph.core.records import ALWAYS, Availability
from tastegraph.data.cells import columns
from tastegraph.data.cells.columns import WrongCells

HIDDEN, FROM, UNTIL = AVAILABILITY_COLUMNS = ("hidden", "available_from", "available_until")
"""Their names; they are stored with the other attributes of an item too."""
_ALWAYS: Final = (ALWAYS.hidden, ALWAYS.start, ALWAYS.end)
_TRUTHS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "n", "0", "0.0"), False),
}


def typed_availability(items: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[str, WrongCells]]]:
    """When the items of a frame may be listed, and which cells cannot be accepted.

    Args:
        items: of :mod:`tastegraph.core.item_columns`.

    Returns:
        A frame with ``hidden`` (Boolean), ``start`` and ``end`` (Float64, seconds since 1970-01-01
        UTC, or null), and the wrong cells by their column.
    """
    hidden, wrong_truths = _truths(_cells(items, HIDDEN))
    start, end = (columns.seconds(_cells(items, name)) for name in (FROM, UNTIL))
    inverted = (end.values <= start.values).fill_null(False)
    order = WrongCells(inverted, Message("expected.after_start"))
    wrong = [(HIDDEN, wrong_truths), *((FROM, cells) for cells in start.wrong),
             *((UNTIL, cells) for cells in end.wrong), (UNTIL, order)]  # fmt: skip
    several = (name for name in AVAILABILITY_COLUMNS if name in items.columns)
    for name in several:
        mask = (items[name].list.len() > 1).fill_null(False)
        wrong.append((name, WrongCells(mask, Message("expected.text"))))
    typed = pl.DataFrame({"hidden": hidden, "start": start.values, "end": end.values})
    return typed, [(name, cells) for name, cells in wrong if cells.mask.any()]


def availability_of(items: pl.DataFrame) -> Iterable[tuple[str, Availability]]:
    """Id of each item, and when it may be listed: always, where nothing says it.

    Raises:
        TastegraphError: a value cannot be accepted.
    """
    ids = items["item_id"].to_list()
    if not set(AVAILABILITY_COLUMNS) & set(items.columns):
        return [(item_id, ALWAYS) for item_id in ids]
    typed, wrong = typed_availability(items)
    for name, cells in wrong:
        row = int(cells.mask.arg_true()[0])
        value = items[name][row].to_list()
        raise TastegraphError(
            f"item {ids[row]!r}, {name!r}: {value[0] if len(value) == 1 else value!r} found, "
            f"{cells.expected} expected"
        )
    rows = zip(ids, typed.iter_rows(), strict=True)
    return [(item_id, ALWAYS if row == _ALWAYS else Availability(*row)) for item_id, row in rows]


def _cells(items: pl.DataFrame, name: str) -> pl.Series:
    """The single value of each item as text; null where it has none, or several."""
    if name not in items.columns:
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(items))
    lists = items[name]
    return lists.list.first().set((lists.list.len() > 1).fill_null(False), None)


def _truths(cells: pl.Series) -> tuple[pl.Series, WrongCells]:
    texts = cells.str.strip_chars().str.to_lowercase()
    truths = texts.replace_strict(dict(_TRUTHS), default=None, return_dtype=pl.Boolean)
    wrong = (truths.is_null() & texts.is_not_null()).fill_null(False)
    return truths.fill_null(False), WrongCells(wrong, Message("expected.truth"))
