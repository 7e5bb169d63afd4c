"""Whether the knowledge has changed: a cheap counter of changes, and a digest of the content."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.store.schema import DERIVED, USE, changes, decisions, evidence, items

_KNOWLEDGE, _WITHDRAWALS, _AVAILABILITY = "what is known", "withdrawn events", "availability"
_CATALOGUE = "items"
_STATED = "what is stated"
_FORGOTTEN = "forgotten sources of events"
_ROWS_PER_FETCH = 10_000
_NUMBER = select(changes.c.number).where(changes.c.what == bindparam("what"))


def record_change(connection: Connection, source: str | None = None) -> None:
    """Count one change of the knowledge: an item, fact, support or decision written or deleted.

    Args:
        connection: of a writer.
        source: whose facts change; what is derived or counted is not stated.
    """
    _increment(connection, _KNOWLEDGE)
    if source not in (*DERIVED, USE):
        _increment(connection, _STATED)


def stated_count(connection: Connection) -> int:
    """Number of changes so far of what derivations start from, which derived facts are not."""
    return _count(connection, _STATED)


def change_count(connection: Connection) -> int:
    """Number of calls of :func:`record_change` on this database so far."""
    return _count(connection, _KNOWLEDGE)


def record_item_change(connection: Connection) -> int:
    """Count one time that items were written; return how many times that were so far."""
    _increment(connection, _CATALOGUE)
    return item_change_count(connection)


def item_change_count(connection: Connection) -> int:
    """Number of calls of :func:`record_item_change` on this database so far."""
    return _count(connection, _CATALOGUE)


def record_withdrawal(connection: Connection) -> None:
    """Count one time that events were deleted because their source does not state them."""
    _increment(connection, _WITHDRAWALS)


def withdrawal_count(connection: Connection) -> int:
    """Number of calls of :func:`record_withdrawal` on this database so far."""
    return _count(connection, _WITHDRAWALS)


def record_forgotten_source(connection: Connection) -> None:
    """Count one file of events that was forgotten: the next model must be as if it had not been."""
    _increment(connection, _FORGOTTEN)


def forgotten_source_count(connection: Connection) -> int:
    """Number of calls of :func:`record_forgotten_source` on this database so far."""
    return _count(connection, _FORGOTTEN)


def record_availability_change(connection: Connection) -> None:
    """Count one change of when items may be listed."""
    _increment(connection, _AVAILABILITY)


def availability_change_count(connection: Connection) -> int:
    """Number of calls of :func:`record_availability_change` on this database so far."""
    return _count(connection, _AVAILABILITY)


def _increment(connection: Connection, what: str) -> None:
    statement = insert(changes).values(what=what, number=1)
    increment = statement.on_conflict_do_update(
        index_elements=["what"], set_={"number": changes.c.number + 1}
    )
    connection.execute(increment)


def _count(connection: Connection, what: str) -> int:
    return connection.scalar(_NUMBER, {"what": what}) or 0


def knowledge_digest(connection: Connection) -> str:
    """A hash of every item, fact, support, link and decision.

    Facts that were counted from the events (source :data:`~tastegraph.store.schema.USE`) are left
    out: they follow from the event log, which has a revision of its own.
    """
    digest = blake2b(digest_size=16)
    stated = select(evidence).where(evidence.c.source != USE)
    for table, query in (
        (items, select(items)),
        (evidence, stated),
        (decisions, select(decisions)),
    ):
        key = list(table.primary_key.columns)
        rows = connection.execution_options(yield_per=_ROWS_PER_FETCH)
        for row in rows.execute(query.order_by(*key)):
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
