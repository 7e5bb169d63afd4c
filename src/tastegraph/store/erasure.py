"""Erasure: nothing of a person or an item remains, but that somebody or something was erased."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, Table, delete, exists, func, insert, or_, select, true

from tastegraph.core.records import ITEM, USER
from tastegraph.store import changes, provenance
from tastegraph.store.schema import (
    erased_items,
    erasures,
    events,
    evidence,
    facts,
    items,
    lists,
    verdicts,
    votes,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased.

    Attributes:
        digest: SHA-256 of the id in hexadecimal: who knows the id can tell whose receipt it is.
        at: seconds since 1970-01-01 UTC.
        events, lists, facts: how many there were.
    """

    digest: str
    at: float
    events: int
    lists: int
    facts: int


def erase_user(connection: Connection, user_id: str) -> Receipt:
    """Delete a person's events, lists, votes and facts.

    What models learned from them is gone with the next one: it is fitted as if they had never been.
    """
    at = _noted(connection, erasures, user_id)
    gone = _deleted(connection, events, events.c.user_id == user_id)
    shown = _deleted(connection, lists, lists.c.user_id == user_id)
    connection.execute(delete(votes).where(votes.c.user_id == user_id))
    stated = _facts_about(connection, USER + user_id)
    return Receipt(digest_of(user_id).hex(), at, gone, shown, stated)


def erase_item(connection: Connection, item_id: str) -> Receipt:
    """Delete an item, the events on it, the lists that showed it, and what is known of it.

    No list has it from now on; the next graph, texts and models are made as if it had never been.
    """
    at = _noted(connection, erased_items, item_id)
    changes.touch(connection)
    gone = _deleted(connection, events, events.c.item_id == item_id)
    place = func.json_each(lists.c.places).table_valued("value")
    event = func.json_each(lists.c.asked, "$.session").table_valued("value")
    showed = exists().select_from(place).where(
        func.json_extract(place.c.value, "$[0]") == item_id
    )  # fmt: skip
    asked = exists().select_from(event).where(
        func.json_extract(event.c.value, "$.item_id") == item_id
    )  # fmt: skip
    shown = _deleted(connection, lists, or_(showed, asked))
    connection.execute(delete(items).where(items.c.item_id == item_id))
    name = ITEM + item_id
    # What was read in its text stands on it no more.
    connection.execute(delete(evidence).where(evidence.c.document == name))
    stated = _facts_about(connection, name)
    stated += provenance.drop_unsupported(connection)
    return Receipt(digest_of(item_id).hex(), at, gone, shown, stated)


def count(connection: Connection) -> int:
    """How many people were erased."""
    return connection.scalar(select(func.max(erasures.c.seq))) or 0


def items_count(connection: Connection) -> int:
    """How many items were erased: a snapshot made when there were fewer may hold more."""
    return connection.scalar(select(func.max(erased_items.c.seq))) or 0


def total(connection: Connection) -> int:
    """How many people and items were: a model learned when there were fewer may know more."""
    return count(connection) + items_count(connection)


def items_since(connection: Connection, known: int) -> set[bytes]:
    """Digests of the items that were erased after ``known`` of them."""
    later = select(erased_items.c.digest).where(erased_items.c.seq > known)
    return set(connection.scalars(later))


def user_since(connection: Connection, user_id: str, known: int) -> bool:
    """Whether a person was erased after ``known`` people were."""
    mine = (erasures.c.digest == digest_of(user_id)) & (erasures.c.seq > known)
    return connection.scalar(select(true()).where(mine)) is not None


def digest_of(identifier: str) -> bytes:
    """SHA-256 of an id: all that is kept of who or what was erased."""
    return sha256(identifier.encode("utf-8", "surrogatepass")).digest()


def _noted(connection: Connection, table: Table, identifier: str) -> float:
    now = time.time()
    connection.execute(insert(table).values(at=now, digest=digest_of(identifier)))
    return now


def _facts_about(connection: Connection, name: str) -> int:
    """Delete every fact that names ``name``, stated, denied or decided, and what it stands on."""
    ids = list(
        connection.scalars(
            select(facts.c.fact_id).where(or_(facts.c.subject == name, facts.c.object == name))
        )
    )
    told = (func.json_extract(verdicts.c.fact, f"$.{end}") == name for end in ("subject", "object"))
    if ids:
        changes.touch(connection)
    connection.execute(delete(evidence).where(evidence.c.fact_id.in_(ids)))
    connection.execute(delete(votes).where(votes.c.fact_id.in_(ids)))
    connection.execute(delete(verdicts).where(or_(verdicts.c.fact_id.in_(ids), *told)))
    return _deleted(connection, facts, facts.c.fact_id.in_(ids))


def _deleted(connection: Connection, table: Table, condition: object) -> int:
    """Delete the rows for which ``condition`` holds. Returns how many there were."""
    return connection.execute(delete(table).where(condition)).rowcount  # type: ignore[arg-type]
