"""Relations that say nothing new: their facts are another relation's, reversed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CONTAINED = 0.95
Ints = NDArray[np.int32]


def redundant_relations(
    heads: Ints, relation: Ints, tails: Ints, n_nodes: int, n_items: int, names: list[str]
) -> list[int]:
    """Relations of which at least 95 % of the facts stand in another one the other way round.

    Of two that contain each other the one that starts at items is kept, else the first by name.
    What stands for another one stays.

    Args:
        heads, relation, tails: int32[E].
        n_nodes: number of nodes.
        n_items: nodes below this number are items.
        names: relation names.
    """
    n = len(names)
    if not len(heads):
        return []
    edges = np.unique(np.stack([heads, tails, relation], axis=1).astype(np.int64), axis=0)
    forward = edges[:, 0] * n_nodes + edges[:, 1]
    backward = edges[:, 1] * n_nodes + edges[:, 0]
    size = np.bincount(edges[:, 2], minlength=n)
    # Every (edge, edge reversed) pair: forward is sorted, so the partners lie side by side.
    first = np.searchsorted(forward, backward, side="left")
    found = np.searchsorted(forward, backward, side="right") - first
    here = np.repeat(np.arange(len(edges)), found)
    offset = np.arange(len(here)) - np.repeat(np.cumsum(found) - found, found)
    there = np.repeat(first, found) + offset
    shared = np.zeros((n, n), dtype=np.int64)
    np.add.at(shared, (edges[here, 2], edges[there, 2]), 1)
    at_items = np.bincount(edges[edges[:, 0] < n_items, 2], minlength=n) / np.maximum(size, 1)
    covers = CONTAINED * size[None, :] <= shared.T  # covers[k, r]: k says what r says
    better = sorted(range(n), key=lambda r: (-at_items[r], names[r]))
    rank = np.argsort(better)
    said_elsewhere = covers & (~covers.T | (rank[:, None] < rank[None, :]))
    np.fill_diagonal(said_elsewhere, False)
    dropped: set[int] = set()
    needed: set[int] = set()
    for r in better:
        # What stands for another must itself stay.
        saying = [k for k in better if said_elsewhere[k, r] and k not in dropped]
        if saying and size[r] and r not in needed:
            dropped.add(r)
            needed.add(saying[0])
    return sorted(dropped)
