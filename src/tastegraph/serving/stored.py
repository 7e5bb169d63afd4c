"""What is stored of users, items and events: read by page, put, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from functools import partial

import polars as pl

from tastegraph.core.errors import NotFoundError
from tastegraph.core.import_report import ImportReport
from tastegraph.core.messages import Message
from tastegraph.core.records import Event, Item, Records, User
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.data.gorse import CATEGORIES
from tastegraph.data.items import checked_items
from tastegraph.serving.engine import Engine
from tastegraph.store import availability, catalogue, event_groups, revision, users
from tastegraph.store.event_groups import EventGroup, GroupCursor
from tastegraph.store.events import AppendResult
from tastegraph.store.ingestion import ImportSummary, ingest

ItemChange = Callable[[Item], Item]
"""Gives an item as it shall be, from what is stored of it."""


class StoredRecords:
    """Reads and changes the store of one engine; lists and snapshots have no part in it.

    What changes an item waits for the disk, so it is called beside the event loop.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._categories: tuple[int, dict[str, set[str]]] = (-1, {})

    # Items

    def item(self, item_id: str) -> Item:
        """One item.

        Raises:
            NotFoundError: it is not stored.
        """
        with self._engine.database.reading() as connection:
            item = catalogue.get_item(connection, item_id)
        if item is None:
            raise NotFoundError(Message("missing.stored_item", item=item_id))
        return item

    def items_after(self, item_id: str, n: int) -> list[Item]:
        """The ``n`` items that come next after an id, in the order of their ids."""
        with self._engine.database.reading() as connection:
            return catalogue.items_after(connection, item_id, n)

    def search_items(self, text: str, n: int) -> list[Item]:
        """Up to ``n`` items with ``text`` as their id or in their title or text, best first."""
        with self._engine.database.reading() as connection:
            return catalogue.search(connection, text, n)

    def withheld(self, item_ids: Collection[str]) -> set[str]:
        """Those of some items that no list has, because they are delisted or hidden."""
        with self._engine.database.reading() as connection:
            return availability.withheld(connection, item_ids)

    def in_categories(self, categories: Collection[str]) -> set[str]:
        """Ids of the items that are in all of some categories.

        The catalogue is read for that once after each change.
        """
        with self._engine.database.reading() as connection:
            number = revision.change_count(connection)
            if self._categories[0] != number:
                self._categories = number, catalogue.ids_by_value(connection, CATEGORIES)
        ids = self._categories[1]
        return set.intersection(*(ids.get(name, set()) for name in categories))

    def put_items(
        self, items: Iterable[Item | pl.DataFrame], report: ImportReport | None = None
    ) -> ImportSummary:
        """Add items, or replace those of the same id, and the facts of their columns.

        They are in the next snapshot, which a running service makes at once.

        Raises:
            RowError: an item cannot be accepted; nothing was stored.
            BusyError: another process is writing to the workspace.
        """
        config = self._engine.config
        report = ImportReport() if report is None else report
        records = Records(items=list(checked_items(items, config, report)), restore=True)
        with self._engine.database.writing() as connection:
            return ingest(connection, records, ColumnFacts(config.items.facts), report)

    def change_item(self, item_id: str, change: ItemChange) -> ImportSummary:
        """Replace an item by what ``change`` makes of it.

        Raises:
            NotFoundError: it is not stored.
            RowError: it cannot be accepted so; nothing was stored.
            BusyError: another process is writing to the workspace.
        """
        config, report = self._engine.config, ImportReport()
        with self._engine.database.writing() as connection:
            item = catalogue.item_as_put(connection, item_id)
            if item is None:
                raise NotFoundError(Message("missing.stored_item", item=item_id))
            records = Records(items=list(checked_items([change(item)], config, report)))
            return ingest(connection, records, ColumnFacts(config.items.facts), report)

    # Users

    def user(self, user_id: str) -> User:
        """One user.

        Raises:
            NotFoundError: neither attributes nor events are stored of this id.
        """
        with self._engine.database.reading() as connection:
            user = users.get_user(connection, user_id)
        if user is None:
            raise NotFoundError(Message("missing.stored_user", user=user_id))
        return user

    def users_after(self, user_id: str, n: int) -> list[User]:
        """The ``n`` users that come next after an id, in the order of their ids."""
        with self._engine.database.reading() as connection:
            return users.users_after(connection, user_id, n)

    def put_users(self, new: Sequence[User]) -> Future[int]:
        """Add users, or replace those of the same id; their events stay."""
        return self._engine.submit(partial(users.put_users, new=new))

    # Events

    def groups(
        self,
        *,
        user_id: str | None = None,
        item_id: str | None = None,
        types: Collection[str] | None = None,
    ) -> list[EventGroup]:
        """The events of a user, of an item, or of both, by item and type; the newest first."""
        with self._engine.database.reading() as connection:
            return event_groups.groups_of(connection, user_id=user_id, item_id=item_id, types=types)

    def groups_after(
        self, cursor: GroupCursor, n: int, types: Collection[str] | None = None
    ) -> tuple[list[EventGroup], GroupCursor | None]:
        """A page of all events by user, item and type, and the place behind it."""
        with self._engine.database.reading() as connection:
            return event_groups.groups_after(connection, cursor, n, types)

    def replace_events(self, new: Sequence[Event]) -> Future[AppendResult]:
        """Append events in place of earlier ones of the same user, item and type."""
        return self._engine.submit(partial(event_groups.replace_groups, new=new))

    def delete_events(
        self, user_id: str, item_id: str, types: Collection[str] | None = None
    ) -> Future[int]:
        """Delete the events of a user on an item; the future has their number."""
        work = partial(event_groups.delete_groups, user_id=user_id, item_id=item_id, types=types)
        return self._engine.submit(work)
