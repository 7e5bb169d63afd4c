"""How far a fact reaches: the events on the items that it says something about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

from tastegraph.core.records import ITEM, Fact
from tastegraph.kg.known import IDENTITY, Identity
from tastegraph.store import events as log
from tastegraph.store import statements


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
