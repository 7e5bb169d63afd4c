"""Which source supports what: every fact and link stands on the sources that state it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.errors import ConfigError
from tastegraph.store import changes
from tastegraph.store.schema import evidence, facts
from tastegraph.store.schema import sources as table
from tastegraph.store.statements import is_link
from tastegraph.store.verdicts import PEOPLE

CATALOGUE = "catalogue"
"""Source of what item columns state."""
LINKING, MENTIONED, PATTERNS, LANGUAGE_MODEL, FUSION = DERIVED = (
    "linking", "mentions", "patterns", "language model", "fusion",
)  # fmt: skip
"""Sources whose statements follow from those of the others, in the order they are derived."""
USE = "use"
"""Source of what events say of items; stated anew when a model is retrained."""


class Source(NamedTuple):
    """One source and how many facts and links it supports."""

    name: str
    facts: int
    links: int


def sources(connection: Connection) -> list[Source]:
    """Every source that supports something, by name."""
    number = func.count(evidence.c.fact_id.distinct())
    stated = select(evidence.c.source, number).group_by(evidence.c.source)
    linked = stated.join(facts, facts.c.fact_id == evidence.c.fact_id).where(is_link())
    all_of: dict[str, int] = dict(tuple(row) for row in connection.execute(stated))
    links_of: dict[str, int] = dict(tuple(row) for row in connection.execute(linked))
    return [
        Source(name, all_of[name] - links_of.get(name, 0), links_of.get(name, 0))
        for name in sorted(all_of)
    ]


def stamp(connection: Connection, source: str, digest: str = "") -> None:
    """Note that ``source`` is imported now; ``digest`` tells this state of it from others."""
    told = {"imported": time.time(), "digest": digest}
    statement = insert(table).values(source=source, **told)
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=told))


def digests(connection: Connection) -> dict[str, str]:
    """The digest with which each source was imported last."""
    return {row.source: row.digest for row in connection.execute(select(table))}


def withdraw_source(connection: Connection, source: str) -> int:
    """Take all of ``source``'s support; :func:`drop_unsupported` must follow.

    Returns how many supports that were. The facts stay until then, so that a source can be
    replaced without its facts being written anew.
    """
    connection.execute(delete(table).where(table.c.source == source))
    changes.touch(connection)
    return connection.execute(delete(evidence).where(evidence.c.source == source)).rowcount


def drop_unsupported(connection: Connection) -> int:
    """Remove the facts that no source states any more. Returns how many went."""
    supported = select(evidence.c.fact_id).where(evidence.c.fact_id == facts.c.fact_id)
    return connection.execute(delete(facts).where(~supported.exists())).rowcount


def check_source_names(names: Iterable[str]) -> None:
    """Check that an import may have these names.

    Raises:
        ConfigError: one is blank, or that of a source that is no import.
    """
    for name in names:
        if not name.strip():
            raise ConfigError("a source needs a name that is not blank")
        if name == CATALOGUE:
            raise ConfigError(
                f"{CATALOGUE!r} is the source of what item columns state: name another; to change "
                "what they state, edit [items.facts] and import the items again"
            )
        if name in DERIVED:
            raise ConfigError(
                f"{name!r} is the source of what is derived: name another; it is stated anew with "
                "'tastegraph kg derive'"
            )
        if name == USE:
            raise ConfigError(
                f"{USE!r} is the source of what events say of items: name another; it is stated "
                "anew with 'tastegraph retrain'"
            )
        if name == PEOPLE:
            raise ConfigError(
                f"{PEOPLE!r} is the source of what people decide: name another; a decision is "
                "taken back with 'tastegraph kg undo'"
            )
