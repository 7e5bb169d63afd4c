"""Which facts are uncertain, and how many events each reaches: what the review queue is ranked by.

Only the uncertain facts are read as a whole; of all others two columns pass by, and only where
they may be neighbours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Set
from math import log1p
from typing import NamedTuple

from sqlalchemy import Connection, Select, func, select

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact
from tastegraph.kg.identity import IDENTITY_RELATIONS, Identity
from tastegraph.store import decision_log
from tastegraph.store import events as log
from tastegraph.store.fact_rows import raw_rows, trusted_confidence
from tastegraph.store.schema import USE, evidence, facts

VOTED_PROBABILITY = 0.5
"""Probability of a fact that users voted against, at most."""
IDS_PER_QUERY = 500
Rivals = Mapping[int, tuple[str, ...]]


class UncertainFact(NamedTuple):
    """A fact that a person may judge.

    Attributes:
        ends: canonical ids of its subject, and of its object unless that is a value.
        probability: that it is right.
        votes: number of users who said that it is wrong.
    """

    ends: tuple[str, ...]
    probability: float
    votes: int = 0

    def priority(self, n_events: int) -> float:
        """``4p(1 - p) · log(2 + events) · (1 + votes)``."""
        p = self.probability
        return 4 * p * (1 - p) * log1p(1 + n_events) * (1 + self.votes)


def uncertain_facts(
    connection: Connection, config: Config, identity: Identity, rivals: Rivals
) -> dict[int, UncertainFact]:
    """Fact id → fact, of all facts of which no source is certain, with rivals or with votes.

    Facts that a standing decision is about, or that only usage states, are left out.
    """
    judged, votes = decision_log.decided(connection), decision_log.vote_counts(connection)
    names = identity.stored_names
    uncertain: dict[int, UncertainFact] = {}
    supports = _supported_facts(config)
    doubtful = select(evidence.c.fact_id).where(
        trusted_confidence(config.sources.trust) < 1, evidence.c.source != USE
    )
    others = sorted({*rivals, *votes})
    conditions = [doubtful] + [
        others[start : start + IDS_PER_QUERY] for start in range(0, len(others), IDS_PER_QUERY)
    ]
    for condition in conditions:
        query = supports.where(facts.c.fact_id.in_(condition))
        for fact_id, subject, value, literal, p in raw_rows(connection, query):
            if fact_id in judged or p is None:
                continue
            if fact_id in rivals:
                p = min(p, 1 / (1 + len(rivals[fact_id])))
            if n_votes := votes.get(fact_id, 0):
                p = min(p, VOTED_PROBABILITY)
            if p < 1:
                head = names.get(subject, subject)
                ends = (head,) if literal else (head, names.get(value, value))
                uncertain[fact_id] = UncertainFact(ends, p, n_votes)
    return uncertain


def _supported_facts(config: Config) -> Select[tuple[int, str, str, bool, float]]:
    """The query of facts, with the confidence that sources other than usage give each."""
    confidence = (
        select(func.max(trusted_confidence(config.sources.trust)))
        .where(evidence.c.fact_id == facts.c.fact_id, evidence.c.source != USE)
        .scalar_subquery()
    )
    return select(facts.c.fact_id, facts.c.subject, facts.c.object, facts.c.literal, confidence)


def rivals_of_single_values(
    connection: Connection, config: Config, identity: Identity
) -> dict[int, tuple[str, ...]]:
    """Fact id → other values of a single-valued relation, where none is affirmed."""
    single_valued = [name for name, relation in config.relations.items() if relation.single]
    if not single_valued:
        return {}
    denied, affirmed = decision_log.denied(connection), decision_log.affirmed(connection)
    names = identity.stored_names
    first: dict[tuple[str, str, str], tuple[int, str]] = {}
    groups: dict[tuple[str, str, str], dict[int, str]] = {}
    columns = (facts.c.fact_id, facts.c.subject, facts.c.relation, facts.c.object,
               facts.c.literal, facts.c.language)  # fmt: skip
    query = select(*columns).where(facts.c.relation.in_(single_valued))
    for fact_id, subject, relation, value, literal, language in raw_rows(connection, query):
        if fact_id in denied:
            continue
        key = (names.get(subject, subject), relation, language)
        entry = (fact_id, value if literal else names.get(value, value))
        earlier = first.setdefault(key, entry)
        if earlier is not entry:
            groups.setdefault(key, dict((earlier,))).update((entry,))
    return {
        fact_id: others
        for values in groups.values()
        if affirmed.keys().isdisjoint(values)
        for fact_id, value in values.items()
        if (others := tuple(sorted(set(values.values()) - {value})))
    }


class FactReach:
    """Counts the events on items that a fact is about.

    The events of an id are those on the items that it is, or that are one fact away from it.

    Args:
        connection: to the store.
        identity: ids of one thing have their events together.
        ends: canonical ids: those in the facts that :meth:`events` will be called for.
    """

    def __init__(self, connection: Connection, identity: Identity, ends: Set[str]) -> None:
        own_events = _own_events(connection, identity)
        self._events = {end: own_events.get(end, 0) for end in ends}
        if ends and own_events:
            self._add_neighbours(connection, identity.stored_names, own_events)

    def _add_neighbours(
        self, connection: Connection, names: Mapping[str, str], own_events: dict[str, int]
    ) -> None:
        """Add the events of each neighbour.

        Args:
            names: id as it is stored → canonical id, where the two differ.
            own_events: canonical id → number of events on the items that it is.
        """
        events, denied = self._events, decision_log.denied(connection)
        relevant = dict(zip(events, events, strict=True))
        for stored_id, canonical_id in names.items():
            if canonical_id in events:
                relevant[stored_id] = canonical_id
            if canonical_id in own_events:
                own_events[stored_id] = own_events[canonical_id]
        query = select(facts.c.fact_id, facts.c.subject, facts.c.object).where(
            ~facts.c.literal, facts.c.relation.not_in(IDENTITY_RELATIONS)
        )
        for fact_id, head, tail in raw_rows(connection, query):
            if tail in relevant and head in own_events and fact_id not in denied:
                events[relevant[tail]] += own_events[head]
            if head in relevant and tail in own_events and fact_id not in denied:
                events[relevant[head]] += own_events[tail]

    def events(self, ends: Collection[str]) -> int:
        """Number of events of the ends of a fact, added."""
        return sum([self._events[end] for end in ends])


def fact_ends(fact: Fact) -> tuple[str, ...]:
    """The ids in a fact: its subject, and its object unless that is a value."""
    return (fact.subject,) if fact.literal else (fact.subject, fact.object)


def _own_events(connection: Connection, identity: Identity) -> dict[str, int]:
    """Canonical id → number of events on the items that it is."""
    entities: dict[str, set[str]] = defaultdict(set)
    for link in identity.links:
        entities[link.item_id].add(identity.canonical_id(link.entity_id))
    own_events: Counter[str] = Counter()
    for item_id, count in log.counts_by_item(connection).items():
        for end in {identity.canonical_id(ITEM + item_id)} | entities.get(item_id, set()):
            own_events[end] += count
    return dict(own_events)
