"""Assignment: from the odds of pairs to what is one with what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from tastegraph.kg.fusion.blocking import Pairs

Floats = NDArray[np.float64]


def exclusive(odds: Floats, pairs: Pairs) -> Floats:
    """Probabilities where an entity is one with at most one of the other side, or with none.

    ``p = w / (1 + Σ w')`` over the pairs of either of its two entities, the lower of both
    (w: odds): equal rivals share what one of them would have.

    Args:
        odds: float64[n], log odds.
        pairs: int32[n, 2].
    """
    weights = np.exp(np.clip(odds, -50, 50))
    both = [weights / (1 + np.bincount(side, weights)[side]) for side in (pairs[:, 0], pairs[:, 1])]
    return np.asarray(np.minimum(*both))


def one_to_one(pairs: Pairs, probability: Floats) -> NDArray[np.int64]:
    """The pairs of highest total probability in which no entity occurs twice.

    The linear assignment problem (Kuhn 1955), solved for each connected component alone.

    Returns:
        int64, rows of ``pairs``, ascending.
    """
    if not len(pairs):
        return np.zeros(0, dtype=np.int64)
    n_left = int(pairs[:, 0].max()) + 1
    n_nodes = n_left + int(pairs[:, 1].max()) + 1
    links = sparse.coo_matrix(
        (np.ones(len(pairs)), (pairs[:, 0], n_left + pairs[:, 1])), shape=(n_nodes, n_nodes)
    )
    _, component = connected_components(links, directed=False)
    order = np.argsort(component[pairs[:, 0]], kind="stable")
    bounds = np.flatnonzero(np.diff(component[pairs[order, 0]])) + 1
    chosen = []
    for rows in np.split(order, bounds):
        lefts, a = np.unique(pairs[rows, 0], return_inverse=True)
        rights, b = np.unique(pairs[rows, 1], return_inverse=True)
        table = np.zeros((len(lefts), len(rights)))
        row_of = np.full(table.shape, -1, dtype=np.int64)
        table[a, b], row_of[a, b] = probability[rows], rows
        picked = row_of[linear_sum_assignment(table, maximize=True)]
        chosen.append(picked[picked >= 0])
    return np.sort(np.concatenate(chosen))
