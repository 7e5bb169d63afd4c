"""Votes: people say of a fact behind a recommendation that it is wrong; others then review it."""

from __future__ import annotations

import time

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.store.schema import votes


def against(connection: Connection, user_id: str, fact_id: int) -> bool:
    """Keep that a person doubts a fact; ``False`` where they had said so before."""
    row = {"user_id": user_id, "fact_id": fact_id, "at": time.time()}
    done = connection.execute(insert(votes).values(row).on_conflict_do_nothing())
    return done.rowcount > 0


def by_fact(connection: Connection) -> dict[int, int]:
    """Fact id → how many people doubt it."""
    rows = connection.execute(select(votes.c.fact_id, func.count()).group_by(votes.c.fact_id))
    return {int(fact_id): int(number) for fact_id, number in rows}
