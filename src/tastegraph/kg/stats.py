"""Statistics of the knowledge graph: its size and relations, and facts that look wrong."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact, Link
from tastegraph.kg.from_store import accepted_facts
from tastegraph.kg.graph import MAX_NODE_VALUE_LENGTH, NodeIndex
from tastegraph.kg.identity import resolve_identity
from tastegraph.kg.item_ids import ItemIds
from tastegraph.kg.names import entity_name
from tastegraph.store import catalogue
from tastegraph.store import events as log
from tastegraph.store.database import Database

MIN_FUNCTIONAL_SHARE = 0.99
"""Share of subjects with one object from which on a relation counts as functional."""
HUB_FACTOR = 20
"""A hub has more than this many times the edges of the 99th percentile."""
TYPE_RELATIONS = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "rdf:type", "type")
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RelationStats:
    """One relation of the graph.

    Attributes:
        facts: number of facts.
        subjects: number of nodes that are subject of one.
        domain, range: number of facts by the kind of their subject and object: item, entity, value.
        functional: whether at least 99 % of its subjects have one object (one in each language).
        violations: ids of the other subjects, where it is functional.
    """

    relation: str
    facts: int
    subjects: int
    domain: dict[str, int]
    range: dict[str, int]
    functional: bool
    violations: list[str]


class Hub(NamedTuple):
    """A node with suspiciously many edges."""

    node: str
    edges: int


@dataclass(frozen=True, slots=True)
class GraphStats:
    """Statistics of all facts that hold; names and long texts count as facts, not as edges.

    Attributes:
        types: class → number of facts that give something this type.
        relations: the most frequent first.
        orphans: ids of entities with one edge and no name.
        nameless: ids of all entities without a name, orphans among them: they count in ranking, and
            no interest and no short list of reasons has them.
        items_without_facts: ids of items without an edge.
        hubs: nodes with more than twenty times the edges of the 99th percentile.
    """

    facts: int
    items: int
    entities: int
    values: int
    types: dict[str, int]
    relations: list[RelationStats]
    orphans: list[str]
    nameless: list[str]
    items_without_facts: list[str]
    hubs: list[Hub]


def stats_from_store(database: Database, config: Config) -> GraphStats:
    """Statistics of the facts of a workspace that hold."""
    with database.reading() as connection:
        items = {item.item_id for item in catalogue.all_items(connection)}
        items |= set(log.item_ids(connection))
        identity = resolve_identity(connection, config)
        facts = (fact for _, fact in accepted_facts(connection, config, identity))
        return graph_stats(
            items, facts, identity.links, config, identity.canonical, identity.item_ids
        )


def graph_stats(
    items: Iterable[str],
    facts: Iterable[Fact],
    links: Iterable[Link],
    config: Config,
    canonical: Mapping[str, str] | None = None,
    references: ItemIds | None = None,
) -> GraphStats:
    """Compute the statistics in one pass over the facts.

    Args:
        items: ids of the items.
        facts: each statement once.
        links: which entity an item is.
        config: says which relations hold names and descriptions.
        canonical: id → canonical id, for ids that are one thing with others.
        references: which ids in facts are items; by default, by these links.
    """
    item_ids = sorted(items)
    collector = _StatsCollector(
        NodeIndex(item_ids, links, canonical, references),
        len(item_ids),
        frozenset(config.graph.label_relations),
        config.graph.verbal_relations,
    )
    for fact in facts:
        collector.add(fact)
    names = [ITEM + item_id for item_id in item_ids] + list(collector.nodes.others)
    rows = np.array(collector.rows, dtype=np.int64).reshape(-1, 4)
    edge_ends = np.array(collector.edge_ends, dtype=np.int64)
    degrees = np.bincount(edge_ends, minlength=len(names))
    is_value = np.array(["\x1f" in name for name in names], dtype=bool)
    is_value[: len(item_ids)] = False
    n_values = int(is_value.sum())
    nameless = [
        k
        for k in np.flatnonzero((degrees > 0) & ~is_value).tolist()
        if k >= len(item_ids) and k not in collector.named and not entity_name("", names[k])
    ]
    leaves = np.flatnonzero((degrees == 1) & ~is_value)
    return GraphStats(
        facts=sum(relation.facts for relation in collector.relations.values()),
        items=len(item_ids),
        entities=len(names) - len(item_ids) - n_values,
        values=n_values,
        types=dict(collector.types.most_common()),
        relations=_relation_stats(list(collector.relations.values()), rows, names),
        orphans=[names[k] for k in leaves if k >= len(item_ids) and k not in collector.named],
        nameless=[names[k] for k in nameless],
        items_without_facts=[item_ids[k] for k in np.flatnonzero(degrees[: len(item_ids)] == 0)],
        hubs=_hubs(degrees, names),
    )


@dataclass
class _RelationCounts:
    number: int
    name: str
    facts: int = 0
    domain: Counter[str] = field(default_factory=Counter)
    range: Counter[str] = field(default_factory=Counter)


@dataclass
class _StatsCollector:
    """Counts over facts, in flat arrays.

    ``rows`` holds (relation, head, language, tail) of every edge, ``edge_ends`` both its nodes.
    """

    nodes: NodeIndex
    n_items: int
    label_relations: frozenset[str]
    verbal_relations: frozenset[str]
    relations: dict[str, _RelationCounts] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    named: set[int] = field(default_factory=set)
    rows: array[int] = field(default_factory=lambda: array("q"))
    edge_ends: array[int] = field(default_factory=lambda: array("q"))

    def add(self, fact: Fact) -> None:
        relation = self.relations.get(fact.relation)
        if relation is None:
            relation = _RelationCounts(len(self.relations), fact.relation)
            self.relations[fact.relation] = relation
        heads, tails = self.nodes.nodes_of(fact.subject), self._tails(fact)
        relation.facts += 1
        relation.domain[self._kind(heads[0])] += 1
        relation.range["value" if fact.literal else self._kind(tails[0])] += 1
        if fact.relation in TYPE_RELATIONS:
            self.types[fact.object] += 1
        if fact.literal and fact.relation in self.label_relations:
            self.named.update(heads)
        language = self.languages.setdefault(fact.language, len(self.languages))
        for head in heads:
            for tail in tails:
                self.rows.extend((relation.number, head, language, tail))
                if tail >= 0 and tail != head:
                    self.edge_ends.extend((head, tail))

    def _tails(self, fact: Fact) -> Sequence[int]:
        if not fact.literal:
            return self.nodes.nodes_of(fact.object)
        if fact.relation in self.verbal_relations or len(fact.object) > MAX_NODE_VALUE_LENGTH:
            return (-1 - len(self.rows),)  # not a node: a number of its own, below zero
        return self.nodes.value_node(fact.relation, fact.object)

    def _kind(self, node: int) -> str:
        return "item" if node < self.n_items else "entity"


def _relation_stats(
    counts: list[_RelationCounts], rows: Rows, names: list[str]
) -> list[RelationStats]:
    groups, objects = np.unique(np.unique(rows, axis=0)[:, :3], axis=0, return_counts=True)
    subjects = np.bincount(np.unique(groups[:, :2], axis=0)[:, 0], minlength=len(counts))
    several = np.unique(groups[objects > 1, :2], axis=0)
    exceptions = np.bincount(several[:, 0], minlength=len(counts))
    functional = subjects - exceptions >= MIN_FUNCTIONAL_SHARE * subjects
    relations = [
        RelationStats(
            relation.name,
            relation.facts,
            int(subjects[k]),
            dict(relation.domain.most_common()),
            dict(relation.range.most_common()),
            bool(functional[k]),
            [names[n] for n in several[several[:, 0] == k, 1]] if functional[k] else [],
        )
        for k, relation in enumerate(counts)
    ]
    return sorted(relations, key=lambda relation: (-relation.facts, relation.relation))


def _hubs(degrees: Rows, names: list[str]) -> list[Hub]:
    positive = degrees[degrees > 0]
    if not len(positive):
        return []
    nodes = np.flatnonzero(degrees > HUB_FACTOR * np.percentile(positive, 99))
    hubs = [Hub(names[k].replace("\x1f", "="), int(degrees[k])) for k in nodes]
    return sorted(hubs, key=lambda hub: (-hub.edges, hub.node))
