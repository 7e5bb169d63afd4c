"""The catalogue in the database: items, and how much is known about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.records import Item
from tastegraph.store import revision
from tastegraph.store.schema import facts, items
from tastegraph.store.statements import ROWS_PER_BATCH, is_link


def put_items(connection: Connection, new: Iterable[Item]) -> int:
    """Add items, or replace those of the same id. Returns how many there were."""
    statement = insert(items)
    statement = statement.on_conflict_do_update(
        index_elements=["item_id"],
        set_={name: statement.excluded[name] for name in ("title", "text", "attributes")},
    )
    total = 0
    stream = iter(new)
    revision.record_change(connection)
    while batch := list(islice(stream, ROWS_PER_BATCH)):
        total += len(batch)
        connection.execute(
            statement,
            [
                {
                    "item_id": item.item_id,
                    "title": item.title,
                    "text": item.text,
                    "attributes": {k: list(v) for k, v in item.attributes.items()},
                }
                for item in batch
            ],
        )
    return total


def all_items(connection: Connection) -> Iterator[Item]:
    """Yield every item, in the order of their ids."""
    rows = connection.execution_options(yield_per=ROWS_PER_BATCH).execute(
        select(items).order_by(items.c.item_id)
    )
    for item_id, title, text, attributes in rows:
        yield Item(item_id, title, text, {k: tuple(v) for k, v in attributes.items()})


def get_item(connection: Connection, item_id: str) -> Item | None:
    """Return one item, or ``None`` where there is none of this id."""
    row = connection.execute(select(items).where(items.c.item_id == item_id)).first()
    if row is None:
        return None
    return Item(row.item_id, row.title, row.text, {k: tuple(v) for k, v in row.attributes.items()})


def item_count(connection: Connection) -> int:
    """Number of items."""
    return connection.scalar(select(func.count()).select_from(items)) or 0


def counts(connection: Connection) -> dict[str, int]:
    """Number of items, facts and links; links are not counted as facts."""
    linked = connection.scalar(select(func.count()).select_from(facts).where(is_link())) or 0
    n_facts = connection.scalar(select(func.count()).select_from(facts)) or 0
    return {"items": item_count(connection), "facts": n_facts - linked, "links": linked}
