"""The catalogue in the database: items, and how much is known about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import Connection, Select, func, or_, select

from tastegraph.core.item_columns import (
    attribute_names,
    derived_title,
    frame_of_items,
    item_frames,
)
from tastegraph.core.records import Item
from tastegraph.store import revision
from tastegraph.store.schema import facts, item_changes, items
from tastegraph.store.statements import ROWS_PER_BATCH, is_link

_PUT = """
INSERT INTO items (item_id, title, text, attributes) VALUES (?, ?, ?, ?)
ON CONFLICT (item_id) DO UPDATE
SET title = excluded.title, text = excluded.text, attributes = excluded.attributes
"""
_NOTE_CHANGE = """
INSERT INTO item_changes (item_id, revision) VALUES (?, ?)
ON CONFLICT (item_id) DO UPDATE SET revision = excluded.revision
"""


class ItemChanges(NamedTuple):
    """How the items of a frame differ from those that are stored.

    Attributes:
        frame: the items that are new or differ.
        replaced: ids of those of them that are stored.
        unchanged: number of the others.
    """

    frame: pl.DataFrame
    replaced: list[str]
    unchanged: int


def put_items(connection: Connection, new: Iterable[Item | pl.DataFrame]) -> int:
    """Add items, or replace those of the same id; the last of one id counts.

    Args:
        connection: of a writer.
        new: single items, or frames of them (:mod:`tastegraph.core.item_columns`).

    Returns:
        How many there were.
    """
    total = 0
    revision.record_change(connection)
    number = revision.record_item_change(connection)
    for frame in item_frames(new):
        total += len(frame)
        rows = _rows(frame).rows()
        if rows:
            connection.exec_driver_sql(_PUT, rows)
            changed = [(item_id, number) for item_id in frame["item_id"]]
            connection.exec_driver_sql(_NOTE_CHANGE, changed)
    return total


def changes(connection: Connection, frame: pl.DataFrame) -> ItemChanges:
    """Compare a frame of items, each with an id of its own, with those that are stored."""
    run = connection.exec_driver_sql
    if run("SELECT 1 FROM items LIMIT 1").first() is None:
        return ItemChanges(frame, [], 0)
    run("CREATE TEMP TABLE IF NOT EXISTS candidates (item_id TEXT PRIMARY KEY) WITHOUT ROWID")
    run("DELETE FROM candidates")
    run("INSERT OR IGNORE INTO candidates VALUES (?)", [(name,) for name in frame["item_id"]])
    query = "SELECT item_id, title, text, attributes FROM candidates JOIN items USING (item_id)"
    rows = _rows(frame)
    stored = pl.DataFrame(
        [tuple(row) for row in run(query)], schema=dict(rows.schema), orient="row"
    )
    run("DELETE FROM candidates")
    is_same = rows.join(stored.with_columns(same=True), on=rows.columns, how="left",
                        maintain_order="left")["same"].fill_null(False)  # fmt: skip
    changed = frame.filter(~is_same)
    replaced = changed["item_id"].filter(changed["item_id"].is_in(stored["item_id"].implode()))
    return ItemChanges(changed, replaced.to_list(), int(is_same.sum()))


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of the table of items."""
    return frame.select("item_id", "title", "text", _attributes(frame))


def _attributes(frame: pl.DataFrame) -> pl.Series:
    """JSON: attribute → its values, of each item."""
    # Series and not expressions: pl.col would take a name such as "*" for a pattern.
    members = []
    for name in attribute_names(frame):
        values = frame.get_column(name)
        member = values.to_frame().to_struct("member").struct.json_encode()
        member = member.str.strip_prefix("{").str.strip_suffix("}")
        members.append(member.set(~(values.list.len() > 0).fill_null(False), None))
    if not members:
        return pl.Series("attributes", ["{}"]).new_from_index(0, len(frame))
    inner = pl.concat_str(members, separator=",", ignore_nulls=True)
    return pl.select(pl.concat_str(pl.lit("{"), inner, pl.lit("}")).alias("attributes")).to_series()


