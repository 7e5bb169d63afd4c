"""What every published data set becomes: items, a graph, events, and the part of each event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import Config, EvaluationConfig
from tastegraph.core.fact_columns import facts_of
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import Event, Fact, Item, Link, Split
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions, interactions
from tastegraph.profiles.item_texts import event_entities
from tastegraph.profiles.splits import TEST, TRAIN, VALID, assign_splits, split_events
from tastegraph.store.event_columns import EventColumns

SPLITS: tuple[Split, Split, Split] = ("train", "valid", "test")
GIVEN = EvaluationConfig(split="given")
VALIDATION = EvaluationConfig(split="random", fractions=(0.9, 0.1, 0.0))
"""What is cut from a published training part to choose by: a tenth of each user's events."""


@dataclass(frozen=True)
class Pairs:
    """Users and items with a label: whether the one clicked the other.

    Attributes:
        users, items: int32[P], numbers as in the set's events.
        labels: bool[P].
        parts: int8[P], train, valid or test.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    labels: NDArray[np.bool_]
    parts: NDArray[np.int8]

    def select(self, part: int) -> Pairs:
        """The pairs of one part."""
        at = self.parts == part
        return Pairs(self.users[at], self.items[at], self.labels[at], self.parts[at])


@dataclass(frozen=True)
class BenchmarkDataset:
    """One data set.

    Attributes:
        items: in the order of the graph's items; entities that events are on are the last.
        events: everybody's, oldest first.
        parts: int8[E], train, valid or test.
        config: phrases of relations, weights of events, how the set is split.
        maker: the relation whose object makes an item: who buys by brand, by director.
        pairs: where labels of pairs are to be told rather than lists to be made.
        slices: name → bool[U], users who are reported apart beside the whole; of lists alone.
        candidates: bool CSR[U, I], what a user's list is made of, where that is not all items.
        offered: the same on the validation part.
        cold: bool[I], items without any event but test events, where these are what is tested:
            lists of them alone are measured too.
    """

    name: str
    items: list[Item]
    graph: KnowledgeGraph
    events: Interactions
    parts: NDArray[np.int8]
    config: Config
    maker: str = ""
    pairs: Pairs | None = None
    slices: Mapping[str, Bools] = field(default_factory=dict)
    candidates: CSR | None = None
    offered: CSR | None = None
    cold: Bools | None = None


def assembled(
    name: str,
    items: list[Item],
    facts: Iterable[Fact],
    links: Iterable[Link],
    events: Iterable[Event],
    config: Config,
    maker: str = "",
) -> BenchmarkDataset:
    """Join the records of one data set; each user's events in time order, or as they come."""
    columns = facts_of(ColumnFacts(config.items.facts).of(frame_of_items(items)))
    ordered = sorted(events, key=lambda event: (event.user_id, event.timestamp or 0.0))
    liked = {event.entity_id for event in ordered if event.entity_id}
    graph = build_graph(
        items, (), enumerate([*columns, *facts]), links, config, event_entities=liked
    )
    by_id = {item.item_id: item for item in items}
    known = interactions(
        EventColumns.of(ordered), graph.rows, EventMeaning.of_events(config.events, ordered)
    )
    listed = [by_id[item_id] for item_id in graph.item_ids[: graph.n_listed]]
    return BenchmarkDataset(
        name=name,
        items=[*listed, *event_entities(graph)],
        graph=graph,
        events=known,
        parts=assign_splits(known, config.evaluation, seed=1),
        config=config,
        maker=maker,
    )


def with_validation(parts: NDArray[np.int8], events: Interactions, seed: int) -> NDArray[np.int8]:
    """int8[E]: ``parts`` with :data:`VALIDATION` of the training part; who has one event keeps it.

    Raises:
        ValueError: there is a validation part already.
    """
    if (parts == VALID).any():
        raise ValueError("the published split has a validation part of its own")
    at = np.flatnonzero(parts == TRAIN)
    cut = parts.copy()
    hashes = events.pair_hashes(seed)
    cut[at] = split_events(events.users[at], hashes[at], events.times[at], VALIDATION)
    return cut


def without_entity_events(dataset: BenchmarkDataset) -> BenchmarkDataset:
    """The same without the events on entities; those stay in the graph."""
    on_item = dataset.events.items < dataset.events.n_listed
    return replace(dataset, events=dataset.events.select(on_item), parts=dataset.parts[on_item])


def sizes(dataset: BenchmarkDataset) -> dict[str, int]:
    """Users, items, facts, and events of each part: what a reader checks a split by."""
    counted = np.bincount(dataset.parts, minlength=TEST + 1).tolist()
    return {
        "people": dataset.events.n_users,
        "items": dataset.events.n_listed,
        "facts": len(dataset.graph.heads),
        **dict(zip(SPLITS, counted, strict=True)),
    }
