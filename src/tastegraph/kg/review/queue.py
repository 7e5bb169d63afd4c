"""The review queue: uncertain facts, those first whose review would change most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from math import log1p

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact, Span
from tastegraph.kg.identity import IDENTITY_RELATIONS, Identity, resolve_identity
from tastegraph.store import catalogue, decision_log, statements
from tastegraph.store import events as log
from tastegraph.store.schema import USE, facts
from tastegraph.text.languages import BestLabels

EXCERPT_CONTEXT = 60
"""Characters of a text that are shown on either side of the words of a fact."""
MAX_EXCERPTS = 3
VOTED_PROBABILITY = 0.5
"""Probability of a fact that users voted against, at most."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The words that a fact was read from, and the text around them."""

    document: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """A fact for a person to accept, reject or edit.

    Attributes:
        fact_id: id of the fact.
        fact: the fact.
        priority: ``4p(1 - p) · log(2 + events) · (1 + votes)``, where ``p`` is the probability
            that the fact is right and ``events`` counts events on the items that it is about.
            With n other values of a single-valued relation, p is at most 1 / (1 + n); with votes
            against it, at most ½.
        sources: (source, confidence) of each source that states it.
        excerpts: the words it was read from.
        subject_name, object_name: labels of the ends; empty where unknown.
        rivals: other values of a single-valued relation.
        votes: number of users who said that it is wrong.
    """

    fact_id: int
    fact: Fact
    priority: float
    sources: tuple[tuple[str, float], ...]
    excerpts: tuple[Excerpt, ...]
    subject_name: str
    object_name: str
    rivals: tuple[str, ...] = ()
    votes: int = 0


def review_queue(connection: Connection, config: Config, n: int = 20) -> list[ReviewTask]:
    """The ``n`` facts with the highest priority, by priority.

    Candidates are facts that no standing decision is about: facts of which no source is certain,
    facts with votes against them, and contradicting values none of which a person affirmed. Facts
    derived from usage are counted from events and not reviewed.
    """
    judged, votes_against = decision_log.decided(connection), decision_log.vote_counts(connection)
    identity = resolve_identity(connection, config)
    rivals = _rivals(connection, config, identity, decision_log.affirmed(connection).keys())
    uncertain: dict[int, tuple[Fact, float]] = {}
    stored = statements.all_facts(connection, trust=config.sources.trust, without=[USE])
    for fact_id, fact in identity.item_ids.facts(stored):
        if fact_id in judged:
            continue
        p = min(fact.confidence, 1 / (1 + len(rivals.get(fact_id, ()))))
        if fact_id in votes_against:
            p = min(p, VOTED_PROBABILITY)
        if p < 1:
            uncertain[fact_id] = fact, p
    reach = FactReach(connection, identity, [fact for fact, _ in uncertain.values()])
    priority = {
        fact_id: 4
        * p
        * (1 - p)
        * log1p(1 + reach.events(fact))
        * (1 + votes_against.get(fact_id, 0))
        for fact_id, (fact, p) in uncertain.items()
    }
    ranked = sorted(priority, key=lambda fact_id: (-priority[fact_id], fact_id))[:n]
    names = _names(connection, config, [uncertain[fact_id][0] for fact_id in ranked])
    return [
        _review_task(
            connection,
            fact_id,
            uncertain[fact_id][0],
            priority[fact_id],
            names,
            rivals.get(fact_id, ()),
            votes_against.get(fact_id, 0),
        )
        for fact_id in ranked
    ]


def _review_task(
    connection: Connection,
    fact_id: int,
    fact: Fact,
    priority: float,
    names: Mapping[str, str],
    rivals: tuple[str, ...],
    votes_against: int,
) -> ReviewTask:
    supports = statements.supports(connection, fact_id)
    spans = [span for _, _, span in supports if span is not None]
    confidence_by_source: dict[str, float] = {}
    for source, confidence, _ in supports:
        highest = max(confidence, confidence_by_source.get(source, 0.0))
        confidence_by_source[source] = highest
    return ReviewTask(
        fact_id=fact_id,
        fact=fact,
        priority=priority,
        sources=tuple(confidence_by_source.items()),
        excerpts=tuple(excerpts(connection, spans)),
        subject_name=names.get(fact.subject, ""),
        object_name="" if fact.literal else names.get(fact.object, ""),
        rivals=rivals,
        votes=votes_against,
    )


