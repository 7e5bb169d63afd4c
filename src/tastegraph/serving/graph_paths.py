"""Shortest paths between two nodes of the graph in service, over the stored facts of items.

The graph in service holds the facts of which an item is subject or object: a path alternates
between items and what they have in common, or goes from one item to another. Facts between two
entities are in the store alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import ITEM
from tastegraph.explain.worded import PathStep
from tastegraph.models.kernels import row_entries
from tastegraph.serving.engine import Engine
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot

MAX_STEPS, MAX_PATHS = 8, 100
"""Facts of one path, and paths of one answer."""
UNREACHED = -1


class GraphPath(BaseModel):
    """Facts that lead from one node to another, each of which names the node that it goes on to."""

    model_config = ConfigDict(frozen=True)

    steps: tuple[PathStep, ...]


class ShortestPaths(BaseModel):
    """The shortest paths between two nodes of the graph in service."""

    model_config = ConfigDict(frozen=True)

    length: int | None = Field(
        description="number of facts of each path; null where there is none that short"
    )
    paths: tuple[GraphPath, ...]
    more: bool = Field(description="whether there are more paths of this length than are listed")


class GraphEdge(NamedTuple):
    """One fact of a node, from its side: the node at the other end is ``other``."""

    other: int
    fact_id: int
    relation: int
    is_subject: bool


class PathFinder:
    """Finds paths in one snapshot.

    The distance of every node from the first one is computed level by level, each level one product
    of rows, until the second one is reached; paths are then read backwards from there.

    Args:
        snapshot: whose stated facts of items are the edges; erased and hidden items are none.
    """

    def __init__(self, snapshot: ServingSnapshot) -> None:
        self._ties, self._names = snapshot.associations, snapshot.names
        self._n_rows = self._ties.strength.shape[0]
        self._n_nodes = max(self._n_rows, int(self._ties.node.max(initial=-1)) + 1)

    def distances(self, start: int, end: int, max_steps: int) -> NDArray[np.int8]:
        """int8[nodes], steps from ``start``, until ``end`` is reached; others ``UNREACHED``."""
        distances = np.full(self._n_nodes, UNREACHED, dtype=np.int8)
        distances[start] = 0
        hidden = list(self._names.hidden)
        frontier = np.array([start])
        for step in range(1, max_steps + 1):
            reached = self._next(frontier)
            reached = reached[distances[reached] == UNREACHED]
            frontier = np.unique(reached[~np.isin(reached, hidden)])
            distances[frontier] = step
            if distances[end] != UNREACHED or not len(frontier):
                break
        return distances

    def paths(
        self, end: int, distances: NDArray[np.int8]
    ) -> Iterator[tuple[tuple[int, GraphEdge], ...]]:
        """Yield every shortest path to ``end``, as pairs of a node and its edge back."""
        if distances[end] == 0:
            yield ()
            return
        for edge in self._edges_back(end, distances):
            for path in self.paths(edge.other, distances):
                yield (*path, (end, edge))

    def _edges_back(self, node: int, distances: NDArray[np.int8]) -> list[GraphEdge]:
        """The edges of a node to those that are one step nearer, in a fixed order."""
        target, ties = distances[node] - 1, self._ties
        edges = set[GraphEdge]()
        if node < self._n_rows:
            at = ties.of_item(node)
            features = ties.strength.indices[at]
            near = distances[ties.node[features]] == target
            for feature, fact in zip(features[near], ties.facts[at][near], strict=True):
                edges.add(self._edge(int(ties.node[feature]), int(feature), int(fact), True))
        for feature in self._features_of(np.array([node])).tolist():
            items = ties.with_feature(feature)
            for item in items[distances[items] == target].tolist():
                fact = self._fact_of(item, feature)
                edges.add(self._edge(item, feature, fact, False))
        return sorted(edge for edge in edges if edge.fact_id >= 0)

    def _edge(self, other: int, feature: int, fact: int, is_item_side: bool) -> GraphEdge:
        reverse = bool(self._ties.reverse[feature])
        return GraphEdge(other, fact, int(self._ties.relation[feature]), reverse != is_item_side)

    def _fact_of(self, item: int, feature: int) -> int:
        at = self._ties.of_item(item)
        place = int(np.searchsorted(self._ties.strength.indices[at], feature))
        return int(self._ties.facts[at][place])

    def _next(self, frontier: NDArray[np.int64]) -> NDArray[np.int64]:
        """The nodes beside those of a frontier, with repetitions."""
        ties = self._ties
        _, features, _ = row_entries(ties.strength, frontier[frontier < self._n_rows])
        _, items, _ = row_entries(ties.by_feature, self._features_of(frontier))
        return np.concatenate([ties.node[features], items]).astype(np.int64)

    def _features_of(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The features whose other end is one of some nodes."""
        order, ordered = self._by_node
        low, high = np.searchsorted(ordered, [nodes, nodes + 1])
        parts = [order[start:end] for start, end in zip(low, high, strict=True)]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    @cached_property
    def _by_node(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The features in the order of their nodes, and these nodes."""
        order = np.argsort(self._ties.node, kind="stable")
        return order, self._ties.node[order]


class GraphPaths:
    """Shortest paths in the snapshot that one engine has in service."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._finder: tuple[ServingSnapshot, PathFinder] | None = None

    def between(
        self, start_id: str, end_id: str, max_steps: int, n: int, language: Language
    ) -> ShortestPaths:
        """Up to ``n`` of the shortest paths from one node to another, of at most ``max_steps``.

        Args:
            start_id, end_id: an entity's id in the facts, or ``item:ID`` of an item.
            max_steps: facts of a path, at most.
            n: number of paths.
            language: of the relations' names.

        Raises:
            NotFoundError: the graph in service has no such node, or no item is tied to it.
        """
        snapshot = self._engine.snapshot
        start, end = _node(snapshot, start_id), _node(snapshot, end_id)
        finder = self._finder_of(snapshot)
        distances = finder.distances(start, end, max_steps)
        if distances[end] == UNREACHED:
            return ShortestPaths(length=None, paths=(), more=False)
        listed = list(islice(finder.paths(end, distances), n + 1))
        return ShortestPaths(
            length=int(distances[end]),
            paths=tuple(
                GraphPath(steps=tuple(_step(snapshot, *pair, language) for pair in path))
                for path in listed[:n]
            ),
            more=len(listed) > n,
        )

    def _finder_of(self, snapshot: ServingSnapshot) -> PathFinder:
        """The finder of a snapshot, which puts the features in order once."""
        held = self._finder
        if held is None or held[0] is not snapshot:
            held = self._finder = snapshot, PathFinder(snapshot)
        return held[1]


def _node(snapshot: ServingSnapshot, node_id: str) -> int:
    if node_id.startswith(ITEM):
        return snapshot.row(node_id.removeprefix(ITEM))
    row = snapshot.row_of_entity(node_id)
    if row is None:
        raise NotFoundError(Message("missing.node", node=node_id))
    return row


def _step(snapshot: ServingSnapshot, node: int, edge: GraphEdge, language: Language) -> PathStep:
    names, relation = snapshot.names, snapshot.names.relations[edge.relation]
    subject, obj = (node, edge.other) if edge.is_subject else (edge.other, node)
    return PathStep(
        s=names.public_id(subject),
        p=relation,
        o=names.public_id(obj),
        s_label=names.name(subject),
        o_label=names.name(obj),
        p_label=snapshot.templates[language].relation_phrase(relation),
        fact_id=edge.fact_id,
    )
