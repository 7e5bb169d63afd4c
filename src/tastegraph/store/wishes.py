"""Wishes that last: what users want of their lists, with history; the newest on one thing stands.

A change is a row; nothing is overwritten. Undoing the newest change marks its row, and what stood
before stands again. A row without a chip says that the wish was withdrawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message
from tastegraph.store.schema import wishes

MAX_WISHES = 200
"""Standing wishes of one user, at most."""


class StoredWish(NamedTuple):
    """One change of a user's wishes.

    Attributes:
        seq: its number.
        target: names what it is about.
        chip: the wish as JSON; ``None`` where it was withdrawn.
        decided, expires, undone: seconds since 1970-01-01 UTC; ``None`` for never.
    """

    seq: int
    target: str
    chip: Mapping[str, Any] | None
    decided: float
    expires: float | None
    undone: float | None


_COLUMNS = select(
    wishes.c.seq,
    wishes.c.target,
    wishes.c.chip,
    wishes.c.decided,
    wishes.c.expires,
    wishes.c.undone,
)
_NEWEST = (
    select(func.max(wishes.c.seq))
    .where(wishes.c.user_id == bindparam("user_id"), wishes.c.undone.is_(None))
    .group_by(wishes.c.target)
)
# Statements of the hot path are made once.
_STANDING = _COLUMNS.where(wishes.c.seq.in_(_NEWEST)).order_by(wishes.c.seq)


def standing(connection: Connection, user_id: str, now: float) -> list[StoredWish]:
    """The wishes of a user that count at ``now``, oldest first."""
    rows = (StoredWish(*row) for row in connection.execute(_STANDING, {"user_id": user_id}))
    return [
        row for row in rows if row.chip is not None and (row.expires is None or row.expires > now)
    ]


def users_with_wishes(connection: Connection, user_ids: Sequence[str]) -> set[str]:
    """Those of some users, as many as one query takes, who ever changed a wish."""
    query = select(wishes.c.user_id).where(wishes.c.user_id.in_(user_ids)).distinct()
    return set(connection.scalars(query))


def history(connection: Connection, user_id: str, target: str | None = None) -> list[StoredWish]:
    """All changes of a user's wishes, of one thing or of all, the newest first."""
    query = _COLUMNS.where(wishes.c.user_id == user_id).order_by(wishes.c.seq.desc())
    if target is not None:
        query = query.where(wishes.c.target == target)
    return [StoredWish(*row) for row in connection.execute(query)]


def put(
    connection: Connection,
    user_id: str,
    target: str,
    chip: Mapping[str, Any] | None,
    now: float,
    expires: float | None = None,
) -> StoredWish:
    """Add a change; without a chip, the wish on ``target`` is withdrawn."""
    row = {
        "user_id": user_id, "target": target, "chip": None if chip is None else dict(chip),
        "decided": now, "expires": expires,
    }  # fmt: skip
    result = connection.execute(insert(wishes).values(row))
    assert result.inserted_primary_key is not None
    seq = int(result.inserted_primary_key[0])
    return StoredWish(seq, target, chip, now, expires, None)


def withdraw_all(connection: Connection, user_id: str, now: float) -> int:
    """Withdraw every standing wish of a user. Returns how many there were."""
    rows = standing(connection, user_id, now)
    for row in rows:
        put(connection, user_id, row.target, None, now)
    return len(rows)


def undo(connection: Connection, user_id: str, now: float) -> StoredWish:
    """Undo a user's newest change that is not undone yet. Returns it.

    Raises:
        NotFoundError: there is none.
    """
    newest = next((row for row in history(connection, user_id) if row.undone is None), None)
    if newest is None:
        raise NotFoundError(Message("missing.wish_change", user=user_id))
    connection.execute(update(wishes).where(wishes.c.seq == newest.seq).values(undone=now))
    return newest._replace(undone=now)
