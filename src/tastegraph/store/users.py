"""Users in the database: what is known of them beside their events. Nothing is ranked by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select, union
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.records import SESSION, User
from tastegraph.store.events import MAX_IDS_PER_QUERY
from tastegraph.store.schema import event_users, users

IDS_AT_ONCE = 10_000


def put_users(connection: Connection, new: Iterable[User]) -> int:
    """Add users, or replace those of the same id; the last of one id counts. Returns how many."""
    rows = {
        user.user_id: {
            "user_id": user.user_id, "attributes": user.attributes, "comment": user.comment
        }
        for user in new
    }  # fmt: skip
    if rows:
        put = insert(users)
        columns = {name: put.excluded[name] for name in ("attributes", "comment")}
        connection.execute(
            put.on_conflict_do_update(index_elements=["user_id"], set_=columns),
            list(rows.values()),
        )
    return len(rows)


def get_user(connection: Connection, user_id: str) -> User | None:
    """One user, or ``None`` where neither attributes nor events are stored of this id."""
    row = connection.execute(select(users).where(users.c.user_id == user_id)).first()
    if row is not None:
        return User(*row)
    has_events = select(event_users.c.user).where(event_users.c.user_id == user_id)
    return None if connection.scalar(has_events) is None else User(user_id, {})


def user_ids(connection: Connection) -> Iterator[str]:
    """Ids of all users, those with attributes and those with events, in order; sessions are not.

    An id that has no event any more, but had one, may be among them.
    """
    both = union(select(event_users.c.user_id), select(users.c.user_id)).subquery()
    query = select(both.c.user_id).order_by(both.c.user_id)
    rows = connection.execution_options(yield_per=IDS_AT_ONCE).scalars(query)
    return (name for name in rows if not name.startswith(SESSION))


def known_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of some ids that attributes or events are stored of."""
    known: set[str] = set()
    for start in range(0, len(ids), MAX_IDS_PER_QUERY):
        some_ids = ids[start : start + MAX_IDS_PER_QUERY]
        for table in (event_users, users):
            known.update(
                connection.scalars(select(table.c.user_id).where(table.c.user_id.in_(some_ids)))
            )
    return known


def users_after(connection: Connection, user_id: str, n: int) -> list[User]:
    """The ``n`` users whose ids come next after ``user_id``, in the order of their ids.

    Users with attributes and those with events; sessions are none.
    """
    after_sessions = SESSION[:-1] + chr(ord(SESSION[-1]) + 1)
    ids: list[str] = []
    while len(ids) < n:
        of_events = select(event_users.c.user_id).where(event_users.c.user_id > user_id)
        of_users = select(users.c.user_id).where(users.c.user_id > user_id)
        both = union(
            select(of_events.order_by(event_users.c.user_id).limit(n).subquery()),
            select(of_users.order_by(users.c.user_id).limit(n).subquery()),
        ).subquery()
        page = list(
            connection.scalars(select(both.c.user_id).order_by(both.c.user_id).limit(n - len(ids)))
        )
        if not page:
            break
        ids += [name for name in page if not name.startswith(SESSION)]
        user_id = after_sessions if page[-1].startswith(SESSION) else page[-1]
    rows = connection.execute(select(users).where(users.c.user_id.in_(ids)))
    stored = {row.user_id: User(*row) for row in rows}
    return [stored.get(name) or User(name, {}) for name in ids]
