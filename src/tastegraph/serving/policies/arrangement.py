"""Puts scored items in order where limits, diversity or tiers bear on it, one place at a time.

At each place the eligible item of the greatest value stands, or, with the probability of
exploration, one drawn by how much the components disagree about it. With a diversity of d

    value(i) = (1 − d) · relevance(i) − d · max over items j above of similarity(i, j),

relevance being the score, scaled to [0, 1] over the pool (maximal marginal relevance, Carbonell &
Goldstein 1998). Items of an earlier tier stand above those of a later one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.models.kernels import Scores
from tastegraph.serving.lists.exploration import POOL_PER_PLACE, DrawnList

Groups = Sequence[Sequence[tuple[int, Hashable]]]
"""Of each item, the limits that it counts for, each with the value by which it does."""


@dataclass(frozen=True)
class Pool:
    """The items that a list is arranged of.

    Attributes:
        scores: float32[C]; an item whose score is not finite is never listed.
        tiers: int64[C], 0 for items that meet everything.
        disagreement: float32[C] ≥ 0.
        new: bool[C], items without any event.
        groups: of each item, the limits it counts for.
        limits: how many items of one value each limit admits.
        similarity: function of an item's place in the pool to float[C] in [0, 1], its similarity
            to each item.
    """

    scores: Scores
    tiers: NDArray[np.int64]
    disagreement: Scores
    new: Bools
    groups: Groups
    limits: Sequence[int]
    similarity: Callable[[int], NDArray[np.floating]]


@dataclass(frozen=True)
class Shares:
    """Shares in [0, 1].

    Attributes:
        explore: of the places, for items that the model is unsure of.
        new_items: of the places, the last ones, for items without any event.
        diversity: of the value of an item, that it is unlike those above it.
    """

    explore: float = 0.0
    new_items: float = 0.0
    diversity: float = 0.0


def arranged(pool: Pool, places: int, shares: Shares, rng: np.random.Generator) -> DrawnList:
    """``places`` items of a pool, or as many as the limits admit."""
    draw = DrawnList([], [], [])
    eligible = np.isfinite(pool.scores)
    relevance = pool.scores.astype(np.float64)
    if shares.diversity > 0:
        relevance = _scaled(relevance, eligible)
    nearest = np.zeros(len(pool.scores))
    counts: dict[tuple[int, Hashable], int] = {}
    reserved = int(shares.new_items * places)
    while len(draw.items) < places and eligible.any():
        candidates = np.flatnonzero(eligible)
        missing = reserved - int(pool.new[draw.items].sum())
        if missing >= places - len(draw.items) and pool.new[candidates].any():
            candidates = candidates[pool.new[candidates]]
        tiers = pool.tiers[candidates]
        candidates = candidates[tiers == tiers.min()]
        values = (1 - shares.diversity) * relevance[candidates]
        values -= shares.diversity * nearest[candidates]
        item = _drawn(candidates, values, pool, places, shares.explore, rng, draw)
        eligible[item] = False
        if shares.diversity > 0:
            np.maximum(nearest, pool.similarity(item), out=nearest)
        for group in pool.groups[item] if pool.limits else ():
            counts[group] = counts.get(group, 0) + 1
            if counts[group] >= pool.limits[group[0]]:
                _close(eligible, pool.groups, group)
    return draw


def _drawn(
    candidates: NDArray[np.int64],
    values: NDArray[np.float64],
    pool: Pool,
    places: int,
    share: float,
    rng: np.random.Generator,
    draw: DrawnList,
) -> int:
    """The item at the next place, which is noted in ``draw``."""
    if share <= 0:
        position, propensity = int(values.argmax()), 1.0
    else:
        order = np.argsort(-values, kind="stable")[: POOL_PER_PLACE * places]
        weights = np.asarray(pool.disagreement[candidates[order]], dtype=np.float64)
        total = weights.sum()
        chances = weights / total if total > 0 else np.full(len(order), 1 / len(order))
        rank = int(rng.choice(len(order), p=chances)) if rng.random() < share else 0
        propensity = float((1 - share) * (rank == 0) + share * chances[rank])
        position = int(order[rank])
        draw.best.append(rank == 0)
    if share <= 0:
        draw.best.append(True)
    item = int(candidates[position])
    draw.items.append(item)
    draw.propensities.append(propensity)
    return item


def _scaled(scores: NDArray[np.float64], eligible: Bools) -> NDArray[np.float64]:
    """float64[C]: the scores, scaled to [0, 1] over the eligible items."""
    if not eligible.any():
        return scores
    low, high = scores[eligible].min(), scores[eligible].max()
    return np.where(eligible, (scores - low) / (high - low if high > low else 1.0), 0.0)


def _close(eligible: Bools, groups: Groups, group: tuple[int, Hashable]) -> None:
    """Items of a group of which a list has enough are eligible no more."""
    for item in np.flatnonzero(eligible).tolist():
        if group in groups[item]:
            eligible[item] = False


def with_pins(draw: DrawnList, pins: Mapping[int, int], places: int) -> DrawnList:
    """``draw`` with items at places of their own: place, from 1, → item; the others move on.

    A pin beyond the end of the list stands at its end.
    """
    entries = [
        entry
        for entry in zip(draw.items, draw.propensities, draw.best, strict=True)
        if entry[0] not in pins.values()
    ]
    for place, item in sorted(pins.items()):
        entries.insert(min(place - 1, len(entries)), (item, 1.0, False))
    entries = entries[:places]
    return DrawnList(*([entry[k] for entry in entries] for k in range(3)))  # type: ignore[arg-type]
