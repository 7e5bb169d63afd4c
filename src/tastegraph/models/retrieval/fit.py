"""Making the index of the first stage, and measuring what it finds.

Which directions of the items' vectors matter depends on what users look for. Of the scores S = Q Rᵀ
of sampled users and sampled items, the first k singular vectors S ≈ U Σ Wᵀ are the best basis
(Eckart & Young 1936); both sides follow for any user and any item by projection:

    z = (Rᵀ W)ᵀ q,     vᵢ = (Qᵀ U Σ⁻¹)ᵀ rᵢ,     z · vᵢ ≈ q · rᵢ

As many directions are taken as users ask for whom the index was not made: their ten best items by
the exhaustive ranking must be among the candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.progress import say
from tastegraph.core.top_k import top_k_blocks
from tastegraph.models.base import FEW_LIKES, segment
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import FactorKernel, Scores
from tastegraph.models.ranked import Quota
from tastegraph.models.retrieval.evidence import UserVector
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.models.retrieval.moments import BLOCK_ITEMS, Moments
from tastegraph.profiles.interactions import History, Interactions

EXHAUSTIVE_ITEMS = 5_000
"""Up to this many items all are scored for each list: candidates would save nothing."""
SHAPES = ((32, 200), (32, 500), (64, 500), (128, 500), (256, 500), (256, 2_000))
"""Dimensions and candidates, cheapest first."""
MIN_RECALL = 0.995
LENGTH = 10
"""Best items that must be among the candidates."""
FIT_USERS, MEASURED_USERS = 1_000, 200
"""Users that the directions follow from, and others that the recall is measured on, at most."""
SAMPLED_ITEMS = 10_000
"""Items that the directions follow from, evenly spaced; all where there are fewer."""
SMALLEST_SQUARE = 1e-10
"""Directions whose share of the scores' squares is below are rounding."""
ITEMS_FOR_EACH_DIMENSION = 4
"""A kernel of more dimensions for the items there are scores all of them: that is as fast as to
read its second moment, which has a cell for each two dimensions."""