def stored_frames(connection: Connection) -> Iterator[pl.DataFrame]:
    """Every item in frames, as it was put: with an empty title where it has none."""
    return _frames(connection, select(items))


def frames_since(connection: Connection, number: int) -> Iterator[pl.DataFrame]:
    """The items that were put after the catalogue had changed ``number`` times, in frames.

    See :func:`~tastegraph.store.revision.item_change_count`.
    """
    changed = item_changes.c.item_id == items.c.item_id
    query = select(items).join(item_changes, changed).where(item_changes.c.revision > number)
    return _frames(connection, query)


def _frames(connection: Connection, query: Select[Any]) -> Iterator[pl.DataFrame]:
    rows = connection.execution_options(yield_per=ROWS_PER_BATCH).execute(query)
    for batch in rows.partitions():
        yield frame_of_items([
            Item(item_id, title, text, {name: tuple(v) for name, v in attributes.items()})
            for item_id, title, text, attributes in batch
        ])  # fmt: skip


def all_items(connection: Connection) -> Iterator[Item]:
    """Yield every item, in the order of their ids."""
    rows = connection.execution_options(yield_per=ROWS_PER_BATCH).execute(
        select(items).order_by(items.c.item_id)
    )
    return (_item(*row) for row in rows)


def get_item(connection: Connection, item_id: str) -> Item | None:
    """Return one item, or ``None`` where there is none of this id."""
    row = connection.execute(select(items).where(items.c.item_id == item_id)).first()
    return None if row is None else _item(*row)


def items_after(connection: Connection, item_id: str, n: int) -> list[Item]:
    """The ``n`` items whose ids come next after ``item_id``, in the order of their ids."""
    later = select(items).where(items.c.item_id > item_id).order_by(items.c.item_id).limit(n)
    return [_item(*row) for row in connection.execute(later)]


def search(connection: Connection, text: str, n: int) -> list[Item]:
    """Up to ``n`` items that have ``text`` as their id or in their title or text.

    Ids come first, then titles that begin with it, then other titles, then texts. A through Z are
    equal in both cases.
    """
    in_title = items.c.title.icontains(text, autoescape=True)
    is_id, begins = items.c.item_id == text, items.c.title.istartswith(text, autoescape=True)
    query = select(items).where(or_(is_id, in_title, items.c.text.icontains(text, autoescape=True)))
    order = is_id.desc(), begins.desc(), in_title.desc(), items.c.item_id
    return [_item(*row) for row in connection.execute(query.order_by(*order).limit(n))]


def item_as_put(connection: Connection, item_id: str) -> Item | None:
    """One item as it was put: with an empty title where it has none."""
    row = connection.execute(select(items).where(items.c.item_id == item_id)).first()
    return None if row is None else Item(*row)


def ids_by_value(connection: Connection, attribute: str) -> dict[str, set[str]]:
    """Value of an attribute → ids of the items that have it."""
    ids: dict[str, set[str]] = {}
    value = func.json_each(items.c.attributes, f'$."{attribute}"').table_valued("value").c.value
    for item_id, name in connection.execute(select(items.c.item_id, value)):
        ids.setdefault(name, set()).add(item_id)
    return ids


def _item(item_id: str, title: str, text: str, attributes: dict[str, list[str]]) -> Item:
    title = title or derived_title(text)
    return Item(item_id, title, text, {name: tuple(v) for name, v in attributes.items()})


def item_count(connection: Connection) -> int:
    """Number of items."""
    return connection.scalar(select(func.count()).select_from(items)) or 0


def counts(connection: Connection) -> dict[str, int]:
    """Number of items, facts and links; links are not counted as facts."""
    linked = connection.scalar(select(func.count()).select_from(facts).where(is_link())) or 0
    n_facts = connection.scalar(select(func.count()).select_from(facts)) or 0
    return {"items": item_count(connection), "facts": n_facts - linked, "links": linked}
