"""How to rank items without events: among themselves, and among those that have some.

A share of the items plays cold: a model is made that has never seen their events. What it says of
them is compared with what people did. Which evidence orders them best decides its weights relative
to one another; how far the whole can be trusted follows from least squares against the scores that
a model with their events gives. So a cold item's score is what its score would be expected to be,
no more: where the evidence says little, it shrinks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from tastegraph.core.arrays import CSR, Bools
from tastegraph.models.base import FEW_LIKES, KNOWN, NEW, SimilarityComponent
from tastegraph.models.described import Described
from tastegraph.models.hybrid import HybridModel, spread
from tastegraph.models.kernels import Scores
from tastegraph.models.learned import Hyperparameters
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions

FOLDS = 5
PEOPLE = 500


def cold_item_holdout(item_ids: Sequence[str], seed: int) -> Bools:
    """bool[I]: a fifth of all items, the same ones whatever happens to the others.

    The language model is not taught by their events either: what its vectors are worth on new
    items can be seen on them.
    """
    return np.equal(cold_folds(item_ids, seed), 0)


def cold_folds(item_ids: Sequence[str], seed: int) -> NDArray[np.int64]:
    """int64[I] in 0 … 4: which of five times each item plays cold."""
    digests = (sha256(f"{seed}:{item_id}".encode("utf-8", "replace")) for item_id in item_ids)
    return np.array([d.digest()[0] % FOLDS for d in digests], dtype=np.int64)


def without_items(user_items: CSR, items: Bools) -> CSR:
    """``user_items`` (CSR[U, I]) without the columns where ``items`` (bool[I]) holds."""
    kept = user_items.copy()
    kept.data = kept.data & ~items[kept.indices]
    kept.eliminate_zeros()
    return kept


def blind_parts(
    described: Described, user_items: CSR, hyperparameters: Hyperparameters, tower: Scores
) -> dict[str, SimilarityComponent]:
    """The parts that rank items without events, as ``user_items`` (CSR[U, I]) make them.

    Args:
        described: all items.
        likes: what the mapped parts are mapped to.
        hyperparameters: to what, and how each weighs a history.
        tower: float32[I, d], text tower taught without the events of what plays cold.
    """
    known = np.ones(user_items.shape[1], dtype=np.bool_)
    return {
        name: SimilarityComponent(hyperparameters.attention.get(name, Recency()), kernel)
        for name, kernel in described.engaged(user_items)
        .kernels(hyperparameters.targets, tower, known)
        .items()
    }


def blind_scores(
    parts: Mapping[str, SimilarityComponent], warm: Bools, cold: Bools, histories: Sequence[History]
) -> dict[str, Scores]:
    """Part → float32[U, C], scores of the items in ``cold`` over their spread on those in ``warm``.

    Args:
        parts: of :func:`blind_parts`.
        warm, cold: bool[I].
        histories: of U people.
    """
    found = {}
    for name, part in parts.items():
        scores = part.score(histories)
        found[name] = scores[:, cold] * spread(scores, warm)[:, None]
    return found


def scaled(
    model: HybridModel,
    blind: Mapping[str, SimilarityComponent],
    cold: Bools,
    training: Interactions,
    newest: int,
    directions: Mapping[str, Mapping[str, float]],
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Person segment → part → weight; empty where nobody's history says anything.

    Args:
        model: the model whose scores are predicted.
        blind: parts made without the events of ``cold``.
        cold: bool[I], items that play cold.
        training: everybody's events.
        newest: events of a person that are attended to.
        directions: weights relative to one another; without them least squares decides all.
        rng: picks at most 500 people.
    """
    everybody = training.select(~cold[training.items]).histories(newest)
    telling = [history for history in everybody if len(history.likes) >= FEW_LIKES]
    telling = telling or [history for history in everybody if len(history.likes)]
    wanted = cold & model.warm
    if not telling or not wanted.any():
        return {}
    chosen = [
        telling[k] for k in rng.choice(len(telling), min(len(telling), PEOPLE), replace=False)
    ]
    weights = {}
    for who, most in ((KNOWN, None), (NEW, FEW_LIKES - 2)):
        people = chosen if most is None else [history.newest(most) for history in chosen]
        score = model.score(people)[:, wanted]
        visible = blind_scores(blind, model.warm & ~cold, wanted, people)
        direction = directions.get(who, {})
        if any(direction.values()):
            sums = (direction.get(name, 0.0) * scores for name, scores in visible.items())
            total = sum(sums, np.zeros_like(score))
            scale = predict_from({"all": total}, score)["all"]
            weights[who] = {name: scale * weight for name, weight in direction.items()}
        else:
            weights[who] = predict_from(visible, score)
    return weights


def predict_from(parts: dict[str, Scores], score: Scores) -> dict[str, float]:
    """Weights ≥ 0 with which ``parts`` best predict ``score`` in the least-squares sense."""
    names = list(parts)
    if not names:
        return {}
    design = np.stack([parts[name].reshape(-1).astype(np.float64) for name in names], axis=1)
    # The normal equations are small however many pairs there are.
    gram, moment = design.T @ design, design.T @ score.reshape(-1).astype(np.float64)
    gram[np.diag_indices_from(gram)] += 1e-6 * max(float(np.trace(gram)), 1e-12)
    root = np.linalg.cholesky(gram).T
    weights, _ = nnls(root, np.linalg.solve(root.T, moment))
    return dict(zip(names, weights.tolist(), strict=True))
