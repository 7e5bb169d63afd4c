"""What behaviour and the graph say of items, for fine-tuning: ties between items, and vectors.

Behaviour is read of trainable items alone: those of which the model may see events.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from tastegraph.core.arrays import CSR

BLOCK_ROWS = 256
"""Rows of a product of matrices that are in memory at once."""
DISCOUNT = 10
"""Common users at which a tie counts half."""


def co_engagement(
    user_items: CSR, trainable: NDArray[np.bool_], max_neighbours: int
) -> sparse.csr_array:
    """How much more often than by chance the same users engage with two items.

    Positive pointwise mutual information, max(0, log P(i, j) / P(i) P(j)) (Church & Hanks 1990),
    so that popular items are not everyone's neighbours; times n / (n + 10) for n common users,
    because it overrates pairs with few of them (Pantel & Lin 2002). Only the strongest ties of
    each item are retained: the others are noise.

    Args:
        user_items: bool[U, I]. Columns of items that are not trainable are not read.
        trainable: bool[I].
        max_neighbours: ties of an item; it has more where it is among the strongest of others.

    Returns:
        float32[I, I], symmetric, diagonal 0, column indices in order.
    """
    likes = sparse.csr_array(user_items @ sparse.diags_array(trainable.astype(np.float32)))
    likes.eliminate_zeros()
    item_users = sparse.csr_array(likes.T)
    counts = np.maximum(likes.sum(axis=0), 1)
    users = np.count_nonzero(np.diff(likes.indptr))
    blocks = []
    for start in range(0, len(counts), BLOCK_ROWS):
        common = (item_users[start : start + BLOCK_ROWS] @ likes).toarray()
        lift = common * users / (counts[start : start + BLOCK_ROWS, None] * counts)
        strength = np.log(np.maximum(lift, 1)) * common / (common + DISCOUNT)
        own = np.arange(len(strength))
        strength[own, start + own] = 0
        blocks.append(_strongest(strength, max_neighbours))
    ties = sparse.csr_array(sparse.vstack(blocks))
    symmetric = sparse.csr_array(ties.maximum(ties.T)).astype(np.float32)
    symmetric.sort_indices()
    return symmetric


def nearest_items(
    vectors: NDArray[np.float32], trainable: NDArray[np.bool_], count: int
) -> NDArray[np.intp]:
    """intp[I, count]: the trainable items most similar to each by cosine, itself left out.

    Rows of items that are not trainable are −1, and so are places that a small catalogue cannot
    fill.

    Args:
        vectors: float32[I, d], of the frozen texts or of the graph.
        trainable: bool[I].
        count: neighbours of an item.
    """
    neighbours = np.full((len(vectors), count), -1, dtype=np.intp)
    items = np.flatnonzero(trainable)
    directions = vectors[items]
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    available = min(count, max(len(items) - 1, 0))
    for start in range(0, len(items), BLOCK_ROWS):
        cosines = directions[start : start + BLOCK_ROWS] @ directions.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :available]
        neighbours[items[start : start + BLOCK_ROWS], :available] = items[order]
    return neighbours


def graph_representation(features: CSR, dimensions: int, seed: int) -> NDArray[np.float32]:
    """Latent semantic analysis (Deerwester et al. 1990) of the facts of items.

    Args:
        features: number[I, F], an item's ties to each (relation, entity).
        dimensions: g; fewer where items or features are fewer.
        seed: of the randomised decomposition.

    Returns:
        float32[I, g], rows of length 1, or of 0 where an item has no ties.
    """
    return _reduced(TfidfTransformer().fit_transform(features), dimensions, seed)


def behaviour_representation(
    user_items: CSR, trainable: NDArray[np.bool_], dimensions: int, seed: int
) -> NDArray[np.float32]:
    """Truncated SVD of D_U^-½ R D_I^-½, the normalisation of LightGCN (He et al. 2020, eq. 3).

    Args:
        user_items: bool[U, I]. Columns of items that are not trainable are not read.
        trainable: bool[I].
        dimensions: g; fewer where items or users are fewer.
        seed: of the randomised decomposition.

    Returns:
        float32[I, g], rows of length 1, or of 0 where an item is not trainable or has no likes.
    """
    likes = user_items @ sparse.diags_array(trainable.astype(np.float64))
    users, items = (np.maximum(likes.sum(axis=axis), 1) ** -0.5 for axis in (1, 0))
    scaled = sparse.diags_array(users) @ likes @ sparse.diags_array(items)
    return _reduced(sparse.csr_array(scaled.T), dimensions, seed)


def _strongest(strength: NDArray[np.floating], count: int) -> sparse.csr_array:
    """The ``count`` largest entries of each row."""
    order = np.argsort(-strength, axis=1, kind="stable")[:, :count]
    largest = np.zeros_like(strength)
    np.put_along_axis(largest, order, np.take_along_axis(strength, order, axis=1), axis=1)
    return sparse.csr_array(largest)


def _reduced(matrix: sparse.csr_array, dimensions: int, seed: int) -> NDArray[np.float32]:
    if matrix.shape[1] < 2:
        return np.asarray(normalize(matrix).toarray(), dtype=np.float32)
    rank = max(min(dimensions, min(matrix.shape) - 1), 1)
    reduced = TruncatedSVD(rank, random_state=seed).fit_transform(matrix)
    rows: NDArray[np.float32] = normalize(reduced).astype(np.float32)
    return rows
