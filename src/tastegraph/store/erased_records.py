"""Records of erased users and items in an import: left out, or restored where that is wanted.

Of an erased id only a digest is stored. An older file that still has the id would bring it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Table, select, update

from tastegraph.core.records import Event, User
from tastegraph.store.erasure import RESTORED, id_digest
from tastegraph.store.schema import erased_items, erasures

if TYPE_CHECKING:
    import polars as pl


class ErasedIds:
    """The erased users, or the erased items, by their digests.

    Args:
        connection: of a writer where ``restore`` is true.
        table: of their digests.
        restore: whether an erased id that is met counts as restored from then on.
    """

    def __init__(self, connection: Connection, table: Table, *, restore: bool = False) -> None:
        self._connection, self._table, self._restore = connection, table, restore
        digests = connection.scalars(select(table.c.digest).where(table.c.digest != RESTORED))
        self._digests = set(digests)
        self.met: set[str] = set()

    def __bool__(self) -> bool:
        """Whether anything is erased: if not, no digest needs to be computed."""
        return bool(self._digests)

    def erased(self, ids: Iterable[str]) -> set[str]:
        """Those of some ids that are erased, and stay so; with ``restore`` there are none."""
        if not self._digests:
            return set()
        erased = {name for name in set(ids) if id_digest(name) in self._digests}
        self.met |= erased
        if not self._restore:
            return erased
        for name in erased:
            digest = id_digest(name)
            restored = update(self._table).where(self._table.c.digest == digest)
            self._connection.execute(restored.values(digest=RESTORED))
            self._digests.discard(digest)
        return set()


class ErasedCounts(NamedTuple):
    """What an import had of erased users and items.

    Attributes:
        ids: number of erased users and items.
        events, items: number of records that were left out.
        restored: whether nothing was left out, and the ids are erased no more.
    """

    ids: int = 0
    events: int = 0
    items: int = 0
    restored: bool = False


NONE_ERASED = ErasedCounts()


class ErasedRecords:
    """Leaves out what an import has of erased users and items.

    Args:
        connection: of a writer.
        restore: whether erased users and items come back instead.
    """

    def __init__(self, connection: Connection, *, restore: bool = False) -> None:
        self._users = ErasedIds(connection, erasures, restore=restore)
        self._items = ErasedIds(connection, erased_items, restore=restore)
        self._restore, self._n_events, self._n_items = restore, 0, 0

    def counts(self) -> ErasedCounts:
        """What there was so far."""
        n_ids = len(self._users.met) + len(self._items.met)
        return ErasedCounts(n_ids, self._n_events, self._n_items, self._restore and n_ids > 0)

    def without_items(self, items: pl.DataFrame) -> pl.DataFrame:
        """The rows of a frame of items that are not erased."""
        if not self._items:
            return items
        erased = self._items.erased(items["item_id"].to_list())
        others = items.filter(~items["item_id"].is_in(list(erased)))
        self._n_items += len(items) - len(others)
        return others

    def without_users(self, users: list[User]) -> list[User]:
        """The users that are not erased."""
        erased = self._users.erased(user.user_id for user in users)
        return [user for user in users if user.user_id not in erased]

    def without_events(self, events: list[Event]) -> list[Event]:
        """The events of users and on items that are not erased."""
        users = self._users.erased(event.user_id for event in events)
        items = self._items.erased(event.item_id for event in events)
        if not users and not items:
            return events
        others = [e for e in events if e.user_id not in users and e.item_id not in items]
        self._n_events += len(events) - len(others)
        return others

    def without_rows(self, events: pl.DataFrame) -> pl.DataFrame:
        """The same of a frame of events."""
        import polars as pl

        for column, erased_ids in (("user_id", self._users), ("item_id", self._items)):
            if not erased_ids:
                continue
            ids = events[column]
            erased = erased_ids.erased(ids.unique().cast(pl.String).to_list())
            if erased:
                n_before = len(events)
                events = events.filter(~ids.cast(pl.String).is_in(list(erased)))
                self._n_events += n_before - len(events)
        return events
