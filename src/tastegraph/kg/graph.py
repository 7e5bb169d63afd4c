"""The knowledge graph in memory: typed edges between items, entities and values."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.records import ENTITY, ITEM, Fact, Item, Link, is_entity
from tastegraph.kg.inverses import redundant_relations
from tastegraph.kg.item_ids import ItemIds
from tastegraph.store.fact_rows import FactRow, row_of_fact
from tastegraph.text.languages import BestLabels

MAX_NODE_VALUE_LENGTH = 64
"""Characters of a literal that is a node, at most; longer ones are texts, not values."""
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class KnowledgeGraph:
    """A directed multigraph with typed edges, in a fixed order.

    Nodes are numbered items first (``0 … n_items - 1``, by id), then entities and values. Entities
    that events are on are the last of the items: they are compared like items, and never listed.

    Attributes:
        item_ids: ids of the items; of an entity among them :data:`~tastegraph.core.records.ENTITY`
            and its id.
        node_ids: ids of the other nodes; a value's id is ``relation␟value``, so that equal values
            of different relations stay apart.
        labels: a name for every node, items first; empty where the sources give none.
        relations: names of the relations.
        heads, relation, tails: int32[E], subject, relation and object of each edge.
        facts: int64[E], id of the stored fact behind the edge.
        confidence: float32[E] in (0, 1].
        other_rows: what events are on under another name (an entity that is an item, or one thing
            with another entity) → its row.
    """

    item_ids: list[str]
    node_ids: list[str]
    labels: list[str]
    relations: list[str]
    heads: Ints
    relation: Ints
    tails: Ints
    facts: NDArray[np.int64]
    confidence: NDArray[np.float32]
    other_rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        """Number of items, with the entities that events are on."""
        return len(self.item_ids)

    @cached_property
    def n_listed(self) -> int:
        """Number of the items that a list may have: all but entities, which are the last."""
        return len(self.item_ids) - sum(map(is_entity, self.item_ids))

    @property
    def entities(self) -> list[str]:
        """Ids of the entities among the items, in the order of their rows."""
        return [name.removeprefix(ENTITY) for name in self.item_ids[self.n_listed :]]

    @property
    def rows(self) -> Mapping[str, int]:
        """What an event is on (:attr:`~tastegraph.core.records.Event.object_id`) → its row."""
        return {**{name: row for row, name in enumerate(self.item_ids)}, **self.other_rows}

    @property
    def n_nodes(self) -> int:
        """Number of items, entities and values together."""
        return len(self.item_ids) + len(self.node_ids)

    @cached_property
    def degrees(self) -> NDArray[np.int64]:
        """int64[n_nodes], number of edges at each node, in both directions."""
        return np.bincount(self.heads, minlength=self.n_nodes) + np.bincount(
            self.tails, minlength=self.n_nodes
        )

    @property
    def neighbours(self) -> NDArray[np.int64]:
        """int64[n_nodes], number of distinct nodes that share an edge with each node."""
        heads, tails = self.heads.astype(np.int64), self.tails.astype(np.int64)
        pairs = np.unique(np.minimum(heads, tails) * self.n_nodes + np.maximum(heads, tails))
        ends = np.concatenate(np.divmod(pairs, max(self.n_nodes, 1)))
        return np.bincount(ends, minlength=self.n_nodes)

    def without_edges(self) -> KnowledgeGraph:
        """The same nodes without edges: the control "no knowledge" of an evaluation."""
        return self.with_edges(np.zeros(0, dtype=np.int64))

    def shuffled(self, seed: int) -> KnowledgeGraph:
        """The graph with tails permuted within each relation: the control "wrong knowledge"."""
        rng = np.random.default_rng(seed)
        tails = self.tails.copy()
        for relation in range(len(self.relations)):
            edges = np.flatnonzero(self.relation == relation)
            tails[edges] = tails[rng.permutation(edges)]
        return replace(self, tails=tails)

    def restricted_to(self, mask: NDArray[np.bool_]) -> KnowledgeGraph:
        """The subgraph induced by ``mask`` (bool[n_nodes], true for every item)."""
        new_number = (np.cumsum(mask) - 1).astype(np.int32)
        edges = np.flatnonzero(mask[self.heads] & mask[self.tails])
        return replace(
            self,
            node_ids=[self.node_ids[k] for k in np.flatnonzero(mask[self.n_items :])],
            labels=[self.labels[k] for k in np.flatnonzero(mask)],
            heads=new_number[self.heads[edges]],
            relation=self.relation[edges],
            tails=new_number[self.tails[edges]],
            facts=self.facts[edges],
            confidence=self.confidence[edges],
        )

    def near_items(self, max_steps: int) -> KnowledgeGraph:
        """The edges within ``max_steps`` ≥ 1 of an item, with their nodes, and all items."""
        mask: NDArray[np.bool_] = np.arange(self.n_nodes) < self.n_items
        edges = np.zeros(0, dtype=np.int64)
        for _ in range(max_steps):
            edges = np.flatnonzero(mask[self.heads] | mask[self.tails])
            mask[self.heads[edges]] = mask[self.tails[edges]] = True
        return self.with_edges(edges).restricted_to(mask)

    def with_edges(self, edges: NDArray[np.int64]) -> KnowledgeGraph:
        """The same nodes with only the edges at these positions."""
        return replace(
            self,
            heads=self.heads[edges],
            relation=self.relation[edges],
            tails=self.tails[edges],
            facts=self.facts[edges],
            confidence=self.confidence[edges],
        )


class NodeIndex:
    """Assigns numbers to node ids; an item and the entities linked to it share a number.

    Args:
        item_ids: get the numbers 0 … n_items - 1, in this order.
        links: which entity an item is.
        canonical: id → canonical id, for ids that are one thing with others.
        references: which ids are items; by default, by these links.
        event_entities: entities that events are on; one that is no item gets a number behind the
            items.

    Attributes:
        entities: canonical ids of the entities with such numbers, in their order.
        other_rows: as of :class:`KnowledgeGraph`.
        others: id → number of every further node that was looked up; a value's id is
            ``relation␟value``.
    """

    def __init__(
        self,
        item_ids: Sequence[str],
        links: Iterable[Link],
        canonical: Mapping[str, str] | None = None,
        references: ItemIds | None = None,
        event_entities: Iterable[str] = (),
    ) -> None:
        self._items = {item_id: number for number, item_id in enumerate(item_ids)}
        self._canonical = canonical or {}
        self._items_of_entity: dict[str, list[int]] = {}
        known_links = [link for link in links if link.item_id in self._items]
        self._references = references or ItemIds.of(item_ids, known_links)
        for link in known_links:
            self._link(self._items[link.item_id], link.entity_id)
        for identifier in self._canonical:
            item_id = identifier.removeprefix(ITEM)
            if item_id != identifier and item_id in self._items:
                self._link(self._items[item_id], identifier)
        self.others: dict[str, int] = {}
        self._nodes: dict[str, Sequence[int]] = {}
        self.entities: list[str] = []
        self.other_rows: dict[str, int] = {}
        self._n_rows = len(self._items)
        for entity_id in sorted(event_entities, key=self._canonical_id):
            self._add_entity(entity_id)

    def nodes_of(self, entity_id: str) -> Sequence[int]:
        """The nodes of ``entity_id``: several if it is linked to several items."""
        nodes = self._nodes.get(entity_id)
        if nodes is None:
            nodes = self._nodes[entity_id] = self._find(entity_id)
        return nodes

    def _add_entity(self, entity_id: str) -> None:
        canonical = self._canonical_id(entity_id)
        nodes = self._rows_of(canonical)
        if not nodes:
            self.entities.append(canonical)
            nodes = self._items_of_entity[canonical] = [self._n_rows]
            self._n_rows += 1
        if entity_id != canonical or nodes[0] < len(self._items):
            self.other_rows[ENTITY + entity_id] = nodes[0]

    def _canonical_id(self, entity_id: str) -> str:
        entity_id = self._references.id_of(entity_id)
        return self._canonical.get(entity_id, entity_id)

    def _find(self, entity_id: str) -> Sequence[int]:
        entity_id = self._canonical_id(entity_id)
        return self._rows_of(entity_id) or (self._other(entity_id),)

    def _rows_of(self, entity_id: str) -> Sequence[int]:
        """The rows that an entity (by its canonical id) or an item has; none where it has none."""
        if entity_id in self._items_of_entity:
            return self._items_of_entity[entity_id]
        item_id = entity_id.removeprefix(ITEM)
        if item_id != entity_id and item_id in self._items:
            return (self._items[item_id],)
        return ()

    def value_node(self, relation: str, literal: str) -> Sequence[int]:
        """The node of the value of a literal fact, as a sequence of one."""
        return (self._other(f"{relation}\x1f{literal}"),)

    def _link(self, item: int, entity_id: str) -> None:
        items = self._items_of_entity.setdefault(self._canonical.get(entity_id, entity_id), [])
        if item not in items:
            items.append(item)

    def _other(self, node_id: str) -> int:
        return self.others.setdefault(node_id, self._n_rows + len(self.others))


def build_graph(
    items: Iterable[Item],
    extra_item_ids: Iterable[str],
    facts: Iterable[tuple[int, Fact]],
    links: Iterable[Link],
    config: Config,
    canonical: Mapping[str, str] | None = None,
    item_order: Callable[[str], int] | None = None,
    references: ItemIds | None = None,
    event_entities: Iterable[str] = (),
) -> KnowledgeGraph:
    """Build one graph from catalogue, facts and links.

    An item and its linked entity are one node; facts of an entity linked to several items hold
    for each of them. Labels name nodes and make no edges. Aliases, descriptions and literals
    longer than :data:`MAX_NODE_VALUE_LENGTH` are left out, and so are relations that only state
    another relation backwards, and what is too many steps from any item (``[graph] max_steps``).

    Args:
        items: the catalogue.
        extra_item_ids: ids that occur in events but not in the catalogue.
        facts: (fact id, fact) pairs.
        links: which entity an item is.
        canonical: id → canonical id, for ids that are one thing with others.
        item_order: sort key of item ids, by which items are numbered; by default the id itself.
        references: which ids in facts are items; by default, by these links.
        event_entities: entities that events are on; those that are no items are numbered behind
            the items, and compared like them.
    """
    rows = (row_of_fact(fact_id, fact) for fact_id, fact in facts)
    return graph_of_rows(
        items, extra_item_ids, rows, links, config, canonical, item_order, references,
        event_entities,
    )  # fmt: skip


def graph_of_rows(
    items: Iterable[Item],
    extra_item_ids: Iterable[str],
    rows: Iterable[FactRow],
    links: Iterable[Link],
    config: Config,
    canonical: Mapping[str, str] | None = None,
    item_order: Callable[[str], int] | None = None,
    references: ItemIds | None = None,
    event_entities: Iterable[str] = (),
) -> KnowledgeGraph:
    """The graph of :func:`build_graph`, of facts as rows, of which there may be millions."""
    titles = {item.item_id: item.title for item in items}
    for item_id in extra_item_ids:
        titles.setdefault(item_id, item_id)
    item_ids = sorted(titles, key=item_order)
    nodes = NodeIndex(item_ids, links, canonical, references, event_entities)
    verbal = config.graph.verbal_relations
    labels = BestLabels.of_names(config.graph)
    edges = _Edges()
    relations: dict[str, int] = {}
    canonical = canonical or {}
    unused = {name for name, relation in config.relations.items() if not relation.use}
    for fact_id, subject, relation, value, literal, _, language, confidence in rows:
        if literal and labels.consider(canonical.get(subject, subject), relation, value, language):
            continue
        if relation in unused:
            continue
        if literal and (relation in verbal or len(value) > MAX_NODE_VALUE_LENGTH):
            continue
        number = relations.setdefault(relation, len(relations))
        heads = nodes.nodes_of(subject)
        tails = nodes.value_node(relation, value) if literal else nodes.nodes_of(value)
        for head in heads:
            for tail in tails:
                edges.add(head, number, tail, fact_id, confidence)
    names = [titles[item_id] for item_id in item_ids]
    names += [_node_name(node_id, labels) for node_id in (*nodes.entities, *nodes.others)]
    item_ids += [ENTITY + entity_id for entity_id in nodes.entities]
    graph = _assemble(item_ids, list(nodes.others), names, list(relations), edges)
    graph = replace(graph, other_rows=nodes.other_rows)
    steps = config.graph.max_steps
    return graph if steps is None else graph.near_items(steps)


def _node_name(node_id: str, labels: BestLabels) -> str:
    if "\x1f" in node_id:
        return node_id.split("\x1f", 1)[1]
    return labels.get(node_id)


@dataclass
class _Edges:
    heads: array[int] = field(default_factory=lambda: array("i"))
    relation: array[int] = field(default_factory=lambda: array("i"))
    tails: array[int] = field(default_factory=lambda: array("i"))
    facts: array[int] = field(default_factory=lambda: array("q"))
    confidence: array[float] = field(default_factory=lambda: array("f"))

    def add(self, head: int, relation: int, tail: int, fact: int, confidence: float) -> None:
        self.heads.append(head)
        self.relation.append(relation)
        self.tails.append(tail)
        self.facts.append(fact)
        self.confidence.append(confidence)


def _assemble(
    item_ids: list[str], node_ids: list[str], labels: list[str], relations: list[str], edges: _Edges
) -> KnowledgeGraph:
    """Drop loops and redundant relations, and sort edges by head, relation and tail."""
    heads = np.array(edges.heads, dtype=np.int32)
    relation = np.array(edges.relation, dtype=np.int32)
    tails = np.array(edges.tails, dtype=np.int32)
    n_nodes = len(item_ids) + len(node_ids)
    redundant = redundant_relations(heads, relation, tails, n_nodes, len(item_ids), relations)
    useful = np.flatnonzero(~np.isin(relation, redundant) & (heads != tails))
    used, relation[useful] = np.unique(relation[useful], return_inverse=True)
    order = useful[np.lexsort((tails[useful], relation[useful], heads[useful]))]
    return KnowledgeGraph(
        item_ids=item_ids,
        node_ids=node_ids,
        labels=labels,
        relations=[relations[r] for r in used],
        heads=heads[order],
        relation=relation[order],
        tails=tails[order],
        facts=np.array(edges.facts, dtype=np.int64)[order],
        confidence=np.array(edges.confidence, dtype=np.float32)[order],
    )
