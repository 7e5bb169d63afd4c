"""The facts that item columns state: at any time those of the items that there are, no others.

A column states that an item has a relation to an entity, and how that entity is called. The name
belongs to no item: it goes with the last item that has the entity. Names that are spelled in
several ways are one entity (:mod:`~tastegraph.store.entity_names`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import polars as pl
from sqlalchemy import Connection

from tastegraph.core.progress import say
from tastegraph.core.records import ITEM, LABEL, SAME_AS, Availability
from tastegraph.store import entity_names, provenance, statements
from tastegraph.store.schema import CATALOGUE

_AFTER_ITEM = ITEM[:-1] + chr(ord(ITEM[-1]) + 1)
"""No subject that begins with :data:`~tastegraph.core.records.ITEM` is as large as this one."""


class ItemColumns(Protocol):
    """What the columns of items state under one configuration."""

    @property
    def digest(self) -> str:
        """A hash of the configuration."""
        ...

    def of(self, items: pl.DataFrame) -> pl.DataFrame:
        """A frame of the facts of items that were read under this configuration."""
        ...

    def availability(self, items: pl.DataFrame) -> Iterable[tuple[str, Availability]]:
        """Id of each item, and when it may be listed."""
        ...

    def of_stored(self, items: pl.DataFrame) -> pl.DataFrame:
        """The same as :meth:`of`, of items that were read under any configuration."""
        ...


def is_current(connection: Connection, columns: ItemColumns) -> bool:
    """Whether the stored facts are those of this configuration."""
    return provenance.digests(connection).get(CATALOGUE) == columns.digest


class CatalogueFacts:
    """States what the columns of the items of one import say, in place of what they said before.

    :func:`drop_unused_names` must follow.

    Attributes:
        count: how many distinct facts were stated so far.
    """

    def __init__(self, connection: Connection, columns: ItemColumns) -> None:
        self.count = 0
        self._connection, self._columns = connection, columns
        self._named: set[str] = set()

    def put(self, items: pl.DataFrame, stored: Sequence[str]) -> None:
        """State what the columns of ``items`` say.

        Args:
            items: a frame of items, each with an id of its own.
            stored: ids of those that the catalogue had before.
        """
        release_entities(self._connection, stored)
        subjects = [ITEM + item_id for item_id in stored]
        statements.withdraw(self._connection, subjects, CATALOGUE)
        facts = self._columns.of(items)
        is_name = _is_name(facts)
        names = facts.filter(is_name)
        new = [entity not in self._named for entity in names["subject"]]
        self._named.update(names["subject"])
        entity_names.note(self._connection, _named(names))
        stated = [facts.filter(~is_name), names.filter(pl.Series(new, dtype=pl.Boolean))]
        self.count += statements.put_facts(self._connection, stated, CATALOGUE).distinct


def _noted(connection: Connection, facts: pl.DataFrame) -> pl.DataFrame:
    """The same facts, after the entities that they name have been noted."""
    entity_names.note(connection, _named(facts.filter(_is_name(facts))))
    return facts


def _is_name(facts: pl.DataFrame) -> pl.Series:
    """Which facts name an entity."""
    return (facts["relation"] == LABEL) & ~facts["subject"].str.starts_with(ITEM)


def _named(names: pl.DataFrame) -> list[tuple[str, str]]:
    """Entity and name of label facts."""
    return list(zip(names["subject"], names["object"], strict=True))


def release_entities(connection: Connection, item_ids: Sequence[str]) -> None:
    """Note the entities of items whose facts are about to be deleted; items have no such names.

    When they are deleted, :func:`drop_unused_names` must follow.
    """
    run = connection.exec_driver_sql
    run("CREATE TEMP TABLE IF NOT EXISTS released (entity TEXT PRIMARY KEY) WITHOUT ROWID")
    if not item_ids:
        return
    run(
        "INSERT OR IGNORE INTO released SELECT object FROM facts JOIN evidence USING (fact_id) "
        "WHERE subject = ? AND source = ? AND NOT literal AND NOT (object >= ? AND object < ?)",
        [(ITEM + item_id, CATALOGUE, ITEM, _AFTER_ITEM) for item_id in item_ids],
    )


def drop_unused_names(connection: Connection) -> int:
    """Delete the names of entities that no item has any more, and unify spellings.

    That concerns what has changed since the last call. Returns how many facts were deleted.
    """
    dropped = _drop_released(connection)
    _announce(entity_names.unify_spellings(connection))
    return dropped


def _drop_released(connection: Connection) -> int:
    run = connection.exec_driver_sql
    run("CREATE TEMP TABLE IF NOT EXISTS released (entity TEXT PRIMARY KEY) WITHOUT ROWID")
    if not run("SELECT count(*) FROM released").scalar():
        return 0
    entity_names.note_released(connection)
    run(
        "DELETE FROM released WHERE entity IN ("
        "SELECT object FROM facts JOIN evidence USING (fact_id) "
        "WHERE subject >= ? AND subject < ? AND source = ? AND NOT literal)",
        (ITEM, _AFTER_ITEM, CATALOGUE),
    )
    run(
        "DELETE FROM evidence WHERE source = ? AND fact_id IN ("
        "SELECT fact_id FROM facts JOIN released ON subject = entity "
        "WHERE (relation = ? AND literal) OR relation = ?)",
        (CATALOGUE, LABEL, SAME_AS),
    )
    dropped = run(
        "DELETE FROM facts WHERE subject IN (SELECT entity FROM released) "
        "AND NOT EXISTS (SELECT 1 FROM evidence WHERE evidence.fact_id = facts.fact_id)"
    ).rowcount
    entity_names.forget_unused(connection)
    run("DELETE FROM released")
    return dropped


def _announce(spellings: Mapping[str, Sequence[str]]) -> None:
    """Say which names have several spellings."""
    if spellings:
        label, others = min(spellings.items())
        say(
            f"{len(spellings):,} names in item columns have several spellings and are one entity "
            f"each, such as “{label}” and “{others[0]}”"
        )


def state_anew(connection: Connection, items: Iterable[pl.DataFrame], columns: ItemColumns) -> None:
    """State what the columns of all ``items`` say, in place of all that columns said before.

    :func:`drop_unused_names` must follow.

    Args:
        connection: of a writer.
        items: frames of all that are stored.
        columns: the present configuration.
    """
    provenance.withdraw_source(connection, CATALOGUE)
    entity_names.forget_all(connection)
    facts = (_noted(connection, columns.of_stored(frame)) for frame in items)
    statements.put_facts(connection, facts, CATALOGUE)
    provenance.drop_unsupported(connection)
    provenance.stamp(connection, CATALOGUE, columns.digest)
