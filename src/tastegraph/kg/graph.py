"""The knowledge graph in memory: typed edges between items, entities and values."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact, Item, Link
from tastegraph.kg.inverses import redundant_relations
from tastegraph.text.languages import BestLabels


class Nodes:
    """Numbers for node ids; items and the entities linked to them share one.

    Args:
        item_ids: their numbers are 0 … n_items - 1, in this order.
        links: which entity an item is.
        same: id → the id that stands for it, for those that have several.
        order: of an item's id, by which items are numbered; by default the id itself.

    Attributes:
        others: id → number of every further node that was asked for; a value's id is
            ``relation␟value``.
    """

    def __init__(
        self,
        item_ids: Sequence[str],
        links: Iterable[Link],
        same: Mapping[str, str] | None = None,
    ) -> None:
        self._items = {item_id: index for index, item_id in enumerate(item_ids)}
        self._same = same or {}
        self._linked: dict[str, list[int]] = {}
        linked_items = set()
        for link in links:
            if link.item_id in self._items:
                self._link(self._items[link.item_id], link.entity_id)
                linked_items.add(link.item_id)
        for identifier in self._same:
            item_id = identifier.removeprefix(ITEM)
            if item_id != identifier and item_id in self._items:
                self._link(self._items[item_id], identifier)
        self._own_name = self._items.keys() - linked_items
        self.others: dict[str, int] = {}

    def of(self, entity_id: str) -> Sequence[int]:
        """The nodes that ``entity_id`` stands for.

        ``item:ID`` always is the item; a bare id is the item of that id only where the item has
        no link, since two sources may number items and entities alike.
        """
        entity_id = self._same.get(entity_id, entity_id)
        if entity_id in self._linked:
            return self._linked[entity_id]
        item_id = entity_id.removeprefix(ITEM)
        if item_id in (self._own_name if item_id == entity_id else self._items):
            return (self._items[item_id],)
        return (self._other(entity_id),)

    def value(self, fact: Fact) -> Sequence[int]:
        """The node of a literal fact's value."""
        return (self._other(f"{fact.relation}\x1f{fact.object}"),)

    def _link(self, item: int, entity_id: str) -> None:
        items = self._linked.setdefault(self._same.get(entity_id, entity_id), [])
        if item not in items:
            items.append(item)

    def _other(self, node_id: str) -> int:
        return self.others.setdefault(node_id, len(self._items) + len(self.others))


