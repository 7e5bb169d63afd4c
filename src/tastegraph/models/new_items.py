"""Rows for items that came after a snapshot was made: what grows in it, without fitting anything.

What is known of an item says by itself how it compares with others: its facts, and its text in the
coordinates of the texts before it. So new items get a row in every array of items, behind the
others, and all else stays as it is. What events or neighbours would say of them (behaviour, the
network, popularity) is silent until the next build of the graph and texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.narrow import narrow_rows, rows_of, widened
from tastegraph.core.records import ITEM
from tastegraph.core.strings import insert_strings, pack_strings
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import Arrays
from tastegraph.models.knowledge import weighted
from tastegraph.models.persistence import (
    associated_arrays,
    associations_from,
    csr_arrays,
    narrow_integers,
    ties_from,
)
from tastegraph.models.registry import by_name
from tastegraph.models.text import centred_rows
from tastegraph.models.training_data import weights_of_kinds
from tastegraph.profiles.association import Associations, edges_of_items, specificity
from tastegraph.store.snapshots import LEARNING, Snapshot

MAX_SAMPLED_ROWS = 2_500
"""Known items that a map from vectors to vectors is found from, evenly spaced."""
INDEX_VECTORS = "retrieval.vectors"
RIDGE = 1e-6
"""Share of a vector's mean square that is added to its own, so that a map can be found."""

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class NewItems:
    """What is known of items that a snapshot lacks.

    Attributes:
        graph: over the new items alone; what their facts name, other items too, are nodes of it.
        text: float32[m, t], vectors of their texts.
        words: float32 CSR[m, V], their words, of those that the snapshot knows.
    """

    graph: KnowledgeGraph
    text: Floats32
    words: CSR


