"""Erasure: nothing of a person remains, but that somebody was erased."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, func, insert, or_, select

from tastegraph.records import USER
from tastegraph.storage.schema import erasures, events, evidence, facts, lists, verdicts


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
    """Delete a person's events, lists and facts.

    What models learned from them is gone with the next one: it is fitted as if they had never been.
    """
    digest, now = sha256(user_id.encode("utf-8", "surrogatepass")), time.time()
    connection.execute(insert(erasures).values(at=now, digest=digest.digest()))
    name = USER + user_id
    about = select(facts.c.fact_id).where(or_(facts.c.subject == name, facts.c.object == name))
    ids = list(connection.scalars(about))
    for table in (evidence, verdicts):
        connection.execute(delete(table).where(table.c.fact_id.in_(ids)))
    gone = {
        table.name: connection.execute(delete(table).where(condition)).rowcount
        for table, condition in (
            (events, events.c.user_id == user_id),
            (lists, lists.c.user_id == user_id),
            (facts, facts.c.fact_id.in_(ids)),
        )
    }
    return Receipt(digest.hexdigest(), now, **gone)


def count(connection: Connection) -> int:
    """How many erasures there were: a model learned when there were fewer may know more."""
    return connection.scalar(select(func.max(erasures.c.seq))) or 0
