"""Sources: which of them state which facts and links, and which names are reserved."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.errors import ConfigError
from tastegraph.store import quotes, revision
from tastegraph.store.schema import CATALOGUE, DERIVED, REVIEW, USE, evidence, facts
from tastegraph.store.schema import sources as table
from tastegraph.store.statements import is_link

_RESERVED = {
    CATALOGUE: (
        "of the facts of item columns (to change these, edit [items.facts] and import the items "
        "again)"
    ),
    **dict.fromkeys(DERIVED, "of derived facts (to renew these, run 'tastegraph kg derive')"),
    USE: "of facts counted from events (to renew these, run 'tastegraph retrain')",
    REVIEW: "of reviewers' decisions (to undo one, run 'tastegraph kg undo')",
}


class SourceCounts(NamedTuple):
    """A source, and how many facts and links it states."""

    name: str
    facts: int
    links: int


def sources(connection: Connection) -> list[SourceCounts]:
    """Every source that states at least one fact or link, in the order of their names."""
    number = func.count(evidence.c.fact_id.distinct())
    stated = select(evidence.c.source, number).group_by(evidence.c.source)
    linked = stated.join(facts, facts.c.fact_id == evidence.c.fact_id).where(is_link())
    all_of: dict[str, int] = dict(tuple(row) for row in connection.execute(stated))
    links_of: dict[str, int] = dict(tuple(row) for row in connection.execute(linked))
    return [
        SourceCounts(name, all_of[name] - links_of.get(name, 0), links_of.get(name, 0))
        for name in sorted(all_of)
    ]


def fact_count(connection: Connection, source: str) -> int:
    """How many facts and links a source states."""
    query = select(func.count(evidence.c.fact_id.distinct())).where(evidence.c.source == source)
    return connection.scalar(query) or 0


def stamp(connection: Connection, source: str, digest: str = "") -> None:
    """Record that ``source`` was imported now, and the digest of its content."""
    row = {"imported": time.time(), "digest": digest}
    statement = insert(table).values(source=source, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=row))


def digests(connection: Connection) -> dict[str, str]:
    """Source → the digest of its content when it was imported last."""
    return {row.source: row.digest for row in connection.execute(select(table))}


def withdraw_source(connection: Connection, source: str) -> int:
    """Delete all evidence that ``source`` gave. Returns how many rows of evidence that were.

    :func:`drop_unsupported` must follow. Until then the facts stay, so that importing a new version
    of the source does not have to write again what has not changed.
    """
    connection.execute(delete(table).where(table.c.source == source))
    revision.record_change(connection, source)
    return connection.execute(delete(evidence).where(evidence.c.source == source)).rowcount


def drop_unsupported(connection: Connection) -> int:
    """Delete the facts that no source states any more, and quotes. Returns how many facts."""
    quotes.drop_unused(connection)
    supported = select(evidence.c.fact_id).where(evidence.c.fact_id == facts.c.fact_id)
    return connection.execute(delete(facts).where(~supported.exists())).rowcount


def is_reserved(name: str) -> bool:
    """Whether a source of this name is the store's own, and cannot be imported."""
    return name in _RESERVED


def check_source_names(names: Iterable[str]) -> None:
    """Check that imported sources may have these names.

    Raises:
        ConfigError: a name is blank or reserved.
    """
    for name in names:
        if not name.strip():
            raise ConfigError("a source needs a name that is not blank")
        if name in _RESERVED:
            raise ConfigError(f"{name!r} is a reserved source, {_RESERVED[name]}: name another")
