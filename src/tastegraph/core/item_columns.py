"""Items as columns of a frame, the form in which many of them travel.

A frame of items has the columns ``item_id``, ``title`` and ``text`` (String, without nulls; an
item without a title or text has an empty one), and one column of List(String) for each attribute:
null where an item does not have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from textwrap import shorten

import polars as pl

from tastegraph.core.records import Item

ITEM_FIELDS = ("item_id", "title", "text")
RECORDS_PER_FRAME = 10_000
MAX_DERIVED_TITLE = 60
"""Characters of a title that is made of the first words of a text."""


def frame_of_items(items: Sequence[Item]) -> pl.DataFrame:
    """The same items as one frame."""
    fields = {name: [getattr(item, name) for item in items] for name in ITEM_FIELDS}
    names = merged_order({tuple(item.attributes): None for item in items})
    attributes = {name: [_values(item, name) for item in items] for name in names}
    schema = dict.fromkeys(ITEM_FIELDS, pl.String) | {name: pl.List(pl.String) for name in names}
    return pl.DataFrame(fields | attributes, schema=schema)


def items_of(frame: pl.DataFrame) -> Iterator[Item]:
    """The rows of a frame as single items, each with a title."""
    names = attribute_names(frame)
    for item_id, title, text, *attributes in frame.select(*ITEM_FIELDS, *names).iter_rows():
        pairs = zip(names, attributes, strict=True)
        title = title or derived_title(text)
        yield Item(item_id, title, text, {name: tuple(texts) for name, texts in pairs if texts})


def item_frames(items: Iterable[Item | pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Items in frames; each element is one item or a frame of items."""
    for batch in item_batches(items):
        yield batch if isinstance(batch, pl.DataFrame) else frame_of_items(batch)


def item_batches(items: Iterable[Item | pl.DataFrame]) -> Iterator[list[Item] | pl.DataFrame]:
    """Frames as they are, and single items in lists."""
    records: list[Item] = []
    for element in items:
        if isinstance(element, pl.DataFrame):
            if records:
                yield records
                records = []
            yield element
            continue
        records.append(element)
        if len(records) == RECORDS_PER_FRAME:
            yield records
            records = []
    if records:
        yield records


def derived_title(text: str) -> str:
    """What an item without a title is called: the first words of its text; empty without a text.

    Lists and reasons show the id of an item without any name; no language model reads it.
    """
    line = text.strip().partition("\n")[0]
    words = shorten(line, MAX_DERIVED_TITLE, placeholder="…")
    return line[: MAX_DERIVED_TITLE - 1] + "…" if words == "…" else words


def attribute_names(frame: pl.DataFrame) -> list[str]:
    """The columns of a frame of items that are attributes."""
    return [name for name in frame.columns if name not in ITEM_FIELDS]


def merged_order(rows: Iterable[Sequence[str]]) -> list[str]:
    """All names of ``rows``, in the order that the rows have in common, else the alphabet's.

    The order of the rows does not matter.
    """
    before: dict[str, set[str]] = {}
    for names in rows:
        for name in names:
            before.setdefault(name, set())
        for first, second in pairwise(names):
            before[second].add(first)
    sorter = TopologicalSorter(before)
    ordered: list[str] = []
    try:
        sorter.prepare()
    except CycleError:
        return sorted(before)
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += ready
        sorter.done(*ready)
    return ordered


def _values(item: Item, name: str) -> list[str] | None:
    return list(item.attributes.get(name, ())) or None
