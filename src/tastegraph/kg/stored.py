"""The knowledge graph of what is at rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.records import Fact
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tastegraph.kg.known import identity, known_facts
from tastegraph.store import catalogue, statements
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.provenance import USE
from tastegraph.store.verdicts import denied


def graph_from_store(
    database: Database, config: Config, used: Sequence[Fact] | None = None
) -> KnowledgeGraph:
    """The knowledge graph over every item of the catalogue and of the events.

    With ``used``, what use says of items is that, whatever is at rest of it.
    """
    with database.reading() as connection:
        same = identity(connection, config)
        stated = known_facts(connection, config, same, () if used is None else (USE,))
        if used is not None:
            stated = chain(stated, _of_use(connection, used, config))
        return build_graph(
            items=catalogue.all_items(connection),
            further_items=log.item_ids(connection),
            facts=stated,
            links=same.links,
            config=config,
            same=same.same,
        )


def item_ids(database: Database) -> list[str]:
    """Every item of the catalogue and of the events, in the order of the graph's."""
    with database.reading() as connection:
        listed = {item.item_id for item in catalogue.all_items(connection)}
        return sorted(listed.union(log.item_ids(connection)))


def _of_use(
    connection: Connection, used: Sequence[Fact], config: Config
) -> Iterator[tuple[int, Fact]]:
    """With their ids, what is sure enough and denied by nobody."""
    rejected, trust = denied(connection), config.sources.trust.get(USE, 1.0)
    for fact in used:
        key, confidence = statements.fact_id(fact), trust * fact.confidence
        if key not in rejected and confidence >= config.graph.least_confidence:
            yield key, replace(fact, confidence=confidence)
