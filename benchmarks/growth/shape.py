"""The shape that worlds of every size have.

Users grow linearly with events: how much a user does is theirs, not the catalogue's. Items grow
with the square root: distinct things grow slower than their mentions (Heaps 1978), in MovieLens
from 100K to 10M with exponent 0.4. So an item's events grow, as an established shop's do. Facts of
an item and items of a community stay as many; what grows are catalogue, graph and communities.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt


@dataclass(frozen=True)
class Relation:
    """A relation from each item, or from each object of another relation.

    Attributes:
        few: how many objects it has, however many items there are; or
        for_each_item: how many for each item.
        facts: how many facts a subject has, in the mean; at least one.
        of: the relation whose objects are its subjects; items without.
    """

    name: str
    few: int = 0
    for_each_item: float = 0.0
    facts: float = 1.0
    of: str = ""

    def objects(self, n_items: int) -> int:
        """How many objects it has in a catalogue of ``n_items``."""
        return self.few or max(round(self.for_each_item * n_items), 2)


@dataclass(frozen=True)
class Shape:
    """All that is fixed.

    Attributes:
        items_per_root: items for √events; or
        events_per_item: events for each item, if it is above 0.
        fewest, activity: a user has at least ``fewest`` events, n of them with a density of
            n^(-activity); a mean of 3 · fewest at 2.5.
        most: the largest history, as a share of the items.
        popularity: exponent of items' weights by rank; their events' is about 1, since nobody does
            the same twice.
        community: items in each community.
        groups_per_user: communities a user draws from, one after another.
        loyalty: share of a user's events that are drawn from these.
        fidelity: share of facts whose object is at home in the item's community.
        degree: exponent of objects' weights by rank.
        relations: the graph.
    """

    items_per_root: float = 5.0
    events_per_item: float = 0.0
    fewest: int = 33
    activity: float = 2.5
    most: float = 0.25
    popularity: float = 1.2
    community: int = 100
    groups_per_user: int = 3
    loyalty: float = 0.7
    fidelity: float = 0.6
    degree: float = 1.0
    relations: tuple[Relation, ...] = (
        Relation("genre", few=20, facts=2),
        Relation("country", few=40),
        Relation("keyword", for_each_item=0.2, facts=5),
        Relation("person", for_each_item=1.0, facts=4),
        Relation("maker", for_each_item=0.1),
        Relation("owner", for_each_item=0.02, of="maker"),
    )

    def n_items(self, n_events: int) -> int:
        """I, of a world of ``n_events``."""
        if self.events_per_item:
            return round(n_events / self.events_per_item)
        return round(self.items_per_root * isqrt(n_events))

    def n_communities(self, n_items: int) -> int:
        """How many communities ``n_items`` fall into."""
        return max(n_items // self.community, 2)