LONGEST_VALUE = 64
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class KnowledgeGraph:
    """A directed multigraph with typed edges, in a fixed order.

    Nodes are numbered items first (``0 … n_items - 1``, by id), then entities and values.

    Attributes:
        item_ids: ids of the items.
        node_ids: ids of the other nodes; a value's id is ``relation␟value``, so that equal values
            of different relations stay apart.
        labels: a name for every node, items first; empty where the sources give none.
        relations: names of the relations.
        heads, relation, tails: int32[E], one entry for each edge.
        facts: int64[E], id of the stored fact behind the edge.
        confidence: float32[E] in (0, 1].
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

    @property
    def n_items(self) -> int:
        """How many nodes are items."""
        return len(self.item_ids)

    @property
    def n_nodes(self) -> int:
        """Items, entities and values together."""
        return len(self.item_ids) + len(self.node_ids)

    @cached_property
    def degrees(self) -> NDArray[np.int64]:
        """int64[n_nodes], edges at each node, whichever way they point."""
        return np.bincount(self.heads, minlength=self.n_nodes) + np.bincount(
            self.tails, minlength=self.n_nodes
        )

    @property
    def neighbours(self) -> NDArray[np.int64]:
        """int64[n_nodes], other nodes that there is an edge to or from, each counted once."""
        heads, tails = self.heads.astype(np.int64), self.tails.astype(np.int64)
        pairs = np.unique(np.minimum(heads, tails) * self.n_nodes + np.maximum(heads, tails))
        ends = np.concatenate(np.divmod(pairs, max(self.n_nodes, 1)))
        return np.bincount(ends, minlength=self.n_nodes)

    def without_edges(self) -> KnowledgeGraph:
        """The control 'graph off': the same nodes, nothing known about them."""
        return self.with_edges(np.zeros(0, dtype=np.int64))

    def shuffled(self, seed: int) -> KnowledgeGraph:
        """The control 'graph shuffled': object ends permuted within each relation."""
        rng = np.random.default_rng(seed)
        tails = self.tails.copy()
        for relation in range(len(self.relations)):
            at = np.flatnonzero(self.relation == relation)
            tails[at] = tails[rng.permutation(at)]
        return replace(self, tails=tails)

    def restricted_to(self, keep: NDArray[np.bool_]) -> KnowledgeGraph:
        """The graph over the nodes where ``keep`` (bool[n_nodes], all items) holds."""
        number = (np.cumsum(keep) - 1).astype(np.int32)
        edges = np.flatnonzero(keep[self.heads] & keep[self.tails])
        others = np.flatnonzero(keep[self.n_items :])
        return KnowledgeGraph(
            self.item_ids,
            [self.node_ids[k] for k in others],
            [self.labels[k] for k in np.flatnonzero(keep)],
            self.relations,
            number[self.heads[edges]],
            self.relation[edges],
            number[self.tails[edges]],
            self.facts[edges],
            self.confidence[edges],
        )

    def with_edges(self, keep: NDArray[np.int64]) -> KnowledgeGraph:
        """The same nodes with the edges at ``keep`` alone."""
        return replace(
            self,
            heads=self.heads[keep],
            relation=self.relation[keep],
            tails=self.tails[keep],
            facts=self.facts[keep],
            confidence=self.confidence[keep],
        )


def build_graph(
    items: Iterable[Item],
    further_items: Iterable[str],
    facts: Iterable[tuple[int, Fact]],
    links: Iterable[Link],
    config: Config,
    same: Mapping[str, str] | None = None,
    order: Callable[[str], int] | None = None,
) -> KnowledgeGraph:
    """Join catalogue, facts and links into one graph.

    A linked entity and its item are one node; an entity linked to several items stands for each
    of them. Labels name nodes and are no edges; aliases, descriptions and long literals stay in
    the store alone. A relation whose facts are another's, reversed, adds nothing and is left out.

    Args:
        items: the catalogue.
        further_items: ids that occur in events but not in the catalogue.
        facts: (fact id, fact) pairs.
        links: which entity an item is.
        same: id → the id that stands for it, for those that have several.
    """
    titles = {item.item_id: item.title for item in items}
    for item_id in further_items:
        titles.setdefault(item_id, item_id)
    item_ids = sorted(titles, key=order)
    nodes = Nodes(item_ids, links, same)
    verbal = config.graph.verbal_relations
    labels = BestLabels.of_names(config.graph)
    edges = _Edges()
    relations: dict[str, int] = {}
    for fact_id, fact in facts:
        if labels.add(fact, (same or {}).get(fact.subject)):
            continue
        if fact.relation in config.relations and not config.relations[fact.relation].use:
            continue
        if fact.literal and (fact.relation in verbal or len(fact.object) > LONGEST_VALUE):
            continue
        relation = relations.setdefault(fact.relation, len(relations))
        for head in nodes.of(fact.subject):
            for tail in nodes.value(fact) if fact.literal else nodes.of(fact.object):
                edges.add(head, relation, tail, fact_id, fact.confidence)
    names = [titles[item_id] for item_id in item_ids]
    names += [_name(node_id, labels) for node_id in nodes.others]
    return _assemble(item_ids, list(nodes.others), names, list(relations), edges)


def _name(node_id: str, labels: BestLabels) -> str:
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
    heads = np.array(edges.heads, dtype=np.int32)
    relation = np.array(edges.relation, dtype=np.int32)
    tails = np.array(edges.tails, dtype=np.int32)
    n_nodes = len(item_ids) + len(node_ids)
    redundant = redundant_relations(heads, relation, tails, n_nodes, len(item_ids), relations)
    keep = np.flatnonzero(~np.isin(relation, redundant) & (heads != tails))
    used, relation[keep] = np.unique(relation[keep], return_inverse=True)
    order = keep[np.lexsort((tails[keep], relation[keep], heads[keep]))]
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