def excerpts(connection: Connection, spans: Iterable[Span]) -> Iterator[Excerpt]:
    """Excerpts of the first :data:`MAX_EXCERPTS` spans in texts of items that still exist."""
    for span in islice((span for span in spans if span.document.startswith(ITEM)), MAX_EXCERPTS):
        item = catalogue.get_item(connection, span.document.removeprefix(ITEM))
        if item is not None and span.end <= len(item.text):
            yield Excerpt(
                span.document,
                item.text[max(span.start - EXCERPT_CONTEXT, 0) : span.start],
                item.text[span.start : span.end],
                item.text[span.end : span.end + EXCERPT_CONTEXT],
            )


class FactReach:
    """Counts the events on items that a fact is about.

    The events of an id are those on the items that it is, or that are one fact away from it.

    Args:
        connection: to the store.
        identity: ids of one thing have their events together.
        facts_to_rank: the facts that :meth:`events` will be called with.
    """

    def __init__(
        self, connection: Connection, identity: Identity, facts_to_rank: list[Fact]
    ) -> None:
        canonical_id = identity.canonical_id
        self._identity = identity
        relevant = {canonical_id(end) for fact in facts_to_rank for end in fact_ends(fact)}
        entities: dict[str, set[str]] = defaultdict(set)
        for link in identity.links:
            entities[link.item_id].add(canonical_id(link.entity_id))
        own_events: Counter[str] = Counter()
        for item_id, count in log.counts_by_item(connection).items():
            for end in {canonical_id(ITEM + item_id)} | entities[item_id]:
                own_events[end] += count
        self._events = Counter({end: own_events[end] for end in relevant})
        if not facts_to_rank:
            return
        for _, fact in identity.item_ids.facts(statements.all_facts(connection)):
            if fact.literal or fact.relation in IDENTITY_RELATIONS:
                continue
            head, tail = canonical_id(fact.subject), canonical_id(fact.object)
            if head in relevant:
                self._events[head] += own_events[tail]
            if tail in relevant:
                self._events[tail] += own_events[head]

    def events(self, fact: Fact) -> int:
        """Number of events of both ends of ``fact``, added."""
        return sum(self._events[self._identity.canonical_id(end)] for end in fact_ends(fact))


def fact_ends(fact: Fact) -> tuple[str, ...]:
    """The ids in a fact: its subject, and its object unless that is a value."""
    return (fact.subject,) if fact.literal else (fact.subject, fact.object)


def _rivals(
    connection: Connection, config: Config, identity: Identity, affirmed: Set[int]
) -> dict[int, tuple[str, ...]]:
    """Fact id → other values of a single-valued relation, where none is affirmed."""
    single_valued = [name for name, relation in config.relations.items() if relation.single]
    if not single_valued:
        return {}
    groups: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    stored = statements.all_facts(connection, only=facts.c.relation.in_(single_valued))
    for fact_id, fact in identity.item_ids.facts(stored):
        value = fact.object if fact.literal else identity.canonical_id(fact.object)
        key = (identity.canonical_id(fact.subject), fact.relation, fact.language)
        groups[key][fact_id] = value
    return {
        fact_id: others
        for values in groups.values()
        if affirmed.isdisjoint(values)
        for fact_id, value in values.items()
        if (others := tuple(sorted(set(values.values()) - {value})))
    }


def _names(connection: Connection, config: Config, shown_facts: Iterable[Fact]) -> dict[str, str]:
    """Id → label or title, for the ends of some facts."""
    ids = {end for fact in shown_facts for end in fact_ends(fact)}
    best = BestLabels.of_names(config.graph)
    labels = statements.all_facts(
        connection,
        only=facts.c.relation.in_(config.graph.label_relations)
        & facts.c.subject.in_(ids)
        & facts.c.literal,
    )
    for _, fact in labels:
        best.add(fact)
    names = best.all()
    for identifier in ids:
        if identifier.startswith(ITEM):
            item = catalogue.get_item(connection, identifier.removeprefix(ITEM))
            if item is not None:
                names[identifier] = item.title
    return names
