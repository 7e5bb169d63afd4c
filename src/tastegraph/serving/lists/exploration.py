"""Exploration: some places of a list go to items the blend is unsure of, with known chances.

New items may have places of their own besides, the last ones of a list.

Place by place (ε-greedy, Sutton & Barto 2018, sec. 2.2): with probability 1 − ε the best item left,
and else one of the pool, drawn by how much the components of the blend disagree about it. So

    π(i at a place | the items above) = (1 − ε) [i is the best left] + ε dᵢ / Σ d

with dᵢ the disagreement about item i is exact, and events on the list can be weighted by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.core.top_k import best_first
from tastegraph.models.kernels import Scores

POOL_PER_PLACE = 10
"""The pool holds so many of the best items for each place."""


@dataclass(frozen=True)
class DrawnList:
    """A list, best place first.

    Attributes:
        items: at each place, as the position of its score.
        propensities: the chance of each item to stand where it stands.
        best: whether each item was the best that was left.
    """

    items: list[int]
    propensities: list[float]
    best: list[bool]


def draw_list(
    scores: Scores, disagreement: Scores, places: int, share: float, rng: np.random.Generator
) -> DrawnList:
    """``places`` items, or as many as there are.

    Args:
        scores: float32[I]; an item whose score is not finite is never listed.
        disagreement: float32[I] ≥ 0, of the components about each item.
        places: n.
        share: ε in [0, 1].
        rng: draws.
    """
    if share <= 0:
        best = best_first(scores, places).tolist()
        return DrawnList(best, [1.0] * len(best), [True] * len(best))
    pool = best_first(scores, POOL_PER_PLACE * places).tolist()
    draw = DrawnList([], [], [])
    while pool and len(draw.items) < places:
        weights = np.asarray(disagreement[pool], dtype=np.float64)
        total = weights.sum()
        chances = weights / total if total > 0 else np.full(len(pool), 1 / len(pool))
        position = int(rng.choice(len(pool), p=chances)) if rng.random() < share else 0
        propensity = (1 - share) * (position == 0) + share * chances[position]
        draw.propensities.append(float(propensity))
        draw.best.append(position == 0)
        draw.items.append(pool.pop(position))
    return draw


def with_new_items(
    draw: DrawnList, scores: Scores, new: Bools, places: int, share: float
) -> DrawnList:
    """``draw`` with the best new items at its end, where it has fewer of them.

    Args:
        draw: of :func:`draw_list`.
        scores: float32[I]; an item whose score is not finite is never listed.
        new: bool[I], items without any event when the model was fitted.
        places: n.
        share: of the places that are for new items, rounded down, if there are so many.
    """
    missing = int(share * places) - sum(bool(new[item]) for item in draw.items)
    others = np.flatnonzero(new & np.isfinite(scores) & ~np.isin(np.arange(len(new)), draw.items))
    additions = others[np.argsort(-scores[others], kind="stable")][: max(missing, 0)].tolist()
    if not additions:
        return draw
    known_rows = [row for row, item in enumerate(draw.items) if not new[item]]
    surplus = max(len(draw.items) + len(additions) - places, 0)
    surplus_rows = set(known_rows[len(known_rows) - surplus :])
    rows = [row for row in range(len(draw.items)) if row not in surplus_rows]
    return DrawnList(
        [*(draw.items[row] for row in rows), *additions],
        [*(draw.propensities[row] for row in rows), *[1.0] * len(additions)],
        [*(draw.best[row] for row in rows), *[True] * len(additions)],
    )
