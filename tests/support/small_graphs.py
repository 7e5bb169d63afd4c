"""Knowledge graphs of a few nodes, written down edge by edge or drawn."""

import numpy as np

from tastegraph.kg.graph import KnowledgeGraph


def graph_of(n_items: int, edges: list[tuple[int, int, int]], n_nodes: int) -> KnowledgeGraph:
    edges = sorted(edges)
    heads, relation, tails = (np.array(column, dtype=np.int32) for column in np.array(edges).T)
    return KnowledgeGraph(
        item_ids=[f"i{k}" for k in range(n_items)],
        node_ids=[f"e{k}" for k in range(n_nodes - n_items)],
        labels=[""] * n_nodes,
        relations=[f"r{k}" for k in range(relation.max() + 1)],
        heads=heads,
        relation=relation,
        tails=tails,
        facts=np.arange(len(edges)),
        confidence=np.ones(len(edges), dtype=np.float32),
    )


def random_graph(seed: int = 0, n_items: int = 12, n_nodes: int = 30) -> KnowledgeGraph:
    rng = np.random.default_rng(seed)
    columns = (rng.integers(0, size, 60) for size in (n_items, 3, n_nodes))
    edges = {tuple(map(int, edge)) for edge in np.stack(list(columns), axis=1)}
    edges = {(head, relation, tail) for head, relation, tail in edges if head != tail}
    return graph_of(n_items, list(edges), n_nodes)


def nodes_within(graph: KnowledgeGraph, centre: int, hops: int) -> np.ndarray:
    """int64[N], nodes within ``hops`` edges of ``centre`` whichever way these point, it first."""
    inside = np.zeros(graph.n_nodes, dtype=np.bool_)
    inside[centre] = True
    for _ in range(hops):
        reached = inside[graph.heads] | inside[graph.tails]
        inside[graph.heads[reached]] = True
        inside[graph.tails[reached]] = True
    nodes = np.flatnonzero(inside)
    return np.concatenate([[centre], nodes[nodes != centre]])
