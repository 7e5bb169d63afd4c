"""Which items belong together: by the people who engage with them, and by what they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR

BLOCK = 256
"""Rows of a product that are in memory at once."""
DISCOUNT = 10
"""People in common at which a tie counts half."""


def co_engagement(likes: CSR, teachable: NDArray[np.bool_], neighbours: int) -> sparse.csr_array:
    """How much more often than by chance items are engaged with by the same people.

    Positive pointwise mutual information, max(0, log P(i, j) / P(i) P(j)) (Church & Hanks 1990),
    so that popular items are not everyone's neighbours; times n / (n + 10), n the people in
    common, because it overrates what few have in common (Pantel & Lin 2002). Of each item only
    the strongest ties are kept: the rest is noise.

    Args:
        likes: bool[U, I]. Columns that are not teachable are not read.
        teachable: bool[I].
        neighbours: ties kept per item; an item may have more, kept for the sake of others.

    Returns:
        float32[I, I], symmetric, diagonal 0, column indices in order.
    """
    liked = sparse.csr_array(likes @ sparse.diags_array(teachable.astype(np.float32)))
    liked.eliminate_zeros()
    by_item = sparse.csr_array(liked.T)
    counts = np.maximum(liked.sum(axis=0), 1)
    people = np.count_nonzero(np.diff(liked.indptr))
    found = []
    for start in range(0, len(counts), BLOCK):
        common = (by_item[start : start + BLOCK] @ liked).toarray()
        lift = common * people / (counts[start : start + BLOCK, None] * counts)
        strength = np.log(np.maximum(lift, 1)) * common / (common + DISCOUNT)
        own = np.arange(len(strength))
        strength[own, start + own] = 0
        found.append(_strongest(strength, neighbours))
    ties = sparse.csr_array(sparse.vstack(found))
    symmetric = sparse.csr_array(ties.maximum(ties.T)).astype(np.float32)
    symmetric.sort_indices()
    return symmetric


def nearest(
    vectors: NDArray[np.float32], teachable: NDArray[np.bool_], neighbours: int
) -> NDArray[np.intp]:
    """intp[I, neighbours]: the teachable items most like each by cosine, itself left out; rows of
    what is not teachable are −1, as is what a short catalogue lacks.

    Args:
        vectors: float32[I, d], of the frozen text or of the graph.
        teachable: bool[I].
        neighbours: how many.
    """
    found = np.full((len(vectors), neighbours), -1, dtype=np.intp)
    items = np.flatnonzero(teachable)
    some = vectors[items]
    some = some / np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-12)
    count = min(neighbours, max(len(items) - 1, 0))
    for start in range(0, len(items), BLOCK):
        cosines = some[start : start + BLOCK] @ some.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        found[items[start : start + BLOCK], :count] = items[order]
    return found


def _strongest(strength: NDArray[np.floating], count: int) -> sparse.csr_array:
    """The ``count`` largest entries of each row."""
    order = np.argsort(-strength, axis=1, kind="stable")[:, :count]
    kept = np.zeros_like(strength)
    np.put_along_axis(kept, order, np.take_along_axis(strength, order, axis=1), axis=1)
    return sparse.csr_array(kept)
