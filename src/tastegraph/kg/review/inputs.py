"""Derivation inputs: the facts that sources and people state, without what is derived from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, select

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, MENTIONS, USER, Fact, Item
from tastegraph.kg.extraction.chinese_evidence import titles_in
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.from_store import accepted_facts
from tastegraph.kg.identity import IDENTITY_RELATIONS, Identity, resolve_identity
from tastegraph.kg.names import name_from_id
from tastegraph.store import catalogue
from tastegraph.store.schema import DERIVED, TOPICS, evidence, facts

MAX_REVIEW_SHARE = 0.99
"""Confidence of a pair that is only for review, as a share of the one from which pairs count."""


def excluded_sources(step: str) -> tuple[str, ...]:
    """The sources that a derivation must not use: itself, and the steps after it."""
    return DERIVED[DERIVED.index(step) :]


@dataclass(frozen=True)
class DerivationInputs:
    """Items, facts and links at one moment, as one derivation step may use them.

    Attributes:
        connection: a transaction that sees one consistent state.
        config: of the workspace.
        step: name of the derivation step, and of the source of its facts.
        directory: of the workspace; names of files in the configuration start from it.
    """

    connection: Connection
    config: Config
    step: str
    directory: Path = Path()

    @cached_property
    def items(self) -> list[Item]:
        """The catalogue, by id."""
        return list(catalogue.all_items(self.connection))

    @cached_property
    def identity(self) -> Identity:
        """Which ids are one thing."""
        return resolve_identity(self.connection, self.config, excluded_sources(self.step))

    @cached_property
    def facts(self) -> list[Fact]:
        """The facts that hold, in a fixed order."""
        accepted = accepted_facts(
            self.connection, self.config, self.identity, excluded_sources(self.step)
        )
        return [fact for _, fact in accepted]

    def documents(self) -> Iterator[Document]:
        """The text of every item that has one; its subject is the item."""
        for item in self.items:
            if item.text.strip():
                yield Document(ITEM + item.item_id, ITEM + item.item_id, item.text)

    def item_facts(self) -> Iterator[Fact]:
        """Facts about items and about the entities linked to them, with the item as subject.

        Names, descriptions and mentions are left out, because texts are made of the former and
        the latter are made from texts.
        """
        items: dict[str, list[str]] = {}
        for link in self.identity.links:
            entity = self.identity.canonical_id(link.entity_id)
            items.setdefault(entity, []).append(ITEM + link.item_id)
        skipped = {*self.config.graph.verbal_relations, MENTIONS}
        for fact in self.facts:
            if fact.relation in skipped:
                continue
            if fact.subject.startswith(ITEM):
                yield fact
            else:
                for item in items.get(self.identity.canonical_id(fact.subject), ()):
                    yield replace(fact, subject=item)

    def names(self) -> dict[str, list[str]]:
        """Labels and aliases of every entity; without any, a name made from its id."""
        naming = frozenset(self.config.graph.naming_relations)
        names: dict[str, list[str]] = {}
        for fact in self.facts:
            ends = (fact.subject,) if fact.literal else (fact.subject, fact.object)
            for end in ends:
                if not end.startswith((ITEM, USER)):
                    names.setdefault(end, [])
            if fact.literal and fact.relation in naming and fact.subject in names:
                names[fact.subject].append(fact.object)
        return {entity: labels or [name_from_id(entity)] for entity, labels in names.items()}

    def stated_names(self) -> dict[str, list[str]]:
        """:meth:`names` without those that only the step ``topics`` states.

        A topic is often a word beside which names stand (*director*), and no name itself.
        """
        if TOPICS in excluded_sources(self.step):
            return self.names()
        sources = self.sources_by_entity()
        return {
            entity: names
            for entity, names in self.names().items()
            if sources.get(entity) != {TOPICS}
        }

    def gazetteer(self) -> Gazetteer:
        """The names of every entity but topics."""
        titles = titles_in(item.text for item in self.items)
        pairs = ((name, entity) for entity, names in self.stated_names().items() for name in names)
        return Gazetteer(pairs, titles)

    def sources_by_entity(self) -> dict[str, set[str]]:
        """Entity → the sources that state facts about it, among those the step may use."""
        sources: dict[str, set[str]] = {}
        for end in (facts.c.subject, facts.c.object):
            pairs = (
                select(end, evidence.c.source)
                .join(evidence, evidence.c.fact_id == facts.c.fact_id)
                .where(
                    evidence.c.source.not_in(excluded_sources(self.step)),
                    facts.c.relation.not_in(IDENTITY_RELATIONS),
                )
                .distinct()
            )
            if end is facts.c.object:
                pairs = pairs.where(~facts.c.literal)
            for entity, source in self.connection.execute(pairs):
                sources.setdefault(entity, set()).add(source)
        return sources

    def identity_confidence(self, probability: float, *, accepted: bool) -> float:
        """Confidence of a derived ``owl:sameAs``: it counts if accepted, else it is for review."""
        threshold = self.config.graph.min_identity_confidence
        if accepted:
            return max(probability, threshold)
        return min(probability, MAX_REVIEW_SHARE * threshold)


Derivation = Callable[[DerivationInputs], Iterator[Fact]]
"""A step: it takes the inputs and yields facts, also candidates without enough confidence to count,
so that people can review them."""