@dataclass(frozen=True)
class Growth:
    """A snapshot, and the items that it is to have besides.

    Attributes:
        snapshot: of a catalogue in which no entity has events: its items are its rows.
        new: the items.
    """

    snapshot: Snapshot
    new: NewItems

    @property
    def n_known(self) -> int:
        """Number of items that the snapshot has."""
        return len(self.snapshot.arrays["model.rows"])

    @property
    def n_new(self) -> int:
        """m."""
        return self.new.graph.n_items

    @cached_property
    def arrays(self) -> Arrays:
        """All arrays, by the names that they are published by; those that stay are the same."""
        grown = dict(self.snapshot.published)
        grown |= self._names() | self._edges() | self._texts() | self._associations()
        grown |= self._model()
        for component in by_name().values():
            if component.name in self.snapshot.manifest["parts"]:
                own = component.served_view(self.snapshot.arrays)
                grown |= component.served_names(component.grown(own, self))
        if self.snapshot.manifest.get("retrieval") is not None:
            grown[INDEX_VECTORS] = self._indexed(grown)
        return grown

    def _indexed(self, grown: Arrays) -> NDArray[Any]:
        """Vectors of the index of lists: a linear map of those that the components compare."""
        names = self.snapshot.manifest["retrieval"]["counts"]
        sides = [by_name()[name].compared_vectors(grown) for name in names]
        known = self.snapshot.arrays[INDEX_VECTORS]
        sample, new = (
            np.concatenate([widened(side[at]) for side in sides], axis=1)
            for at in (self._sample, slice(self.n_known, None))
        )
        return self.with_rows(known, _weights(sample, new) @ known[self._sample])

    @property
    def counts(self) -> dict[str, int]:
        """What the manifest says of the graph."""
        n_others = len(self.snapshot.strings("graph.nodes")) + len(self._nodes.added)
        nodes = self.n_known + self.n_new + n_others
        edges = len(self.snapshot.learning["graph.heads"]) + len(self.new.graph.heads)
        return {"items": self.n_known + self.n_new, "nodes": nodes, "edges": edges}

    def with_rows(self, values: NDArray[Any], rows: NDArray[Any] | None = None) -> NDArray[Any]:
        """``values`` of the known items, and ``rows`` of the new ones, by default zeros.

        The same arguments give the same array, so that it is written once.
        """
        key = id(values), id(rows)
        if key not in self._grown:
            width = rows_of(values).shape[1:]
            new = np.zeros((self.n_new, *width)) if rows is None else rows
            # With both, so that no others can have their ids.
            grown = np.concatenate([values, narrow_rows(new, values.dtype)])
            self._grown[key] = grown, values, rows
        return self._grown[key][0]

    @cached_property
    def _grown(self) -> dict[tuple[int, int], tuple[NDArray[Any], Any, Any]]:
        return {}

    # Texts

    @cached_property
    def text_rows(self) -> Floats32:
        """float32[m, d]: the new texts in the coordinates of ``text.both_sides``.

        These are U Σ of the known texts' features F, so that a row f has f Fᵀ U Σ⁻¹.
        """
        known = self._known_texts
        if not known.any():
            return np.zeros((self.n_new, known.shape[1]), dtype=np.float32)
        vectors = self._text_vectors
        everything = centred_rows(np.concatenate([vectors, self.new.text]))
        products = everything[len(vectors) :] @ everything[: len(vectors)].T
        words = self._words
        if words.nnz:
            products += np.asarray((self.new.words @ words.T).toarray())
        squares = np.einsum("id,id->d", known, known)
        return np.asarray(products @ known / np.maximum(squares, 1e-12), dtype=np.float32)

    def mapped(self, values: NDArray[Any]) -> Floats32:
        """float32[m, r]: ``values`` (float[I, r]) of the known items, as a linear map of texts."""
        if values is self.snapshot.arrays.get("text.both_sides"):
            return self.text_rows
        sample = widened(values[self._sample])
        return np.asarray(self._text_weights @ sample, dtype=np.float32)

    @property
    def _sample(self) -> slice:
        return slice(0, self.n_known, max(-(-self.n_known // MAX_SAMPLED_ROWS), 1))

    @cached_property
    def _text_weights(self) -> NDArray[np.float64]:
        return _weights(self._known_texts[self._sample], self.text_rows)

    @cached_property
    def _known_texts(self) -> Floats32:
        arrays = self.snapshot.arrays
        if "text.both_sides" not in arrays:
            return np.zeros((self.n_known, 1), dtype=np.float32)
        return widened(arrays["text.both_sides"])

    @property
    def _text_vectors(self) -> Floats32:
        """float32[I, t], of the known items."""
        arrays = self.snapshot.arrays
        rows, vectors = arrays["text.rows"], rows_of(arrays["text.vectors"])
        of_items = int(np.searchsorted(rows, self.n_known))
        text = np.zeros((self.n_known, vectors.shape[1]), dtype=np.float32)
        text[rows[:of_items]] = vectors[:of_items]
        return text

    @property
    def _words(self) -> CSR:
        learning = self.snapshot.learning
        columns = np.asarray(learning["words.indices"], dtype=np.int32)
        parts = (learning["words.values"], columns, learning["words.indptr"])
        shape = (self.n_known, int(learning["words.width"][0]))
        return sparse.csr_array(parts, shape=shape)

    def _texts(self) -> Arrays:
        arrays, new = self.snapshot.arrays, self.new
        rows, vectors = arrays["text.rows"], arrays["text.vectors"]
        present = np.flatnonzero(new.text.any(axis=1))
        at = int(np.searchsorted(rows, self.n_known))
        later = rows[at:] + self.n_new
        parts = [vectors[:at], narrow_rows(new.text[present], vectors.dtype), vectors[at:]]
        words = csr_arrays("words", new.words)
        learning = self.snapshot.learning
        return {
            "text.rows": np.concatenate([rows[:at], present + self.n_known, later]),
            "text.vectors": np.concatenate(parts) if vectors.size else vectors,
            f"{LEARNING}words.indptr": _extended(learning["words.indptr"], words["words.indptr"]),
            f"{LEARNING}words.indices": np.concatenate(
                [learning["words.indices"], words["words.indices"]]
            ),
            f"{LEARNING}words.values": np.concatenate(
                [learning["words.values"], words["words.strength"]]
            ),
        }

    # Graph

    @cached_property
    def _nodes(self) -> _Nodes:
        return _Nodes.of(self.snapshot, self.new.graph, self.n_known)

    @cached_property
    def _relations(self) -> list[str]:
        known = list(self.snapshot.strings("graph.relations"))
        return known + [name for name in self.new.graph.relations if name not in known]

    def _names(self) -> Arrays:
        arrays, new, n = self.snapshot.arrays, self.new.graph, self.n_known
        added = self._nodes.added
        # Labels have the items before the nodes; the last are inserted first.
        of_nodes = [new.labels[new.n_items + node] for node in added]
        labels = insert_strings(arrays, "graph.labels", len(arrays["graph.labels.ends"]), of_nodes)
        labels = insert_strings(labels, "graph.labels", n, new.labels[: new.n_items])
        n_nodes, ids = len(arrays["graph.nodes.ends"]), [new.node_ids[node] for node in added]
        return {
            **labels,
            **insert_strings(arrays, "graph.items", n, new.item_ids),
            **insert_strings(arrays, "graph.nodes", n_nodes, ids),
            **pack_strings("graph.relations", self._relations),
        }

    def _edges(self) -> Arrays:
        learning, new, nodes = self.snapshot.learning, self.new.graph, self._nodes
        relation = np.array([self._relations.index(name) for name in new.relations], dtype=np.int32)
        heads, tails = nodes.moved(learning["graph.heads"]), nodes.moved(learning["graph.tails"])
        columns: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {
            "heads": (heads, nodes.rows[new.heads]),
            "relation": (learning["graph.relation"], relation[new.relation]),
            "tails": (tails, nodes.rows[new.tails]),
            "facts": (learning["graph.facts"].astype(np.int64), new.facts),
            "confidence": (learning["graph.confidence"], new.confidence),
        }
        edges = {name: np.concatenate(parts) for name, parts in columns.items()}
        edges |= {name: edges[name].astype(np.int32) for name in ("heads", "relation", "tails")}
        edges["facts"] = narrow_integers(edges["facts"])
        return {f"{LEARNING}graph.{name}": values for name, values in edges.items()}

    @cached_property
    def _stated(self) -> Associations:
        """Of all items, those of the new ones behind the others, on further features."""
        known, nodes, graph = associations_from(self.snapshot), self._nodes, self.new.graph
        item, node, edge, reverse = edges_of_items(graph)
        relation = np.array([self._relations.index(name) for name in graph.relations], dtype=int)
        keys = _keys(relation[graph.relation[edge]], reverse, nodes.rows[node])
        known_keys = _keys(known.relation, known.reverse, nodes.moved(known.node))
        added = np.setdiff1d(keys, known_keys)
        all_keys = np.concatenate([known_keys, added])
        order = np.argsort(all_keys, kind="stable")
        column = order[np.searchsorted(all_keys, keys, sorter=order)]
        # Of several facts that say the same, the one that is surest.
        best = np.lexsort((-graph.confidence[edge], column, item))
        pairs = item[best].astype(np.int64) * len(all_keys) + column[best]
        best = best[np.flatnonzero(np.diff(pairs, prepend=-1))]
        kinds, ends = np.divmod(added, _NODES)
        indptr = np.searchsorted(item[best], np.arange(self.n_new + 1))
        of_new = (graph.confidence[edge][best], column[best], indptr)
        together = Associations(
            strength=_stacked(known.strength, of_new, len(all_keys)),
            facts=np.concatenate([known.facts, graph.facts[edge][best]]),
            relation=np.append(known.relation, kinds // 2).astype(np.int32),
            reverse=np.append(known.reverse, kinds % 2).astype(np.bool_),
            node=np.append(nodes.moved(known.node), ends).astype(np.int32),
        )
        rare = specificity(together)
        new = slice(known.strength.nnz, None)
        together.strength.data[new] *= rare[together.strength.indices[new]].astype(np.float32)
        return together

    @cached_property
    def ties(self) -> CSR:
        """float32 CSR[m, features], unit rows: facts of the new items weighted by their kinds."""
        weights = weights_of_kinds(self._relations, self._kind_weights)
        return weighted(self._stated.strength[self.n_known :], self._stated.kind, weights)

    @property
    def _kind_weights(self) -> dict[tuple[str, bool], float]:
        rows = self.snapshot.manifest["kinds"]
        return {(name, reverse): weight for name, reverse, weight in rows}

    def _associations(self) -> Arrays:
        stated, known_ties = self._stated, ties_from(self.snapshot)
        n_known = associations_from(self.snapshot).strength.nnz
        of_new = stated.strength[self.n_known :]
        ties = Associations(
            strength=_stacked(
                known_ties.strength, (of_new.data, of_new.indices, of_new.indptr), of_new.shape[1]
            ),
            facts=np.concatenate([known_ties.facts, stated.facts[n_known:]]),
            relation=stated.relation,
            reverse=stated.reverse,
            node=stated.node,
        )
        return {
            **csr_arrays("associations", stated.strength),
            "associations.facts": narrow_integers(stated.facts),
            "associations.relation": stated.relation,
            "associations.reverse": stated.reverse,
            "associations.node": stated.node,
            **associated_arrays(stated, ties),
        }

    # Model

    def _model(self) -> Arrays:
        arrays = self.snapshot.arrays
        rows = {
            "model.rows": np.full(self.n_new, -1),
            "model.new": np.ones(self.n_new),
            **dict.fromkeys(("model.warm", "model.popularity"), np.zeros(self.n_new)),
        }
        if len(arrays["model.recent"]):
            rows["model.recent"] = np.zeros(self.n_new)
        grown = {name: self.with_rows(arrays[name], values) for name, values in rows.items()}
        grown["likes.indptr"] = _extended(arrays["likes.indptr"], np.zeros(self.n_new + 1, int))
        return grown


@dataclass(frozen=True)
class _Nodes:
    """Numbers of the nodes of the new items' graph in the graph of all.

    Attributes:
        rows: int64[N], of each node of the new items' graph.
        added: places in its ``node_ids`` of those that the snapshot lacks.
        n_known, n_new: numbers of items.
    """

    rows: NDArray[np.int64]
    added: list[int]
    n_known: int
    n_new: int

    @classmethod
    def of(cls, snapshot: Snapshot, graph: KnowledgeGraph, n_known: int) -> _Nodes:
        items, nodes = snapshot.strings("graph.items"), snapshot.strings("graph.nodes")
        n_items = n_known + graph.n_items
        rows, added = list(range(n_known, n_items)), list[int]()
        for place, name in enumerate(graph.node_ids):
            row = items.row(name.removeprefix(ITEM)) if name.startswith(ITEM) else None
            if row is None and (node := nodes.row(name)) is not None:
                row = n_items + node
            if row is None:
                row = n_items + len(nodes) + len(added)
                added.append(place)
            rows.append(row)
        return cls(np.array(rows, dtype=np.int64), added, n_known, graph.n_items)

    def moved(self, nodes: NDArray[Any]) -> NDArray[np.int64]:
        """Nodes of the snapshot, by their numbers in the graph of all."""
        values = np.asarray(nodes, dtype=np.int64)
        return np.where(values >= self.n_known, values + self.n_new, values)


_NODES = 2**32


def _weights(sample: Floats32, new: Floats32) -> NDArray[np.float64]:
    """float64[m, S]: by which the sample's targets are added up to those of ``new`` vectors.

    Of the linear map by ridge regression in its dual form, since a sample may have fewer vectors
    (float32[S, d]) than dimensions.
    """
    gram = (sample @ sample.T).astype(np.float64)
    gram[np.diag_indices_from(gram)] += RIDGE * max(float(np.diag(gram).mean()), 1e-12)
    return np.asarray(np.linalg.solve(gram, (sample @ new.T).astype(np.float64)).T)


def _keys(relation: NDArray[Any], reverse: NDArray[Any], node: NDArray[Any]) -> NDArray[np.int64]:
    """One number for each feature: a relation, its direction and the node at the other end."""
    kinds = 2 * relation.astype(np.int64) + np.asarray(reverse, dtype=np.int64)
    return np.asarray(kinds * _NODES + node, dtype=np.int64)


def _extended(indptr: NDArray[Any], further: NDArray[Any]) -> NDArray[Any]:
    """``indptr`` of a matrix with the rows of another behind its own."""
    return np.concatenate([indptr, indptr[-1] + further[1:]]).astype(indptr.dtype)


def _stacked(known: CSR, new: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], width: int) -> CSR:
    """``known``, the rows of ``new`` (data, indices, indptr) behind it, of so many columns."""
    data, indices, indptr = new
    parts = (
        np.concatenate([known.data, data.astype(np.float32)]),
        np.concatenate([known.indices, indices.astype(np.int32)]),
        _extended(known.indptr, indptr),
    )
    return sparse.csr_array(parts, shape=(len(parts[2]) - 1, width))
