"""Which source supports what: every fact and link stands on the sources that state it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from tastegraph.storage.schema import evidence, facts, links


class Source(NamedTuple):
    """One source and how many facts and links it supports."""

    name: str
    facts: int
    links: int


def sources(connection: Connection) -> list[Source]:
    """Every source that supports something, by name."""
    stated: list[dict[str, int]] = [
        dict(
            connection.execute(select(table.c.source, func.count()).group_by(table.c.source)).all()
        )
        for table in (evidence, links)
    ]
    names = sorted(stated[0].keys() | stated[1].keys())
    return [Source(name, stated[0].get(name, 0), stated[1].get(name, 0)) for name in names]


def withdraw_source(connection: Connection, source: str) -> int:
    """Take all of ``source``'s support; :func:`drop_unsupported` must follow.

    Returns how many facts and links it supported. Links without support are gone at once; facts
    stay until then, so that a source can be replaced without its facts being written anew.
    """
    return sum(
        connection.execute(delete(table).where(table.c.source == source)).rowcount
        for table in (evidence, links)
    )


def drop_unsupported(connection: Connection) -> int:
    """Remove the facts that no source states any more. Returns how many went."""
    supported = select(evidence.c.fact_id).where(evidence.c.fact_id == facts.c.fact_id)
    return connection.execute(delete(facts).where(~supported.exists())).rowcount
