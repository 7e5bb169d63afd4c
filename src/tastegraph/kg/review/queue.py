"""The review queue: unsure facts, first those on which an answer would change most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from itertools import islice
from math import log1p

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact, Span
from tastegraph.kg.identity import IDENTITY, Identity, identity
from tastegraph.store import catalogue, decision_log, statements
from tastegraph.store import events as log
from tastegraph.store.schema import USE, facts
from tastegraph.text.languages import BestLabels


class Reach:
    """Events on the items that an id is, or is one fact away from.

    Args:
        connection: to the store.
        same: ids that are one thing are reached together.
        asked: the facts for which :meth:`of` will be asked.
    """

    def __init__(self, connection: Connection, same: Identity, asked: Iterable[Fact]) -> None:
        self._same = same
        asked = list(asked)
        wanted = {same.of(end) for fact in asked for end in ends(fact)}
        events = log.counts_by_item(connection)
        entities: dict[str, set[str]] = defaultdict(set)
        for link in same.links:
            entities[link.item_id].add(same.of(link.entity_id))
        own: Counter[str] = Counter()
        for item_id, number in events.items():
            for end in {same.of(ITEM + item_id)} | entities[item_id]:
                own[end] += number
        self._events = Counter({end: own[end] for end in wanted})
        if not asked:
            return
        for _, fact in statements.all_facts(connection):
            if fact.literal or fact.relation in IDENTITY:
                continue
            head, tail = same.of(fact.subject), same.of(fact.object)
            if head in wanted:
                self._events[head] += own[tail]
            if tail in wanted:
                self._events[tail] += own[head]

    def of(self, fact: Fact) -> int:
        """Events that either end of ``fact`` reaches, added up."""
        return sum(self._events[self._same.of(end)] for end in ends(fact))


def ends(fact: Fact) -> tuple[str, ...]:
    """The ids that a fact is about."""
    return (fact.subject,) if fact.literal else (fact.subject, fact.object)


CONTEXT = 60
"""Characters of a text that are shown on either side of the words of a fact."""
MOST_EXCERPTS = 3


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The words that a fact was read from, and what is around them."""

    document: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to be judged.

    Attributes:
        fact_id: by which it is accepted, rejected or edited.
        priority: how much an answer would change: 4p(1 - p), the uncertainty of what is stated
            with confidence p, times log(2 + events on the items it reaches). A value that
            contradicts n others has p of at most 1 / (1 + n). One that v people doubt has p of at
            most ½, and 1 + v times the priority.
        sources: who states it, and how sure each is.
        excerpts: the words it was read from.
        subject_name, object_name: what the ends are called.
        rivals: other values of a relation of which a thing has one.
        votes: how many people said that it is wrong.
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


def questions(connection: Connection, config: Config, n: int = 20) -> list[Question]:
    """The ``n`` facts on which a person's answer would change most, the first ones first.

    Asked is what nobody has judged: facts of which no source is certain, those that people doubt,
    and values that contradict each other while a person has affirmed none of them. What use says
    is counted, and not for people to judge.
    """
    judged, doubts = decision_log.decided(connection), decision_log.vote_counts(connection)
    same = identity(connection, config)
    unsure: dict[int, tuple[Fact, float]] = {}
    rivals = _rivals(connection, config, same, decision_log.affirmed(connection).keys())
    stated = statements.all_facts(connection, trust=config.sources.trust, without=[USE])
    for key, fact in stated:
        if key in judged:
            continue
        p = min(fact.confidence, 1 / (1 + len(rivals.get(key, ()))))
        if key in doubts:
            p = min(p, 0.5)
        if p < 1:
            unsure[key] = fact, p
    reach = Reach(connection, same, (fact for fact, _ in unsure.values()))
    ranked = sorted(
        (
            (-4 * p * (1 - p) * log1p(1 + reach.of(fact)) * (1 + doubts.get(key, 0)), key, fact)
            for key, (fact, p) in unsure.items()
        ),
        key=lambda entry: entry[:2],
    )[:n]
    names = _names(connection, config, [fact for _, _, fact in ranked])
    return [
        replace(
            _question(connection, key, fact, -priority, names, rivals.get(key, ())),
            votes=doubts.get(key, 0),
        )
        for priority, key, fact in ranked
    ]


def _question(
    connection: Connection,
    key: int,
    fact: Fact,
    priority: float,
    names: Mapping[str, str],
    rivals: Iterable[str],
) -> Question:
    found = statements.supports(connection, key)
    spans = [span for _, _, span in found if span is not None]
    best: dict[str, float] = {}
    for source, confidence, _ in found:
        best[source] = max(confidence, best.get(source, 0.0))
    return Question(
        fact_id=key,
        fact=fact,
        priority=priority,
        sources=tuple(best.items()),
        excerpts=tuple(excerpts(connection, spans)),
        subject_name=names.get(fact.subject, ""),
        object_name="" if fact.literal else names.get(fact.object, ""),
        rivals=tuple(rivals),
    )


def excerpts(connection: Connection, spans: Iterable[Span]) -> Iterator[Excerpt]:
    """The words of the first few spans that the catalogue still has."""
    for span in islice((span for span in spans if span.document.startswith(ITEM)), MOST_EXCERPTS):
        item = catalogue.get_item(connection, span.document.removeprefix(ITEM))
        if item is not None and span.end <= len(item.text):
            yield Excerpt(
                span.document,
                item.text[max(span.start - CONTEXT, 0) : span.start],
                item.text[span.start : span.end],
                item.text[span.end : span.end + CONTEXT],
            )


def _rivals(
    connection: Connection, config: Config, same: Identity, affirmed: Set[int]
) -> dict[int, tuple[str, ...]]:
    """Fact id → the other values of its subject, where it should have one and none is affirmed."""
    single = [name for name, told in config.relations.items() if told.single]
    if not single:
        return {}
    values: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    for key, fact in statements.all_facts(connection, only=facts.c.relation.in_(single)):
        value = fact.object if fact.literal else same.of(fact.object)
        values[same.of(fact.subject), fact.relation, fact.language][key] = value
    return {
        key: others
        for told in values.values()
        if affirmed.isdisjoint(told)
        for key, value in told.items()
        if (others := tuple(sorted(set(told.values()) - {value})))
    }


def _names(connection: Connection, config: Config, asked: Iterable[Fact]) -> dict[str, str]:
    wanted = {end for fact in asked for end in ends(fact)}
    best = BestLabels.of_names(config.graph)
    relations = config.graph.label_relations
    labels = statements.all_facts(
        connection,
        only=facts.c.relation.in_(relations) & facts.c.subject.in_(wanted) & facts.c.literal,
    )
    for _, fact in labels:
        best.add(fact)
    names = best.all()
    for identifier in wanted:
        if identifier.startswith(ITEM):
            item = catalogue.get_item(connection, identifier.removeprefix(ITEM))
            if item is not None:
                names[identifier] = item.title
    return names
