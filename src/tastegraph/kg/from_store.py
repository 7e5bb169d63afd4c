"""What is known: of all that sources, texts and people state, what holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tastegraph.core.config import Config
from tastegraph.core.records import Fact
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tastegraph.kg.identity import IDENTITY, Identity, identity
from tastegraph.store import catalogue, decision_log, statements
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.decision_log import denied
from tastegraph.store.schema import USE, evidence, facts, sources


class Support(NamedTuple):
    """How well a value is supported: the larger, the better.

    Attributes:
        decision: number of the last decision of a person that affirms it; 0 without any.
        imported: when the newest of its sources was.
    """

    decision: int
    confidence: float
    sources: int
    imported: float


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


def known_facts(
    connection: Connection, config: Config, same: Identity, without: Collection[str] = ()
) -> Iterator[tuple[int, Fact]]:
    """Every fact that is sure enough and that no better supported value contradicts.

    What says that ids are one thing is in ``same``, and left out here.
    """
    single = [name for name, told in config.relations.items() if told.single]
    beaten = contradicted(_values(connection, config, single, without), same) if single else set()
    stated = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.not_in(IDENTITY),
    )
    for key, fact in stated:
        if fact.confidence >= config.graph.least_confidence and key not in beaten:
            yield key, fact


def contradicted(values: Iterable[tuple[int, Fact, Support]], same: Identity) -> set[int]:
    """Ids of the facts whose subject has a better supported value of the same relation.

    Better is what a person affirmed later, then what is surer, then what more sources state,
    then what was imported later. Values in several languages do not contradict each other.

    Args:
        values: (fact id, fact, support) of relations of which a thing has one value.
        same: ids that are one thing have one value together, and are one value.
    """
    best: dict[tuple[str, str, str], tuple[Support, str]] = {}
    told = list(values)
    for _, fact, support in told:
        place = (same.of(fact.subject), fact.relation, fact.language)
        value = fact.object if fact.literal else same.of(fact.object)
        best[place] = max(best.get(place, (support, value)), (support, value))
    return {
        key
        for key, fact, _ in told
        if (fact.object if fact.literal else same.of(fact.object))
        != best[same.of(fact.subject), fact.relation, fact.language][1]
    }


def _values(
    connection: Connection, config: Config, single: list[str], without: Collection[str]
) -> list[tuple[int, Fact, Support]]:
    rows = (
        select(
            evidence.c.fact_id,
            func.count(evidence.c.source.distinct()),
            func.max(func.coalesce(sources.c.imported, 0.0)),
        )
        .join(facts, facts.c.fact_id == evidence.c.fact_id)
        .outerjoin(sources, sources.c.source == evidence.c.source)
        .where(facts.c.relation.in_(single), evidence.c.source.not_in(list(without)))
        .group_by(evidence.c.fact_id)
    )
    supported = {key: (number, when) for key, number, when in connection.execute(rows)}
    stated = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.in_(single),
    )
    decided = decision_log.affirmed(connection)
    return [
        (key, fact, Support(decided.get(key, 0), fact.confidence, *supported[key]))
        for key, fact in stated
    ]


def _of_use(
    connection: Connection, used: Sequence[Fact], config: Config
) -> Iterator[tuple[int, Fact]]:
    """With their ids, what is sure enough and denied by nobody."""
    rejected, trust = denied(connection), config.sources.trust.get(USE, 1.0)
    for fact in used:
        key, confidence = statements.fact_id(fact), trust * fact.confidence
        if key not in rejected and confidence >= config.graph.least_confidence:
            yield key, replace(fact, confidence=confidence)
