"""Which ids in facts are items: the one place that decides it.

``item:ID`` always is the item ``ID``. A bare id is the item of that id too, unless an imported
source links this item to an entity, or an item to an entity of this id (by a ``.link`` file, or
``owl:sameAs`` of ``item:ID``): who links items explicitly may number items and entities alike, as
public data sets do, and there an entity that merely has the same text stays an entity. Links that
are derived, or that people affirm, change nothing of that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from sqlalchemy import Connection, select

from tastegraph.core.records import ITEM, Fact, Link
from tastegraph.store import decision_log, statements
from tastegraph.store import events as log
from tastegraph.store.fact_rows import raw_rows
from tastegraph.store.schema import DERIVED, REVIEW, evidence, facts
from tastegraph.store.schema import items as catalogue


@dataclass(frozen=True)
class ItemIds:
    """Which bare ids in facts are items.

    Attributes:
        bare: ids of the items that a bare id names.
        linked: ids of the items that only ``item:ID`` names, since links are explicit.
    """

    bare: Collection[str] = field(default_factory=frozenset)
    linked: Collection[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, item_ids: Iterable[str], links: Iterable[Link]) -> Self:
        """Those of items with these explicit links."""
        items = frozenset(item_ids)
        linked = items & {name for link in links for name in (link.item_id, link.entity_id)}
        return cls(items - linked, linked)

    @classmethod
    def of_store(cls, connection: Connection) -> Self:
        """Those of all items of the catalogue and of the events of a store."""
        items = {row[0] for row in raw_rows(connection, select(catalogue.c.item_id))}
        explicit = (
            select(facts.c.fact_id, facts.c.subject, facts.c.object)
            .join(evidence, evidence.c.fact_id == facts.c.fact_id)
            .where(statements.is_link(), evidence.c.source.not_in([*DERIVED, REVIEW]))
        )
        denied = decision_log.denied(connection)
        names = set()
        for fact_id, subject, entity in raw_rows(connection, explicit):
            if fact_id not in denied:
                names |= {subject.removeprefix(ITEM), entity}
        items.update(log.item_ids(connection))
        linked = items & names
        return cls(items - linked, linked)

    def id_of(self, identifier: str) -> str:
        """``item:ID`` where a fact's subject or object is an item, else the id as it is."""
        return ITEM + identifier if identifier in self.bare else identifier

    def fact(self, fact: Fact) -> Fact:
        """The same fact, in which items are ``item:ID``."""
        subject = self.id_of(fact.subject)
        value = fact.object if fact.literal else self.id_of(fact.object)
        if subject == fact.subject and value == fact.object:
            return fact
        return replace(fact, subject=subject, object=value)

    def facts(self, stored: Iterable[tuple[int, Fact]]) -> Iterator[tuple[int, Fact]]:
        """The same facts with their ids, in which items are ``item:ID``."""
        return ((fact_id, self.fact(fact)) for fact_id, fact in stored)


def stored_facts(connection: Connection) -> Iterator[tuple[int, Fact]]:
    """Every fact of :func:`~tastegraph.store.statements.all_facts`; items are ``item:ID``."""
    return ItemIds.of_store(connection).facts(statements.all_facts(connection))
