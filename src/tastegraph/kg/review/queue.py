"""The review queue: uncertain facts, those first whose review would change most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact, Span
from tastegraph.kg.identity import Identity, resolve_identity
from tastegraph.kg.review.uncertain import (
    FactReach,
    fact_ends,
    rivals_of_single_values,
    uncertain_facts,
)
from tastegraph.store import catalogue, quotes, statements
from tastegraph.store.quotes import QUOTE
from tastegraph.store.schema import USE, facts
from tastegraph.text.languages import BestLabels

EXCERPT_CONTEXT = 60
"""Characters of a text that are shown on either side of the words of a fact."""
MAX_EXCERPTS = 3


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
    identity = resolve_identity(connection, config)
    rivals = rivals_of_single_values(connection, config, identity)
    uncertain = uncertain_facts(connection, config, identity, rivals)
    ends = {end for fact in uncertain.values() for end in fact.ends}
    reach = FactReach(connection, identity, ends)
    priority = {id_: fact.priority(reach.events(fact.ends)) for id_, fact in uncertain.items()}
    ranked = nsmallest(n, priority, key=lambda fact_id: (-priority[fact_id], fact_id))
    stored = _facts(connection, config, identity, ranked)
    names = _names(connection, config, stored.values())
    return [
        _review_task(
            connection,
            fact_id,
            stored[fact_id],
            priority[fact_id],
            names,
            rivals.get(fact_id, ()),
            uncertain[fact_id].votes,
        )
        for fact_id in ranked
    ]


def _facts(
    connection: Connection, config: Config, identity: Identity, fact_ids: list[int]
) -> dict[int, Fact]:
    """Fact id → fact, with the confidence that sources other than usage give it."""
    stored = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=[USE],
        only=facts.c.fact_id.in_(fact_ids),
    )
    return dict(identity.item_ids.facts(stored))


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
    """Excerpts of the first :data:`MAX_EXCERPTS` spans in quotes and texts of stored items."""
    in_texts = (span for span in spans if span.document.startswith((ITEM, QUOTE)))
    for span in islice(in_texts, MAX_EXCERPTS):
        text = _text(connection, span.document)
        if span.end <= len(text):
            yield Excerpt(
                span.document,
                text[max(span.start - EXCERPT_CONTEXT, 0) : span.start],
                text[span.start : span.end],
                text[span.end : span.end + EXCERPT_CONTEXT],
            )


def _text(connection: Connection, document: str) -> str:
    """The text of a document; empty where it is not stored any more."""
    if document.startswith(QUOTE):
        return quotes.text_of(connection, document) or ""
    item = catalogue.get_item(connection, document.removeprefix(ITEM))
    return "" if item is None else item.text


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
