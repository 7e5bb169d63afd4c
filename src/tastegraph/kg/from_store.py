"""Which stored facts hold, and the knowledge graph that they make."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact
from tastegraph.kg.graph import KnowledgeGraph, graph_of_rows
from tastegraph.kg.identity import IDENTITY_RELATIONS, Identity, resolve_identity
from tastegraph.store import catalogue, decision_log, statements
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.fact_rows import FactRow, fact_rows, row_of_fact
from tastegraph.store.schema import USE, evidence, facts, sources


class SupportStrength(NamedTuple):
    """How well a value is supported; compared field by field, more is better.

    Attributes:
        decision: number of the last decision of a person that affirms it; 0 without one.
        confidence: of the fact, in (0, 1].
        sources: how many sources state it.
        imported: when the newest of its sources was imported, in seconds since 1970.
    """

    decision: int
    confidence: float
    sources: int
    imported: float


def graph_from_store(
    database: Database, config: Config, usage_facts: Sequence[Fact] | None = None
) -> KnowledgeGraph:
    """The knowledge graph over every item of the catalogue and of the events.

    Args:
        usage_facts: facts derived from usage (co-engagement); they replace the stored ones.
    """
    with database.reading() as connection:
        identity = resolve_identity(connection, config)
        without = () if usage_facts is None else (USE,)
        accepted = accepted_rows(connection, config, identity, without)
        if usage_facts is not None:
            accepted = chain(accepted, _accepted_usage(connection, usage_facts, config))
        return graph_of_rows(
            items=catalogue.all_items(connection),
            extra_item_ids=log.item_ids(connection),
            rows=accepted,
            links=identity.links,
            config=config,
            canonical=identity.canonical,
            references=identity.item_ids,
            event_entities=log.entity_ids(connection),
        )


def item_ids(database: Database) -> list[str]:
    """Ids of all items of the catalogue and of the events, in the order of the graph's items."""
    with database.reading() as connection:
        listed = {item.item_id for item in catalogue.all_items(connection)}
        return sorted(listed.union(log.item_ids(connection)))


def accepted_facts(
    connection: Connection, config: Config, identity: Identity, without: Collection[str] = ()
) -> Iterator[tuple[int, Fact]]:
    """All facts that hold, with their ids: confident enough and not contradicted.

    An item is ``item:ID`` in them, however the sources name it.

    Identity statements are not among them; ``identity`` holds what follows from those.

    Args:
        without: names of sources whose statements are ignored.
    """
    for row in accepted_rows(connection, config, identity, without):
        yield row[0], statements.fact_of_row(row)


def accepted_rows(
    connection: Connection,
    config: Config,
    identity: Identity,
    without: Collection[str] = (),
    only: ColumnElement[bool] | None = None,
) -> Iterator[FactRow]:
    """The facts of :func:`accepted_facts` as rows; all, or those that meet ``only``."""
    single_valued = [name for name, relation in config.relations.items() if relation.single]
    contradicted: set[int] = set()
    if single_valued:
        values = _supported_values(connection, config, single_valued, identity, without)
        contradicted = contradicted_facts(values, identity)
    states_no_identity = facts.c.relation.not_in(IDENTITY_RELATIONS)
    stored = fact_rows(
        connection,
        trust=config.sources.trust,
        without=without,
        only=states_no_identity if only is None else states_no_identity & only,
    )
    min_confidence, bare = config.graph.min_confidence, identity.item_ids.bare
    for row in stored:
        fact_id, subject, relation, value, literal, datatype, language, confidence = row
        if confidence < min_confidence or fact_id in contradicted:
            continue
        if subject in bare or (not literal and value in bare):
            subject = ITEM + subject if subject in bare else subject
            value = ITEM + value if not literal and value in bare else value
            row = fact_id, subject, relation, value, literal, datatype, language, confidence
        yield row


def contradicted_facts(
    values: Iterable[tuple[int, Fact, SupportStrength]], identity: Identity
) -> set[int]:
    """Ids of the facts whose subject has a better supported value of the same relation.

    :class:`SupportStrength` orders the values: a later decision of a person first, then
    confidence, then the number of sources, then the newer import. Values in different languages
    do not contradict each other.

    Args:
        values: (fact id, fact, support) of relations that have one value per subject.
        identity: ids of one thing share one value, and count as the same value.
    """
    entries = [
        (
            fact_id,
            (identity.canonical_id(fact.subject), fact.relation, fact.language),
            (support, fact.object if fact.literal else identity.canonical_id(fact.object)),
        )
        for fact_id, fact, support in values
    ]
    best: dict[tuple[str, str, str], tuple[SupportStrength, str]] = {}
    for _, key, value in entries:
        best[key] = max(best.get(key, value), value)
    return {fact_id for fact_id, key, (_, value) in entries if value != best[key][1]}


def _supported_values(
    connection: Connection,
    config: Config,
    relations: list[str],
    identity: Identity,
    without: Collection[str],
) -> list[tuple[int, Fact, SupportStrength]]:
    support_query = (
        select(
            evidence.c.fact_id,
            func.count(evidence.c.source.distinct()),
            func.max(func.coalesce(sources.c.imported, 0.0)),
        )
        .join(facts, facts.c.fact_id == evidence.c.fact_id)
        .outerjoin(sources, sources.c.source == evidence.c.source)
        .where(facts.c.relation.in_(relations), evidence.c.source.not_in(list(without)))
        .group_by(evidence.c.fact_id)
    )
    support = {
        fact_id: (n_sources, imported)
        for fact_id, n_sources, imported in connection.execute(support_query)
    }
    stored = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.in_(relations),
    )
    affirmed = decision_log.affirmed(connection)
    return [
        (
            fact_id,
            fact,
            SupportStrength(affirmed.get(fact_id, 0), fact.confidence, *support[fact_id]),
        )
        for fact_id, fact in identity.item_ids.facts(stored)
    ]


def _accepted_usage(
    connection: Connection, usage_facts: Sequence[Fact], config: Config
) -> Iterator[FactRow]:
    """The usage facts, as rows, that are confident enough and that nobody denied."""
    denied, trust = decision_log.denied(connection), config.sources.trust.get(USE, 1.0)
    for fact in usage_facts:
        fact_id, confidence = statements.fact_id(fact), trust * fact.confidence
        if fact_id not in denied and confidence >= config.graph.min_confidence:
            yield row_of_fact(fact_id, replace(fact, confidence=confidence))
