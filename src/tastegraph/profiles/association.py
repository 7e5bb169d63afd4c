"""Association strength: how firmly an item is tied to what is known about it.

A *feature* is a relation, its direction and the node at its other end: "directed by X",
"sequel of Y". The strength of an item's tie to a feature is

    confidence × specificity,   specificity(f) = log((1 + n) / (1 + dᶠ)) / log(1 + n)

where dᶠ of the n items have it: a rare director says more than "Drama" (inverse document
frequency, Spärck Jones 1972). Learned relation weights multiply it where it is used to rank.

Where nobody states that an item has a feature, its vector may lie near it: a *semantic* tie, whose
confidence is the probability that the feature holds (:mod:`~tastegraph.profiles.semantics`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Ints
from tastegraph.kg.graph import KnowledgeGraph

ITSELF = -1
SEMANTIC = -2


@dataclass(frozen=True)
class Associations:
    """Items × features, CSR.

    Attributes:
        strength: float32 CSR[items, features], rows sorted by feature.
        facts: int64[nnz], the stored fact behind each entry, or ``ITSELF`` where a fact's
            object is the item itself: what states "prequel: *Alien*" has this in common with
            *Alien*. It is told one way alone, so that one fact counts once; an entity that events
            are on has this alone of facts of items, at both ends. ``SEMANTIC`` where no fact but
            the item's vector ties it to the feature.
        relation: int32[features], index of the relation.
        reverse: bool[features], whether the item is the object of the fact.
        node: int32[features], the node at the other end.
        derived: what follows from these, where it is stored beside them.
    """

    strength: CSR
    facts: Ints
    relation: NDArray[np.int32]
    reverse: NDArray[np.bool_]
    node: NDArray[np.int32]
    derived: DerivedAssociations | None = field(default=None, repr=False, compare=False)

    @property
    def kind(self) -> NDArray[np.int32]:
        """int32[features], relation and direction as one number: ``2 · relation + reverse``."""
        return 2 * self.relation + self.reverse

    @property
    def semantic(self) -> NDArray[np.bool_]:
        """bool[nnz], which entries no fact is behind."""
        return np.equal(self.facts, SEMANTIC)

    @cached_property
    def by_feature(self) -> CSR:
        """float32 CSR[features, items], :attr:`strength` by its columns."""
        if self.derived is not None:
            return self.derived.by_feature
        return sparse.csr_array(self.strength.T)

    def with_feature(self, feature: int) -> NDArray[np.int32]:
        """int32[n], the items that stored facts tie to ``feature``; its own node is none."""
        at = slice(*self.by_feature.indptr[feature : feature + 2])
        items = self.by_feature.indices[at]
        return np.asarray(items[items != self.node[feature]], dtype=np.int32)

    @cached_property
    def of_nodes(self) -> CSR:
        """float32 CSR[N, features]: of each node behind the items, the features that items have
        with it: what it would be tied to by them if it were an item itself."""
        if self.derived is not None:
            return self.derived.of_nodes
        n, n_features = self.strength.shape
        features = np.flatnonzero(self.node >= n)
        nodes, size = self.node[features] - n, int(self.node.max(initial=n - 1)) + 1 - n
        values = specificity(self)[features].astype(np.float32)
        return sparse.csr_array((values, (nodes, features)), shape=(size, n_features))

    def is_tied(self, node: int) -> bool:
        """Whether items have any feature with a node behind them, by its place among those."""
        bounds = self.of_nodes.indptr
        return bool(node + 1 < len(bounds) and bounds[node] < bounds[node + 1])

    def rows_of(self, items: NDArray[np.int32]) -> CSR:
        """float32 CSR[T, features]: what items, or nodes behind them, are tied to."""
        n = self.strength.shape[0]
        if not len(items) or items.max() < n:
            return self.strength[items]
        of_items = self.strength[np.where(items < n, items, 0)]
        of_items.data *= np.repeat(items < n, np.diff(of_items.indptr))
        of_nodes = self.of_nodes[np.where(items < n, 0, items - n)]
        of_nodes.data *= np.repeat(items >= n, np.diff(of_nodes.indptr))
        rows = sparse.csr_array(of_items + of_nodes)
        rows.eliminate_zeros()
        return rows

    def of_item(self, item: int) -> slice:
        """Where the entries of ``item`` stand in ``strength.indices`` and ``facts``."""
        return slice(int(self.strength.indptr[item]), int(self.strength.indptr[item + 1]))


@dataclass(frozen=True)
class DerivedAssociations:
    """What :class:`Associations` can compute of themselves, and a snapshot holds.

    Attributes:
        by_feature: as :attr:`Associations.by_feature`.
        of_nodes: as :attr:`Associations.of_nodes`.
    """

    by_feature: CSR
    of_nodes: CSR


def associate(graph: KnowledgeGraph) -> Associations:
    """Tie every item to the features its facts give it."""
    n = graph.n_items
    item, node, edge, reverse = edges_of_items(graph)
    key = (graph.relation[edge].astype(np.int64) * 2 + reverse) * graph.n_nodes + node
    features, column = np.unique(key, return_inverse=True)
    facts, confidence = graph.facts[edge], graph.confidence[edge]
    kind, feature_node = np.divmod(features, graph.n_nodes)
    entity = (feature_node >= graph.n_listed) & (feature_node < n)
    itself = np.flatnonzero(((feature_node < n) & (kind % 2 == 0)) | entity)
    item = np.concatenate([item, feature_node[itself]])
    column = np.concatenate([column, itself])
    facts = np.concatenate([facts, np.full(len(itself), ITSELF)])
    confidence = np.concatenate([confidence, np.ones(len(itself), dtype=np.float32)])

    order = np.lexsort((-confidence, column, item))
    pair = item[order].astype(np.int64) * max(len(features), 1) + column[order]
    keep = order[np.flatnonzero(np.diff(pair, prepend=-1))]
    item, column = item[keep], column[keep]
    specificity = _specificity(column, n, len(features))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(item, minlength=n))])
    strength = sparse.csr_array(
        ((confidence[keep] * specificity[column]).astype(np.float32), column, indptr),
        shape=(n, len(features)),
    )
    return Associations(
        strength=strength,
        facts=facts[keep],
        relation=(kind // 2).astype(np.int32),
        reverse=(kind % 2).astype(np.bool_),
        node=feature_node.astype(np.int32),
    )


def edges_of_items(graph: KnowledgeGraph) -> tuple[Ints, Ints, Ints, Ints]:
    """Every edge from the side of each item that it has, as columns.

    Of an edge between an item and an entity that events are on, the item's side alone: what both
    have to do with one another is told by the item's feature.

    Returns:
        int[N] each: the item, the node at the other end, the edge, and 1 where the item is its
        object, else 0.
    """
    n, n_listed = graph.n_items, graph.n_listed
    at_head, at_tail = np.flatnonzero(graph.heads < n), np.flatnonzero(graph.tails < n)
    item = np.concatenate([graph.heads[at_head], graph.tails[at_tail]])
    node = np.concatenate([graph.tails[at_head], graph.heads[at_tail]])
    edge = np.concatenate([at_head, at_tail])
    reverse = np.repeat(np.array([0, 1], dtype=np.int64), [len(at_head), len(at_tail)])
    if n_listed < n:
        own = (item < n_listed) | (node >= n_listed)
        item, node, edge, reverse = item[own], node[own], edge[own], reverse[own]
    return item, node, edge, reverse


def with_semantic(associations: Associations, likely: CSR) -> Associations:
    """``associations`` and the semantic ties that nobody states.

    Args:
        associations: what is stated.
        likely: float32 CSR[items, features] in (0, 1], how probable each tie is. Those that are
            stated, and those of an item to itself, are passed over.
    """
    stated = associations.strength
    n, n_features = stated.shape
    rare = specificity(associations)
    row = np.repeat(np.arange(n, dtype=np.int64), np.diff(stated.indptr))
    new = likely.tocoo()
    key = new.row.astype(np.int64) * n_features + new.col
    known = np.isin(key, row * n_features + stated.indices)
    known |= associations.node[new.col] == new.row
    item, column = new.row[~known], new.col[~known]
    strength = new.data[~known] * rare[column]
    rows = np.concatenate([row, item])
    columns = np.concatenate([stated.indices, column])
    order = np.lexsort((columns, rows))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    values = np.concatenate([stated.data, strength]).astype(np.float32)[order]
    facts = np.concatenate([associations.facts, np.full(len(item), SEMANTIC)])[order]
    merged = sparse.csr_array((values, columns[order], indptr), shape=(n, n_features))
    return replace(associations, strength=merged, facts=facts)


def specificity(associations: Associations) -> NDArray[np.float64]:
    """float64[features], by how many items each is stated of: what a confidence is worth."""
    strength = associations.strength
    return _specificity(strength.indices[~associations.semantic], *strength.shape)


def _specificity(columns: Ints, n: int, n_features: int) -> NDArray[np.float64]:
    """float64[features], of what ``columns`` (int[nnz]) tell of ``n`` items."""
    frequency = np.bincount(columns, minlength=n_features)
    return np.asarray(np.log((1 + n) / (1 + frequency)) / np.log(1 + max(n, 1)))