def with_index(model: HybridModel, events: Interactions, newest: int, seed: int) -> HybridModel:
    """``model`` with an index that finds its lists; without one where it would be of no use.

    Args:
        model: that ranks all items.
        events: of users that stand for those to come.
        newest: events of each user that are attended to, at most.
        seed: of the users that are drawn.
    """
    model = replace(model, index=None)
    if model.n_listed <= EXHAUSTIVE_ITEMS:
        return model
    kernels = _factor_kernels(model)
    histories = _sampled_histories(events, newest, FIT_USERS + MEASURED_USERS, seed)
    n_measured = min(MEASURED_USERS, -(-len(histories) // 4))
    measured, fitted = histories[:n_measured], histories[n_measured:]
    if not kernels or not fitted:
        return model
    basis = _Basis.of(model, kernels, fitted)
    if not basis.rank:
        return model
    best = None
    lists, scores = _exhaustive(model, measured)
    for dimensions, candidates in SHAPES:
        index = basis.index(model, kernels, dimensions, candidates)
        recall, error = _recall(replace(model, index=index), measured, lists, scores)
        best = replace(index, recall=recall, score_error=error)
        if recall >= MIN_RECALL:
            return replace(model, index=best)
    assert best is not None
    say(
        f"the ten best of {model.n_listed:,} items are not found by few dimensions (recall "
        f"{best.recall:.4f} of at least {MIN_RECALL}): each list scores all items, which is slower"
    )
    return model


@dataclass(frozen=True)
class _Basis:
    """The directions, best first.

    Attributes:
        items: factor component → float32[d, D], what its items' vectors are multiplied by.
        users: factor component → float32[d, D], what its user vectors are multiplied by.
        moments: factor component → moments of its items' vectors.
        rank: D.
    """

    items: Mapping[str, Scores]
    users: Mapping[str, Scores]
    moments: Mapping[str, Moments]
    rank: int

    @classmethod
    def of(
        cls,
        model: HybridModel,
        kernels: Mapping[str, FactorKernel],
        histories: Sequence[History],
    ) -> _Basis:
        moments = {name: Moments.of(each.right, model.warm) for name, each in kernels.items()}
        queries = np.concatenate([_queries(model, kernels, moments, each) for each in histories])
        step = max(model.n_items // SAMPLED_ITEMS, 1)
        sample = np.concatenate(
            [np.asarray(each.right[::step], dtype=np.float32) for each in kernels.values()], axis=1
        )
        scores = queries @ sample.T
        squares, directions = np.linalg.eigh((scores @ scores.T).astype(np.float64))
        rank = int((squares > SMALLEST_SQUARE * squares[-1]).sum()) if squares[-1] > 0 else 0
        rank = min(rank, max(dimensions for dimensions, _ in SHAPES))
        # U Σ⁻¹, best direction first; Wᵀ R is its product with S R.
        scaled = directions[:, ::-1][:, :rank] / np.sqrt(squares[::-1][:rank])
        of_items = queries.T @ scaled.astype(np.float32)
        of_users = sample.T @ (scores.T @ scaled.astype(np.float32))
        ends = np.cumsum([kernel.right.shape[1] for kernel in kernels.values()])[:-1]
        items, users = (
            dict(zip(kernels, np.split(each, ends), strict=True)) for each in (of_items, of_users)
        )
        return cls(items, users, moments, rank)

    def index(
        self,
        model: HybridModel,
        kernels: Mapping[str, FactorKernel],
        dimensions: int,
        candidates: int,
    ) -> RetrievalIndex:
        """The index with the first ``dimensions`` directions; its recall is not yet measured."""
        vectors = np.zeros((model.n_items, min(dimensions, self.rank)), dtype=np.float32)
        for start in range(0, len(vectors), BLOCK_ITEMS):
            block = slice(start, start + BLOCK_ITEMS)
            for name, kernel in kernels.items():
                vectors[block] += kernel.right[block] @ self.items[name][:, :dimensions]
        queries = {
            name: np.ascontiguousarray(each[:, :dimensions]) for name, each in self.users.items()
        }
        return RetrievalIndex(vectors, queries, self.moments, candidates, 0.0, 0.0)


def _factor_kernels(model: HybridModel) -> dict[str, FactorKernel]:
    """The factor kernels that have a weight, and few dimensions for so many items."""
    kernels = {
        name: component.kernel
        for name, component in model.similarities.items()
        if isinstance(component.kernel, FactorKernel) and name in model.blend.weighted
    }
    most = model.n_items // ITEMS_FOR_EACH_DIMENSION
    return {name: kernel for name, kernel in kernels.items() if kernel.right.shape[1] <= most}


def _sampled_histories(events: Interactions, newest: int, size: int, seed: int) -> list[History]:
    """Histories of users with events; every third one as short as that of a new user."""
    active = np.unique(events.users)
    rows = np.random.default_rng(seed).permutation(active)[:size]
    histories = events.histories(newest, rows)
    return [
        history.newest(FEW_LIKES - 2) if place % 3 == 2 else history
        for place, history in enumerate(histories)
    ]


def _queries(
    model: HybridModel,
    kernels: Mapping[str, FactorKernel],
    moments: Mapping[str, Moments],
    history: History,
) -> Scores:
    """float32[1 or 2, ΣD]: what a history looks for among warm items, and among cold ones."""
    parts: list[list[NDArray[np.float32]]] = [[], []]
    for name, kernel in kernels.items():
        (warm,), (cold,) = model.blend.rows(name, [segment(history)])
        vector = np.zeros(kernel.right.shape[1], dtype=np.float32)
        if warm or cold:
            component = model.similarities[name]
            of_component = UserVector.of(component, kernel, history, model.warm, moments[name])
            vector = np.float32(of_component.spread) * of_component.vector
        parts[0].append(warm * vector)
        parts[1].append(cold * vector)
    on_warm, on_cold = (np.concatenate(each) for each in parts)
    return np.stack([on_warm] if model.warm.all() else [on_warm, on_cold])


def _exhaustive(
    model: HybridModel, histories: Sequence[History]
) -> tuple[NDArray[np.int32], list[Scores]]:
    """int32[U, 10], the best items of each history, and float32[10] of each, their scores."""
    scores: list[Scores] = []

    def score(rows: NDArray[np.int64]) -> Scores:
        block = np.stack([model.rank(histories[row]).scores for row in rows.tolist()])
        scores.extend(-np.sort(-np.partition(each, -LENGTH)[-LENGTH:]) for each in block)
        return block

    return top_k_blocks(score, len(histories), None, LENGTH, block=16), scores


def _recall(
    model: HybridModel,
    histories: Sequence[History],
    lists: NDArray[np.int32],
    scores: Sequence[Scores],
) -> tuple[float, float]:
    """The share of the exhaustive lists that is found, and the largest difference of a score.

    A place counts where the item at it has the same score: of ties any is right.
    """
    right, error = 0, 0.0
    for history, items, best in zip(histories, lists, scores, strict=True):
        ranked = model.rank(history, [Quota(None, LENGTH)])
        order = np.argsort(-ranked.scores, kind="stable")[:LENGTH]
        difference = np.abs(ranked.scores[order] - best)
        known = np.isin(items, ranked.items[order])
        right += int((known | (difference <= 1e-4)).sum())
        shared = np.intersect1d(items, ranked.items)
        exact = dict(zip(items.tolist(), best.tolist(), strict=True))
        error = max(
            [error, *(abs(ranked.score_of(item) - exact[item]) for item in shared.tolist())]
        )
    return right / max(lists.size, 1), error
