"""Rankers of cold items without tuning: neighbours, popularity, ridge regression to factors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.language.cold_task import ColdItemTask
from benchmarks.language.measures import RowScorer
from tastegraph.core.arrays import CSR
from tastegraph.models.decomposition import compressed
from tastegraph.models.kernels import Scores
from tastegraph.models.knowledge import unit_rows
from tastegraph.models.mapped import MappedParams, Ridge
from tastegraph.models.text import text_features
from tastegraph.profiles.association import Associations

Features = Any
"""float32[I, d] or float32 CSR[I, F]."""
RANKS = (64, 256)
"""Collaborative factors."""
MAX_FEATURES = 512
"""Dimensions to which sparse features are reduced before they are mapped."""
PENALTIES = (0.3, 1.0, 3.0)
"""λ of the ridge regression."""


def random_scores(task: ColdItemTask) -> RowScorer:
    """Random scores, by the seed of the task."""
    rng = np.random.default_rng(task.seed)
    noise = rng.random((len(task.users), len(task.cold)), dtype=np.float32)
    return lambda rows: noise[rows]


def maker_popularity(task: ColdItemTask, associations: Associations) -> RowScorer:
    """The popularity of the other items of an item's director or brand."""
    graph = task.dataset.graph
    if task.dataset.maker in graph.relations:
        relation = graph.relations.index(task.dataset.maker)
        features = np.flatnonzero((associations.relation == relation) & ~associations.reverse)
        item_makers = associations.strength[:, features].astype(bool).astype(np.float32)
    else:
        item_makers = sparse.csr_array(np.zeros((len(task.cold), 1), dtype=np.float32))
    likes = task.known.user_items()
    popularity = np.bincount(likes.indices, minlength=likes.shape[1]).astype(np.float32)
    by_maker = np.asarray(item_makers @ (item_makers.T @ popularity), dtype=np.float32)
    scores = np.where(task.cold, by_maker, popularity).astype(np.float32)
    return lambda rows: np.broadcast_to(scores, (len(rows), len(scores))).astype(np.float32)


def neighbours(task: ColdItemTask, features: Features) -> RowScorer:
    """Cosine with the mean of a user's likes; rows of ``features`` have length 1 or 0."""

    def scores(rows: NDArray[np.int64]) -> Scores:
        interest = task.mean_history[rows] @ features
        product = interest @ features.T
        dense = product if isinstance(product, np.ndarray) else product.toarray()
        return np.asarray(dense, dtype=np.float32)

    return scores


def ridge_rankers(
    task: ColdItemTask,
    features: NDArray[np.float32],
    ranks: tuple[int, ...] = RANKS,
    penalties: tuple[float, ...] = PENALTIES,
) -> Iterator[tuple[str, RowScorer]]:
    """Features mapped to collaborative factors, with every rank and penalty."""
    likes = task.known.user_items()
    for rank in ranks:
        for penalty in penalties:
            mapped = Ridge(features, likes).map(MappedParams(rank, penalty))
            if mapped is not None:
                right = mapped.of(features)
                yield f"{rank} factors, λ {penalty:g}", _inner_products(task, mapped.left, right)


def representations(
    associations: Associations, words: CSR, vectors: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """Name → float32[I, d], the features that are mapped."""
    known = unit_rows(associations.strength)
    text = text_features(vectors, words[:, :0])
    return {
        "tfidf": compressed(words, MAX_FEATURES).rows,
        "frozen": text,
        "kg_tfidf": compressed(known, MAX_FEATURES).rows,
        "kg_tfidf + tfidf": compressed(_hstack(known, words), MAX_FEATURES).rows,
        "kg_tfidf + frozen": compressed(_hstack(known, sparse.csr_array(text)), MAX_FEATURES).rows,
    }


def _inner_products(task: ColdItemTask, left: Scores, right: Scores) -> RowScorer:
    return lambda rows: np.asarray((task.mean_history[rows] @ left) @ right.T, dtype=np.float32)


def _hstack(left: CSR, right: CSR) -> CSR:
    return sparse.csr_array(sparse.hstack([left, right]))
