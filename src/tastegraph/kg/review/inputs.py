"""What a derivation works on: the graph as the sources state it, without what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import Connection, select

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, MENTIONS, USER, Fact, Item
from tastegraph.kg.from_store import known_facts
from tastegraph.kg.identity import IDENTITY, Identity, identity
from tastegraph.kg.names import name_in
from tastegraph.store import catalogue
from tastegraph.store.schema import DERIVED, evidence, facts


def not_before(step: str) -> tuple[str, ...]:
    """The sources that ``step`` may not use: itself, and what is derived after it."""
    return DERIVED[DERIVED.index(step) :]


@dataclass(frozen=True)
class Inputs:
    """Items, facts and links at one moment.

    Args:
        connection: sees one consistent state as long as it is open.
        config: the workspace's.
        step: the derived source that is made of them.
    """

    connection: Connection
    config: Config
    step: str

    @cached_property
    def items(self) -> list[Item]:
        """The catalogue, by id."""
        return list(catalogue.all_items(self.connection))

    @cached_property
    def same(self) -> Identity:
        """Which ids are one thing."""
        return identity(self.connection, self.config, not_before(self.step))

    @cached_property
    def facts(self) -> list[Fact]:
        """What holds, in a fixed order."""
        found = known_facts(self.connection, self.config, self.same, not_before(self.step))
        return [fact for _, fact in found]

    def documents(self) -> Iterator[tuple[str, str]]:
        """Id and text of every item that has a text."""
        return ((ITEM + item.item_id, item.text) for item in self.items if item.text.strip())

    def about_items(self) -> Iterator[Fact]:
        """What is known of items, also of the entities that they are, with the item as subject.

        Names, descriptions and mentions are left out: of these a text is made, or made a graph.
        """
        items: dict[str, list[str]] = {}
        for link in self.same.links:
            items.setdefault(self.same.of(link.entity_id), []).append(ITEM + link.item_id)
        passed_over = {*self.config.graph.verbal_relations, MENTIONS}
        for fact in self.facts:
            if fact.relation in passed_over:
                continue
            if fact.subject.startswith(ITEM):
                yield fact
            else:
                for item in items.get(self.same.of(fact.subject), ()):
                    yield replace(fact, subject=item)

    def names(self) -> dict[str, list[str]]:
        """Labels and aliases of every entity, or what its id says where it has none."""
        naming = frozenset(self.config.graph.naming_relations)
        told: dict[str, list[str]] = {}
        for fact in self.facts:
            ends = (fact.subject,) if fact.literal else (fact.subject, fact.object)
            for end in ends:
                if not end.startswith((ITEM, USER)):
                    told.setdefault(end, [])
            if fact.literal and fact.relation in naming and fact.subject in told:
                told[fact.subject].append(fact.object)
        return {entity: names or [name_in(entity)] for entity, names in told.items()}

    def sources_of(self) -> dict[str, set[str]]:
        """Entity → the sources that state anything of it; of facts that the step may use."""
        found: dict[str, set[str]] = {}
        for end in (facts.c.subject, facts.c.object):
            pairs = (
                select(end, evidence.c.source)
                .join(evidence, evidence.c.fact_id == facts.c.fact_id)
                .where(
                    evidence.c.source.not_in(not_before(self.step)),
                    facts.c.relation.not_in(IDENTITY),
                )
                .distinct()
            )
            if end is facts.c.object:
                pairs = pairs.where(~facts.c.literal)
            for entity, source in self.connection.execute(pairs):
                found.setdefault(entity, set()).add(source)
        return found

    def sameness(self, probability: float, *, taken: bool) -> float:
        """Confidence with which a match counts that is taken, and is only asked about if not."""
        least = self.config.graph.least_sameness
        return max(probability, least) if taken else min(probability, 0.99 * least)
