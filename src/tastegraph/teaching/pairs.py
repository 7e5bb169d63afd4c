"""Which items belong together: by the people who engage with them, and by what they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize

BLOCK = 256
"""Rows of a product that are in memory at once."""


def co_engagement(
    likes: sparse.csr_array, teachable: NDArray[np.bool_], neighbours: int
) -> sparse.csr_array:
    """How strongly items are engaged with together: cosines of their columns of ``likes``.

    The cosine divides a count by what both items' popularity explains (Sarwar et al. 2001, §3.1.1).
    A person's likes share one unit of length, so that who likes everything says little (Deshpande
    & Karypis 2004). Of each item only the strongest ties are kept: the rest is noise.

    Args:
        likes: bool[U, I]. Columns that are not teachable are not read.
        teachable: bool[I].
        neighbours: ties kept per item; an item may have more, kept for the sake of others.

    Returns:
        float32[I, I], symmetric, diagonal 0, rows sorted.
    """
    kept = sparse.csr_array(likes @ sparse.diags_array(teachable.astype(np.float32)))
    kept.eliminate_zeros()
    columns = sparse.csr_array(normalize(normalize(kept), axis=0))
    strongest = _strongest(sparse.csr_array(columns.T), columns, neighbours)
    ties = sparse.csr_array(strongest.maximum(strongest.T))
    ties.sort_indices()
    return ties


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


def _strongest(rows: sparse.csr_array, columns: sparse.csr_array, count: int) -> sparse.csr_array:
    """The ``count`` largest entries of each row of ``rows @ columns``, diagonal left out."""
    found = []
    for start in range(0, rows.shape[0], BLOCK):
        block = (rows[start : start + BLOCK] @ columns).toarray()
        own = np.arange(len(block))
        block[own, start + own] = 0
        order = np.argsort(-block, axis=1, kind="stable")[:, :count]
        kept = np.zeros_like(block)
        np.put_along_axis(kept, order, np.take_along_axis(block, order, axis=1), axis=1)
        found.append(sparse.csr_array(kept))
    return sparse.csr_array(sparse.vstack(found))
