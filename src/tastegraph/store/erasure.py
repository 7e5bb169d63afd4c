"""Erasure: delete everything about a user or an item, and record only that it was done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    true,
)

from tastegraph.core.records import ITEM, USER
from tastegraph.core.strings import digest
from tastegraph.store import availability, catalogue_facts, events, provenance, quotes, revision
from tastegraph.store.schema import (
    erased_items,
    erasures,
    evidence,
    facts,
    item_changes,
    items,
    lists,
    users,
    verdicts,
    votes,
    wishes,
)

RESTORED = b""
"""Stands in place of the digest of an id that was restored; no id has this digest."""
_ERASED_USERS = select(func.max(erasures.c.seq))
_ERASED_ITEMS = select(func.max(erased_items.c.seq))


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """How much was erased.

    Attributes:
        digest: SHA-256 of the id in hexadecimal: whoever knows the id can find its receipt.
        at: seconds since 1970-01-01 UTC.
        events, lists, facts: how many rows were deleted.
    """

    digest: str
    at: float
    events: int
    lists: int
    facts: int


def erase_user(connection: Connection, user_id: str) -> ErasureReceipt:
    """Delete a user's events, attributes, lists, votes, wishes and facts.

    The next model is fitted without them, so that nothing learned from the user remains.
    """
    at = _record(connection, erasures, user_id)
    n_events = events.delete_of_user(connection, user_id)
    n_lists = _delete(connection, lists, lists.c.user_id == user_id)
    connection.execute(delete(votes).where(votes.c.user_id == user_id))
    connection.execute(delete(wishes).where(wishes.c.user_id == user_id))
    connection.execute(delete(users).where(users.c.user_id == user_id))
    n_facts = _delete_facts_about(connection, USER + user_id)
    return ErasureReceipt(id_digest(user_id).hex(), at, n_events, n_lists, n_facts)


def erase_item(connection: Connection, item_id: str) -> ErasureReceipt:
    """Delete an item, the events on it, the lists of it or whose request names it, and its facts.

    It is never listed again; the next graph, texts and models are made without it.
    """
    at = _record(connection, erased_items, item_id)
    revision.record_change(connection)
    n_events = events.delete_of_item(connection, item_id)
    n_lists = _delete(connection, lists, or_(*_naming(item_id)))
    connection.execute(delete(items).where(items.c.item_id == item_id))
    connection.execute(delete(item_changes).where(item_changes.c.item_id == item_id))
    availability.forget(connection, item_id)
    about_item = func.json_extract(wishes.c.chip, "$.node") == ITEM + item_id
    connection.execute(delete(wishes).where(about_item))
    catalogue_facts.release_entities(connection, [item_id])
    name = ITEM + item_id
    # Facts that were read in its text lose that evidence.
    connection.execute(delete(evidence).where(evidence.c.document == name))
    n_facts = _delete_facts_about(connection, name)
    n_facts += catalogue_facts.drop_unused_names(connection)
    n_facts += provenance.drop_unsupported(connection)
    return ErasureReceipt(id_digest(item_id).hex(), at, n_events, n_lists, n_facts)


def erased_user_count(connection: Connection) -> int:
    """Number of users that were erased so far."""
    return connection.scalar(_ERASED_USERS) or 0


def erased_item_count(connection: Connection) -> int:
    """Number of items that were erased so far; an older snapshot may still contain some of them."""
    return connection.scalar(_ERASED_ITEMS) or 0


def erasure_count(connection: Connection) -> int:
    """Number of users and items that were erased so far; an older model may still know them."""
    return erased_user_count(connection) + erased_item_count(connection)


def erased_items_since(connection: Connection, count: int) -> set[bytes]:
    """Digests of the items that were erased after the first ``count`` of them."""
    later = select(erased_items.c.digest).where(erased_items.c.seq > count)
    return set(connection.scalars(later))


def erased_users_since(connection: Connection, count: int) -> set[bytes]:
    """Digests of the users that were erased after the first ``count`` of them."""
    return set(connection.scalars(select(erasures.c.digest).where(erasures.c.seq > count)))


def user_erased_since(connection: Connection, user_id: str, count: int) -> bool:
    """Whether a user was erased after the first ``count`` users were."""
    later = (erasures.c.digest == id_digest(user_id)) & (erasures.c.seq > count)
    return connection.scalar(select(true()).where(later)) is not None


def id_digest(identifier: str) -> bytes:
    """SHA-256 of an id: all that is stored of an erased user or item."""
    return digest(identifier)


def _record(connection: Connection, table: Table, identifier: str) -> float:
    now = time.time()
    connection.execute(insert(table).values(at=now, digest=id_digest(identifier)))
    return now


def _naming(item_id: str) -> Iterator[ColumnElement[bool]]:
    """Whether a list has an item: at a place, or in what its request says."""
    for column, path, key, name in (
        (lists.c.places, "$", "$[0]", item_id),
        (lists.c.request, "$.session", "$.item_id", item_id),
        (lists.c.request, "$.earlier_items", None, item_id),
        (lists.c.request, "$.candidates", None, item_id),
        (lists.c.request, "$.policy.pins", "$.item_id", item_id),
        (lists.c.request, "$.wishes", "$.node", ITEM + item_id),
    ):
        entry = func.json_each(column, path).table_valued("value")
        value = entry.c.value if key is None else func.json_extract(entry.c.value, key)
        yield exists().select_from(entry).where(value == name)


def _delete_facts_about(connection: Connection, name: str) -> int:
    """Delete every fact about ``name`` with its evidence, votes and verdicts. Returns how many."""
    ids = list(
        connection.scalars(
            select(facts.c.fact_id).where(or_(facts.c.subject == name, facts.c.object == name))
        )
    )
    named_in_verdict = (
        func.json_extract(verdicts.c.fact, f"$.{end}") == name for end in ("subject", "object")
    )
    if ids:
        revision.record_change(connection)
    connection.execute(delete(evidence).where(evidence.c.fact_id.in_(ids)))
    quotes.drop_unused(connection)
    connection.execute(delete(votes).where(votes.c.fact_id.in_(ids)))
    connection.execute(delete(verdicts).where(or_(verdicts.c.fact_id.in_(ids), *named_in_verdict)))
    return _delete(connection, facts, facts.c.fact_id.in_(ids))


def _delete(connection: Connection, table: Table, condition: object) -> int:
    """Delete the rows for which ``condition`` holds. Returns how many there were."""
    return connection.execute(delete(table).where(condition)).rowcount  # type: ignore[arg-type]
