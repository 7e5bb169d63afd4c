"""Exploration: now and then an item of which the blend is unsure, with a chance that is known.

New items may have places of their own besides, the last ones of a list.

Slot by slot (ε-greedy, Sutton & Barto 2018, sec. 2.2): with probability 1 − ε the best item left,
and else one of the pool, drawn by how much the parts of the blend disagree about it. So

    π(i at a slot | what stands above) = (1 − ε) [i is the best left] + ε doubtᵢ / Σ doubt

is exact, and what is learned from the answers can be weighed by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.models.kernels import Scores

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


def with_new_items(listed: Drawn, scores: Scores, new: Bools, slots: int, share: float) -> Drawn:
    """``listed`` with the best new items at its end, where it has fewer of them.

    Args:
        listed: of :func:`drawn`.
        scores: float32[I]; what is not finite is never listed.
        new: bool[I], items without any event when the model was fitted.
        slots: n.
        share: of the places that are for new items, rounded down, if there are so many.
    """
    places = int(share * slots)
    there = sum(bool(new[item]) for item in listed.items)
    others = np.flatnonzero(new & np.isfinite(scores) & ~np.isin(np.arange(len(new)), listed.items))
    chosen = others[np.argsort(-scores[others], kind="stable")][: max(places - there, 0)].tolist()
    if not chosen:
        return listed
    kept = [row for row, item in enumerate(listed.items) if not new[item]]
    given_up = set(kept[len(kept) - max(len(listed.items) + len(chosen) - slots, 0) :])
    rows = [row for row in range(len(listed.items)) if row not in given_up]
    return Drawn(
        [*(listed.items[row] for row in rows), *chosen],
        [*(listed.propensities[row] for row in rows), *[1.0] * len(chosen)],
        [*(listed.best[row] for row in rows), *[True] * len(chosen)],
    )
