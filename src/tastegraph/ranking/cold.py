"""How to rank an item without events among those that have some.

A share of the warm items is treated as if it were cold, and the score that each person gives them
is predicted from the evidence that is left, by least squares. So a cold item's score is what its
score would be expected to be, no more: where the evidence says little, it shrinks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from tastegraph.profiles.interactions import History
from tastegraph.ranking.kernels import FactorKernel, Scores
from tastegraph.ranking.model import BEHAVIOUR, FEW_LIKES, KNOWN, NETWORK, NEW, Model, Part

COLD_SHARE = 0.2
PEOPLE = 500


def cold_sample(warm: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """A fifth of the warm items, int64[C], ascending."""
    items = np.flatnonzero(warm)
    return np.sort(rng.choice(items, int(np.ceil(COLD_SHARE * len(items))), replace=False))


def cold_weights(
    model: Model,
    blind: FactorKernel,
    cold: NDArray[np.int64],
    histories: Sequence[History],
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Person segment → part → weight; empty where nobody's history says anything.

    Args:
        model: the model whose scores are predicted.
        blind: the network's kernel, computed without the events of ``cold``.
        cold: int64[C], warm items that play cold.
        histories: everybody's.
        rng: picks at most 500 people.
    """
    telling = [history for history in histories if len(history.likes) >= FEW_LIKES]
    telling = telling or [history for history in histories if len(history.likes)]
    if not telling or not len(cold):
        return {}
    chosen = rng.choice(len(telling), min(len(telling), PEOPLE), replace=False)
    weights = {}
    for who, newest in ((KNOWN, None), (NEW, FEW_LIKES - 2)):
        people = [telling[k] if newest is None else telling[k].newest(newest) for k in chosen]
        visible: dict[str, Scores] = {}
        for name, part in model.parts.items():
            if name == BEHAVIOUR:
                continue
            spread = model.spread(part.scores(people))[:, None]
            seen = part
            if name == NETWORK and isinstance(part.kernel, FactorKernel):
                seen = Part(part.attention, FactorKernel(part.kernel.left, blind.right))
            visible[name] = seen.scores(people)[:, cold] * spread
        weights[who] = predict_from(visible, model.scores(people)[:, cold])
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
