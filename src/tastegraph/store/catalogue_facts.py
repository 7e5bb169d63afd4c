"""The facts that item columns state: at any time those of the items that there are, no others.

A column states that an item has a relation to an entity, and how that entity is called. The name
belongs to no item: it goes with the last item that has the entity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection

from tastegraph.core.records import ITEM, LABEL, Availability, Fact, Item
from tastegraph.store import provenance, statements
from tastegraph.store.schema import CATALOGUE

_AFTER_ITEM = ITEM[:-1] + chr(ord(ITEM[-1]) + 1)
"""No subject that begins with :data:`~tastegraph.core.records.ITEM` is as large as this one."""


class ItemColumns(Protocol):
    """What the columns of items state under one configuration."""

    @property
    def digest(self) -> str:
        """A hash of the configuration."""
        ...

    def of(self, item: Item) -> Iterable[Fact]:
        """The facts of an item that was read under this configuration."""
        ...

    def availability(self, item: Item) -> Availability:
        """When an item may be listed."""
        ...

    def of_stored(self, item: Item) -> Iterable[Fact]:
        """The facts of an item that may have been read under another configuration."""
        ...


def is_current(connection: Connection, columns: ItemColumns) -> bool:
    """Whether the stored facts are those of this configuration."""
    return provenance.digests(connection).get(CATALOGUE) == columns.digest


def replace_facts(connection: Connection, items: Sequence[Item], columns: ItemColumns) -> int:
    """State what the columns of ``items`` say, in place of what they said before.

    Of items of one id the last one counts, as in the catalogue. :func:`drop_unused_names` must
    follow. Returns how many distinct facts there are.
    """
    by_id = {item.item_id: item for item in items}
    release_entities(connection, list(by_id))
    statements.withdraw(connection, [ITEM + item_id for item_id in by_id], CATALOGUE)
    stated = (fact for item in by_id.values() for fact in columns.of(item))
    return statements.put_facts(connection, stated, CATALOGUE).distinct


def release_entities(connection: Connection, item_ids: Sequence[str]) -> None:
    """Note the entities of items whose facts are about to be deleted; items have no such names.

    When they are deleted, :func:`drop_unused_names` must follow.
    """
    run = connection.exec_driver_sql
    run("CREATE TEMP TABLE IF NOT EXISTS released (entity TEXT PRIMARY KEY) WITHOUT ROWID")
    run(
        "INSERT OR IGNORE INTO released SELECT object FROM facts JOIN evidence USING (fact_id) "
        "WHERE subject = ? AND source = ? AND NOT literal AND NOT (object >= ? AND object < ?)",
        [(ITEM + item_id, CATALOGUE, ITEM, _AFTER_ITEM) for item_id in item_ids],
    )


def drop_unused_names(connection: Connection) -> int:
    """Delete the names of entities that no item has any more, since the last call.

    Returns how many facts that were.
    """
    run = connection.exec_driver_sql
    run("CREATE TEMP TABLE IF NOT EXISTS released (entity TEXT PRIMARY KEY) WITHOUT ROWID")
    if not run("SELECT count(*) FROM released").scalar():
        return 0
    run(
        "DELETE FROM released WHERE entity IN ("
        "SELECT object FROM facts JOIN evidence USING (fact_id) "
        "WHERE subject >= ? AND subject < ? AND source = ? AND NOT literal)",
        (ITEM, _AFTER_ITEM, CATALOGUE),
    )
    run(
        "DELETE FROM evidence WHERE source = ? AND fact_id IN ("
        "SELECT fact_id FROM facts JOIN released ON subject = entity "
        "WHERE relation = ? AND literal)",
        (CATALOGUE, LABEL),
    )
    dropped = run(
        "DELETE FROM facts WHERE subject IN (SELECT entity FROM released) "
        "AND NOT EXISTS (SELECT 1 FROM evidence WHERE evidence.fact_id = facts.fact_id)"
    ).rowcount
    run("DELETE FROM released")
    return dropped


def state_anew(connection: Connection, items: Iterable[Item], columns: ItemColumns) -> None:
    """State what the columns of all ``items`` say, in place of all that columns said before.

    Args:
        connection: of a writer.
        items: all that are stored.
        columns: the present configuration.
    """
    provenance.withdraw_source(connection, CATALOGUE)
    stated = (fact for item in items for fact in columns.of_stored(item))
    statements.put_facts(connection, stated, CATALOGUE)
    provenance.drop_unsupported(connection)
    provenance.stamp(connection, CATALOGUE, columns.digest)
