"""What needs no tuning: nearest neighbours, popularity, and features mapped to factors by ridge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.language.task import Task
from tastegraph.core.arrays import CSR
from tastegraph.models.decomposition import compressed
from tastegraph.models.kernels import Scores
from tastegraph.models.knowledge import unit_rows
from tastegraph.models.mapped import MappedParams, Ridge
from tastegraph.models.text import text_features
from tastegraph.profiles.association import Associations

Ranker = Callable[[NDArray[np.int64]], Scores]
Features = Any
"""float32[I, d] or float32 CSR[I, F]."""
RANKS = (64, 256)
WIDTH = 512
"""Of sparse features, before they are mapped."""
STRENGTHS = (0.3, 1.0, 3.0)


def chance(task: Task) -> Ranker:
    """Seeded noise."""
    rng = np.random.default_rng(task.seed)
    noise = rng.random((len(task.people), len(task.cold)), dtype=np.float32)
    return lambda rows: noise[rows]


def by_maker(task: Task, associations: Associations) -> Ranker:
    """How much people like the other items of an item's makers: its director, its brand."""
    graph = task.set.graph
    if task.set.maker in graph.relations:
        relation = graph.relations.index(task.set.maker)
        mine = np.flatnonzero((associations.relation == relation) & ~associations.reverse)
        by = associations.strength[:, mine].astype(bool).astype(np.float32)
    else:
        by = sparse.csr_array((len(task.cold), 1), dtype=np.float32)
    likes = task.known.user_items()
    popularity = np.bincount(likes.indices, minlength=likes.shape[1]).astype(np.float32)
    worth = np.asarray(by @ (by.T @ popularity), dtype=np.float32)
    worth = np.where(task.cold, worth, popularity).astype(np.float32)
    return lambda rows: np.broadcast_to(worth, (len(rows), len(worth))).astype(np.float32)


def neighbours(task: Task, features: Features) -> Ranker:
    """Cosine with the mean of what a person likes; rows of ``features`` have length 1 or 0."""

    def scores(rows: NDArray[np.int64]) -> Scores:
        interest = task.even[rows] @ features
        product = interest @ features.T
        dense = product.toarray() if sparse.issparse(product) else product
        return np.asarray(dense, dtype=np.float32)

    return scores


def by_ridge(task: Task, features: NDArray[np.float32]) -> Iterator[tuple[str, Ranker]]:
    """Features mapped to collaborative factors, by every rank and strength there is."""
    likes = task.known.user_items()
    for rank in RANKS:
        for strength in STRENGTHS:
            told = Ridge(features, likes).map(MappedParams(rank, strength))
            if told is not None:
                right = told.of(features)
                yield f"{rank} factors, λ {strength:g}", _mapped(task, told.left, right)


def representations(
    associations: Associations, words: CSR, vectors: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """What ridge maps: float32[I, d] each."""
    known = unit_rows(associations.strength)
    text = text_features(vectors, words[:, :0])
    return {
        "tfidf": compressed(words, WIDTH).rows,
        "frozen": text,
        "kg_tfidf": compressed(known, WIDTH).rows,
        "kg_tfidf + tfidf": compressed(_beside(known, words), WIDTH).rows,
        "kg_tfidf + frozen": compressed(_beside(known, sparse.csr_array(text)), WIDTH).rows,
    }


def _mapped(task: Task, left: Scores, right: Scores) -> Ranker:
    return lambda rows: np.asarray((task.even[rows] @ left) @ right.T, dtype=np.float32)


def _beside(one: CSR, other: CSR) -> CSR:
    return sparse.csr_array(sparse.hstack([one, other]))
