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
from scipy.optimize import nnls

from tastegraph.arrays import CSR, Bools
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.ranking.kernels import Scores
from tastegraph.ranking.model import FEW_LIKES, KNOWN, NEW, SEES_COLD, Model

COLD_EVERY = 5
PEOPLE = 500


def playing_cold(item_ids: Sequence[str], seed: int) -> Bools:
    """bool[I]: a fifth of all items, the same ones whatever happens to the others.

    The language model is not taught by their events either: what its vectors are worth on new
    items can be seen on them.
    """
    digests = (sha256(f"{seed}:{item_id}".encode("utf-8", "replace")) for item_id in item_ids)
    return np.array([d.digest()[0] % COLD_EVERY == 0 for d in digests], dtype=np.bool_)


def without_items(likes: CSR, items: Bools) -> CSR:
    """``likes`` (CSR[U, I]) without the columns where ``items`` (bool[I]) holds."""
    kept = likes.copy()
    kept.data = kept.data & ~items[kept.indices]
    kept.eliminate_zeros()
    return kept


def scaled(
    model: Model,
    blind: Model,
    cold: Bools,
    training: Interactions,
    newest: int,
    directions: Mapping[str, Mapping[str, float]],
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Person segment → part → weight; empty where nobody's history says anything.

    Args:
        model: the model whose scores are predicted.
        blind: the same, made without the events of ``cold``.
        cold: bool[I], items that play cold.
        training: everybody's events.
        newest: events of a person that are attended to.
        directions: weights relative to one another; without them least squares decides all.
        rng: picks at most 500 people.
    """
    everybody = training.select(~cold[training.items]).histories(newest)
    telling = [history for history in everybody if len(history.likes) >= FEW_LIKES]
    telling = telling or [history for history in everybody if len(history.likes)]
    wanted = np.flatnonzero(cold & model.warm)
    if not telling or not len(wanted):
        return {}
    chosen = [
        telling[k] for k in rng.choice(len(telling), min(len(telling), PEOPLE), replace=False)
    ]
    weights = {}
    for who, most in ((KNOWN, None), (NEW, FEW_LIKES - 2)):
        people = chosen if most is None else [history.newest(most) for history in chosen]
        score = model.scores(people)[:, wanted]
        visible = {name: s[:, wanted] for name, s in blind_scores(blind, people).items()}
        direction = directions.get(who, {})
        if any(direction.values()):
            sums = (direction.get(name, 0.0) * scores for name, scores in visible.items())
            total = sum(sums, np.zeros_like(score))
            scale = predict_from({"all": total}, score)["all"]
            weights[who] = {name: scale * weight for name, weight in direction.items()}
        else:
            weights[who] = predict_from(visible, score)
    return weights


def blind_scores(blind: Model, histories: Sequence[History]) -> dict[str, Scores]:
    """Part → standardised scores, float32[U, I], of all parts that see items without events."""
    found = {}
    for name in SEES_COLD:
        if name in blind.parts:
            scores = blind.parts[name].scores(histories)
            found[name] = scores * blind.spread(scores)[:, None]
    return found


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
