"""Exploration: now and then an item of which the blend is unsure, with a chance that is known.

Slot by slot (ε-greedy, Sutton & Barto 2018, sec. 2.2): with probability 1 − ε the best item left,
and else one of the pool, drawn by how much the parts of the blend disagree about it. So

    π(i at a slot | what stands above) = (1 − ε) [i is the best left] + ε doubtᵢ / Σ doubt

is exact, and what is learned from the answers can be weighed by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tastegraph.ranking.kernels import Scores

POOL = 10
"""So many items for each slot are in the pool: the best ones."""


@dataclass(frozen=True)
class Drawn:
    """A list, best slot first.

    Attributes:
        items: what stands there.
        propensities: the chance of each to stand where it stands.
        best: whether each was the best that was left.
    """

    items: list[int]
    propensities: list[float]
    best: list[bool]


def drawn(
    scores: Scores, doubt: Scores, slots: int, share: float, rng: np.random.Generator
) -> Drawn:
    """``slots`` items, or as many as there are.

    Args:
        scores: float32[I]; what is not finite is never listed.
        doubt: float32[I] ≥ 0.
        slots: n.
        share: ε in [0, 1].
        rng: draws.
    """
    order = np.argsort(-scores, kind="stable")
    order = order[np.isfinite(scores[order])]
    if share <= 0:
        best = order[: max(slots, 0)].tolist()
        return Drawn(best, [1.0] * len(best), [True] * len(best))
    pool = order[: POOL * max(slots, 0)].tolist()
    found = Drawn([], [], [])
    while pool and len(found.items) < slots:
        weights = np.asarray(doubt[pool], dtype=np.float64)
        total = weights.sum()
        chances = weights / total if total > 0 else np.full(len(pool), 1 / len(pool))
        at = int(rng.choice(len(pool), p=chances)) if rng.random() < share else 0
        found.propensities.append(float((1 - share) * (at == 0) + share * chances[at]))
        found.best.append(at == 0)
        found.items.append(pool.pop(at))
    return found
