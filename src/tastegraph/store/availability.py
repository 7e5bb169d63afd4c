"""Which items may be listed, and when: hidden ones, those with dates, and those delisted.

An item is delisted when an import that replaces the catalogue lacks it. Its history, its facts and
its part in the model stay; it is back as soon as any import has it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, or_, select

from tastegraph.core.records import ALWAYS, ENTITY, Availability
from tastegraph.store import revision
from tastegraph.store.schema import item_availability as table


class Restriction(NamedTuple):
    """An item that may not be listed at all times.

    Attributes:
        listed: whether it may be listed at any time: false where it is delisted or hidden.
        start, end: seconds since 1970-01-01 UTC between which it may; ``None`` without a bound.
    """

    item_id: str
    listed: bool
    start: float | None
    end: float | None


class StoredAvailability(NamedTuple):
    """What is stored of when an item may be listed.

    Attributes:
        delisted: whether the last import that replaced the catalogue lacks it.
        hidden: whether it is never listed.
        start, end: as of :class:`Restriction`.
    """

    delisted: bool = False
    hidden: bool = False
    start: float | None = None
    end: float | None = None


class AvailabilityCounts(NamedTuple):
    """How many items may not be listed at some moment, each counted once, by the first reason."""

    delisted: int
    hidden: int
    not_yet: int
    no_more: int


NONE_UNLISTED = AvailabilityCounts(0, 0, 0, 0)


class RelistedItems:
    """Counts the delisted items that an import brings back, and remembers what it has."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self.count = connection, 0
        run = connection.exec_driver_sql
        run("CREATE TEMP TABLE IF NOT EXISTS imported_items (item_id TEXT PRIMARY KEY)")
        run("DELETE FROM imported_items")

    def put(self, items: Iterable[tuple[str, Availability]]) -> None:
        """Store when items may be listed, in place of what was stored of them."""
        by_id = dict(items)
        if not by_id:
            return
        run, ids = self._connection.exec_driver_sql, [(item_id,) for item_id in by_id]
        run("INSERT OR IGNORE INTO imported_items VALUES (?)", ids)
        delisted_before = _number_of_delisted(self._connection)
        deleted = run("DELETE FROM item_availability WHERE item_id = ?", ids).rowcount
        self.count += delisted_before - _number_of_delisted(self._connection)
        rows = [
            (item_id, False, when.hidden, when.start, when.end)
            for item_id, when in by_id.items()
            if when != ALWAYS
        ]
        if rows:
            run("INSERT INTO item_availability VALUES (?, ?, ?, ?, ?)", rows)
        if rows or deleted:
            revision.record_availability_change(self._connection)

    def delist_others(self) -> int:
        """Delist all items that were not put, those of events too.

        Returns how many were listed until now.
        """
        delisted = self._connection.exec_driver_sql(
            "INSERT INTO item_availability SELECT item_id, 1, 0, NULL, NULL FROM "
            "(SELECT item_id FROM items UNION "
            "SELECT item_id FROM event_items WHERE substr(item_id, 1, ?) != ?) "
            "WHERE item_id NOT IN (SELECT item_id FROM imported_items) "
            "ON CONFLICT (item_id) DO UPDATE SET delisted = 1 WHERE NOT delisted",
            (len(ENTITY), ENTITY),
        ).rowcount
        if delisted:
            revision.record_availability_change(self._connection)
        return delisted


def forget(connection: Connection, item_id: str) -> None:
    """Delete what is stored of an item."""
    connection.execute(delete(table).where(table.c.item_id == item_id))


def restrictions(connection: Connection) -> list[Restriction]:
    """All items that may not be listed at all times."""
    rows = connection.execute(select(table).order_by(table.c.item_id))
    return [
        Restriction(row.item_id, not (row.delisted or row.hidden), row.start, row.end)
        for row in rows
    ]


def of_item(connection: Connection, item_id: str) -> StoredAvailability:
    """When one item may be listed."""
    row = connection.execute(select(table).where(table.c.item_id == item_id)).first()
    if row is None:
        return StoredAvailability()
    return StoredAvailability(bool(row.delisted), bool(row.hidden), row.start, row.end)


def starts(connection: Connection, now: float) -> list[tuple[str, float]]:
    """Id and start of the items that may be listed since a time before ``now``."""
    query = select(table.c.item_id, table.c.start).where(
        table.c.start <= now, ~table.c.delisted, ~table.c.hidden
    )
    return [(item_id, float(start)) for item_id, start in connection.execute(query)]


def withheld(connection: Connection, item_ids: Collection[str]) -> set[str]:
    """Those of some items that no list has, because they are delisted or hidden."""
    query = select(table.c.item_id).where(table.c.item_id.in_(item_ids))
    return set(connection.scalars(query.where(or_(table.c.delisted, table.c.hidden))))


def counts(connection: Connection, now: float) -> AvailabilityCounts:
    """How many stored items may not be listed at ``now``, in seconds since 1970-01-01 UTC."""
    row = connection.exec_driver_sql(
        "SELECT coalesce(sum(delisted), 0), coalesce(sum(NOT delisted AND hidden), 0), "
        "coalesce(sum(NOT delisted AND NOT hidden AND available_from > ?), 0), "
        "coalesce(sum(NOT delisted AND NOT hidden AND coalesce(available_from <= ?, 1) "
        "AND available_until <= ?), 0) FROM item_availability",
        (now, now, now),
    ).one()
    return AvailabilityCounts(*map(int, row))


def _number_of_delisted(connection: Connection) -> int:
    query = "SELECT count(*) FROM item_availability WHERE delisted"
    return int(connection.exec_driver_sql(query).scalar() or 0)
