"""Redundant relations: those whose facts another relation states in the opposite direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_COVERAGE = 0.95
"""Share of a relation's facts that its inverse must state for the relation to be redundant."""
Ints = NDArray[np.int32]


def redundant_relations(
    heads: Ints, relation: Ints, tails: Ints, n_nodes: int, n_items: int, names: list[str]
) -> list[int]:
    """Relations of which at least 95 % of the facts are stated by another one in reverse.

    Of two that cover each other, the one with the larger share of facts about items is retained,
    else the first by name. A relation that replaces another one is itself retained.

    Args:
        heads, relation, tails: int32[E].
        n_nodes: number of nodes.
        n_items: nodes below this number are items.
        names: names of the relations.

    Returns:
        The numbers of the redundant relations, sorted.
    """
    n = len(names)
    if not len(heads):
        return []
    edges = np.unique(np.stack([heads, tails, relation], axis=1).astype(np.int64), axis=0)
    forward = edges[:, 0] * n_nodes + edges[:, 1]
    backward = edges[:, 1] * n_nodes + edges[:, 0]
    size = np.bincount(edges[:, 2], minlength=n)
    # All (edge, reversed edge) pairs: forward is sorted, so the partners are a range of it.
    first = np.searchsorted(forward, backward, side="left")
    matches = np.searchsorted(forward, backward, side="right") - first
    edge = np.repeat(np.arange(len(edges)), matches)
    offset = np.arange(len(edge)) - np.repeat(np.cumsum(matches) - matches, matches)
    partner = np.repeat(first, matches) + offset
    shared = np.zeros((n, n), dtype=np.int64)
    np.add.at(shared, (edges[edge, 2], edges[partner, 2]), 1)
    at_items = np.bincount(edges[edges[:, 0] < n_items, 2], minlength=n) / np.maximum(size, 1)
    covers = MIN_COVERAGE * size[None, :] <= shared.T  # covers[k, r]: k states what r states
    preference = sorted(range(n), key=lambda r: (-at_items[r], names[r]))
    rank = np.argsort(preference)
    replaceable = covers & (~covers.T | (rank[:, None] < rank[None, :]))
    np.fill_diagonal(replaceable, False)
    redundant: set[int] = set()
    needed: set[int] = set()
    for r in preference:
        replacements = [k for k in preference if replaceable[k, r] and k not in redundant]
        if replacements and size[r] and r not in needed:
            redundant.add(r)
            needed.add(replacements[0])
    return sorted(redundant)
