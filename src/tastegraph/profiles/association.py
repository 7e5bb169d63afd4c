"""Association strength: how firmly an item is tied to what is known about it.

A *feature* is a relation, its direction and the node at its other end: "directed by X",
"sequel of Y". The strength of an item's tie to a feature is

    confidence × specificity,   specificity(f) = log((1 + n) / (1 + dᶠ)) / log(1 + n)

where dᶠ of the n items have it: a rare director says more than "Drama" (inverse document
frequency, Spärck Jones 1972). Learned relation weights multiply it where it is used to rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.arrays import CSR
from tastegraph.knowledge.graph import KnowledgeGraph

ITSELF = -1


@dataclass(frozen=True)
class Associations:
    """Items × features, CSR.

    Attributes:
        strength: float32 CSR[items, features], rows sorted by feature.
        facts: int64[nnz], the stored fact behind each entry, or ``ITSELF`` where a fact's
            object is the item itself: what states "prequel: *Alien*" has this in common with
            *Alien*. It is told one way alone, so that one fact counts once.
        relation: int32[features], index of the relation.
        reverse: bool[features], whether the item is the object of the fact.
        node: int32[features], the node at the other end.
    """

    strength: CSR
    facts: NDArray[np.int64]
    relation: NDArray[np.int32]
    reverse: NDArray[np.bool_]
    node: NDArray[np.int32]

    @property
    def kind(self) -> NDArray[np.int32]:
        """int32[features], relation and direction as one number: ``2 · relation + reverse``."""
        return 2 * self.relation + self.reverse

    def of_item(self, item: int) -> slice:
        """Where the entries of ``item`` stand in ``strength.indices`` and ``facts``."""
        return slice(int(self.strength.indptr[item]), int(self.strength.indptr[item + 1]))


def associate(graph: KnowledgeGraph) -> Associations:
    """Tie every item to the features its facts give it."""
    n = graph.n_items
    at_head = np.flatnonzero(graph.heads < n)
    at_tail = np.flatnonzero(graph.tails < n)
    item = np.concatenate([graph.heads[at_head], graph.tails[at_tail]])
    node = np.concatenate([graph.tails[at_head], graph.heads[at_tail]])
    edge = np.concatenate([at_head, at_tail])
    reverse = np.repeat(np.array([0, 1], dtype=np.int64), [len(at_head), len(at_tail)])
    key = (graph.relation[edge].astype(np.int64) * 2 + reverse) * graph.n_nodes + node
    features, column = np.unique(key, return_inverse=True)
    facts, confidence = graph.facts[edge], graph.confidence[edge]
    kind, feature_node = np.divmod(features, graph.n_nodes)
    itself = np.flatnonzero((feature_node < n) & (kind % 2 == 0))
    item = np.concatenate([item, feature_node[itself]])
    column = np.concatenate([column, itself])
    facts = np.concatenate([facts, np.full(len(itself), ITSELF)])
    confidence = np.concatenate([confidence, np.ones(len(itself), dtype=np.float32)])

    order = np.lexsort((-confidence, column, item))
    pair = item[order].astype(np.int64) * max(len(features), 1) + column[order]
    keep = order[np.flatnonzero(np.diff(pair, prepend=-1))]
    item, column = item[keep], column[keep]
    frequency = np.bincount(column, minlength=len(features))
    specificity = np.log((1 + n) / (1 + frequency)) / np.log(1 + max(n, 1))
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
