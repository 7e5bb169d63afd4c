"""Events by pair: those of one user on one item and of one type, read as one, replaced, deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    delete,
    func,
    select,
)

from tastegraph.core.records import ENTITY, Event
from tastegraph.store import revision
from tastegraph.store.events import AppendResult, append
from tastegraph.store.schema import event_items, event_log, event_types, event_users

MAX_USERS_PER_PAGE = 2000
"""Users whose events are looked at for one page: where few have any, a page is short."""
_USERS_PER_QUERY = 100


@dataclass(frozen=True, slots=True)
class EventGroup:
    """All events of one user on one item and of one type.

    Attributes:
        value: the sum of their values; ``None`` where none has one.
        timestamp: of the newest, in seconds since 1970-01-01 UTC; ``None`` where none has one.
        count: how many they are.
    """

    user_id: str
    item_id: str
    type: str
    value: float | None
    timestamp: float | None
    count: int


class GroupCursor(NamedTuple):
    """A place in the pages of all groups: numbers of user, item and type in the log."""

    user: int = 0
    item: int = 0
    type: int = 0


def groups_of(
    connection: Connection,
    *,
    user_id: str | None = None,
    item_id: str | None = None,
    types: Collection[str] | None = None,
) -> list[EventGroup]:
    """The groups of a user, of an item, or of both, the newest first.

    Args:
        connection: to read with.
        user_id, item_id: at least one of them.
        types: of the events; by default all.
    """
    conditions = _conditions(user_id, item_id, types)
    rows = connection.execute(_groups(*conditions).order_by(*_NEWEST_FIRST))
    return [_group(row) for row in rows]


def groups_after(
    connection: Connection, cursor: GroupCursor, n: int, types: Collection[str] | None = None
) -> tuple[list[EventGroup], GroupCursor | None]:
    """The next ``n`` groups of all users, and the place behind them; ``None`` at the end.

    A page may have fewer and still not be the last: see :data:`MAX_USERS_PER_PAGE`.
    """
    groups: list[EventGroup] = []
    start, n_users, place = cursor.user, 0, cursor
    while n_users < MAX_USERS_PER_PAGE:
        following = select(event_users.c.user).where(event_users.c.user >= start)
        users = list(
            connection.scalars(following.order_by(event_users.c.user).limit(_USERS_PER_QUERY))
        )
        if not users:
            return groups, None
        for user in users:
            query = _groups(event_log.c.user == user, *_of_types(types))
            for row in connection.execute(query.order_by(event_log.c.item, event_log.c.type)):
                row_place = GroupCursor(row.user, row.item, row.type)
                if row_place <= cursor:
                    continue
                if len(groups) == n:
                    return groups, place
                groups.append(_group(row))
                place = row_place
        n_users, start = n_users + len(users), users[-1] + 1
    return groups, GroupCursor(start)


def delete_groups(
    connection: Connection, user_id: str, item_id: str, types: Collection[str] | None = None
) -> int:
    """Delete the events of one user on one item. Returns how many there were.

    The next list does not know them; the next model is fitted without them.
    """
    seqs = select(event_log.c.seq).where(*_conditions(user_id, item_id, types))
    deleted = connection.execute(delete(event_log).where(event_log.c.seq.in_(seqs))).rowcount
    if deleted:
        number = _number_of(event_users.c.user, event_users.c.user_id, user_id)
        has_events = select(event_log.c.seq).where(event_log.c.user == number).limit(1)
        if connection.scalar(has_events) is None:
            connection.execute(delete(event_users).where(event_users.c.user_id == user_id))
        revision.record_withdrawal(connection)
    return deleted


def replace_groups(connection: Connection, new: Sequence[Event]) -> AppendResult:
    """Append events in place of earlier ones of the same user, item and type.

    Raises:
        RowError: an event is from the future; the caller must roll the transaction back.
    """
    for user_id, item_id, kind in {(event.user_id, event.object_id, event.type) for event in new}:
        delete_groups(connection, user_id, item_id, [kind])
    return append(connection, new)


def _groups(*conditions: ColumnElement[bool]) -> Select[Any]:
    """One row for each group of the events for which ``conditions`` hold; entities have none."""
    is_item = func.substr(event_items.c.item_id, 1, len(ENTITY)) != ENTITY
    return (
        select(
            event_log.c.user, event_log.c.item, event_log.c.type, event_users.c.user_id,
            event_items.c.item_id, event_types.c.name, func.sum(event_log.c.value),
            _newest, func.count(),
        )
        .join(event_users, event_users.c.user == event_log.c.user)
        .join(event_items, event_items.c.item == event_log.c.item)
        .join(event_types, event_types.c.type == event_log.c.type)
        .where(*conditions, is_item)
        .group_by(event_log.c.user, event_log.c.item, event_log.c.type)
    )  # fmt: skip


_newest = func.max(event_log.c.timestamp)
_NEWEST_FIRST = (_newest.desc(), event_log.c.user, event_log.c.item, event_log.c.type)


def _group(row: Row[Any]) -> EventGroup:
    return EventGroup(*tuple(row)[3:])


def _conditions(
    user_id: str | None, item_id: str | None, types: Collection[str] | None
) -> list[ColumnElement[bool]]:
    conditions = _of_types(types)
    if user_id is not None:
        user = _number_of(event_users.c.user, event_users.c.user_id, user_id)
        conditions.append(event_log.c.user == user)
    if item_id is not None:
        item = _number_of(event_items.c.item, event_items.c.item_id, item_id)
        conditions.append(event_log.c.item == item)
    return conditions


def _of_types(types: Iterable[str] | None) -> list[ColumnElement[bool]]:
    if types is None:
        return []
    numbers = select(event_types.c.type).where(event_types.c.name.in_(list(types)))
    return [event_log.c.type.in_(numbers)]


def _number_of(number: Column[int], column: Column[str], name: str) -> ScalarSelect[int]:
    return select(number).where(column == name).scalar_subquery()
