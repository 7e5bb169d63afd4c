"""The catalogue at rest: items, how much is known of them, and whether that has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.records import Item
from tastegraph.store import changes
from tastegraph.store.provenance import USE
from tastegraph.store.schema import decisions, evidence, facts, items
from tastegraph.store.statements import BATCH, is_link


def put_items(connection: Connection, new: Iterable[Item]) -> int:
    """Add items; one that is there already is replaced. Returns how many were given."""
    statement = insert(items)
    statement = statement.on_conflict_do_update(
        index_elements=["item_id"],
        set_={name: statement.excluded[name] for name in ("title", "text", "attributes")},
    )
    total = 0
    stream = iter(new)
    changes.touch(connection)
    while batch := list(islice(stream, BATCH)):
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
    """Every item, by id."""
    rows = connection.execution_options(yield_per=BATCH).execute(
        select(items).order_by(items.c.item_id)
    )
    for item_id, title, text, attributes in rows:
        yield Item(item_id, title, text, {k: tuple(v) for k, v in attributes.items()})


def item(connection: Connection, item_id: str) -> Item | None:
    """One item; ``None`` where there is none of that id."""
    row = connection.execute(select(items).where(items.c.item_id == item_id)).first()
    if row is None:
        return None
    return Item(row.item_id, row.title, row.text, {k: tuple(v) for k, v in row.attributes.items()})


def counts(connection: Connection) -> dict[str, int]:
    """How many items, facts and links there are; a link is no fact here."""
    linked = connection.scalar(select(func.count()).select_from(facts).where(is_link())) or 0
    n_items, n_facts = (
        connection.scalar(select(func.count()).select_from(table)) or 0 for table in (items, facts)
    )
    return {"items": n_items, "facts": n_facts - linked, "links": linked}


def revision(connection: Connection) -> str:
    """Changes with every item, fact, support, link and decision.

    Not with what use says of items: that follows from the events.
    """
    digest = blake2b(digest_size=16)
    stated = select(evidence).where(evidence.c.source != USE)
    for table, query in (
        (items, select(items)),
        (evidence, stated),
        (decisions, select(decisions)),
    ):
        key = list(table.primary_key.columns)
        rows = connection.execution_options(yield_per=BATCH).execute(query.order_by(*key))
        for row in rows:
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
