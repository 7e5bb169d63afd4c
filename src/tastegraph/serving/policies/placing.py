"""From the rules of a list to its places: scores are asked for until the list is full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.core.top_k import best_rows
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import Quota, Ranked
from tastegraph.serving.lists.exploration import POOL_PER_PLACE, DrawnList
from tastegraph.serving.policies.arrangement import Pool, Shares, arranged, with_pins
from tastegraph.serving.policies.rules import ListRules
from tastegraph.serving.policies.similarity import similarity_in_pool
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot

GROWTH = 8
"""How many times more items are scored where limits leave a list too short."""
Scorer = Callable[[Sequence[Quota]], tuple[Ranked, Scores]]
"""Scores the best items of some quotas: what the model says of them, and float32[C], their scores
with all that is added before a policy."""


@dataclass(frozen=True)
class Places:
    """A list by the rules.

    Attributes:
        ranked: what the model says of the scored items.
        unboosted: float32[C], their scores before boosts, and
        scores: after them.
        draw: places in ``ranked.items``, from the first of the list down.
        pinned: rows of the items that stand at places of their own.
        relaxed: what gave way.
    """

    ranked: Ranked
    unboosted: Scores
    scores: Scores
    draw: DrawnList
    pinned: frozenset[int]
    relaxed: tuple[str, ...]


def placed(
    snapshot: ServingSnapshot,
    score: Scorer,
    listable: Bools,
    pinnable: Bools,
    rules: ListRules,
    n: int,
    shares: Shares,
    seed: int,
) -> Places:
    """The list of a user by the rules.

    Args:
        snapshot: whose items are listed.
        score: scores items for the user.
        listable: bool[I], items that may be listed, without what the user has seen.
        pinnable: bool[I], items that may be pinned: with what the user has seen.
        rules: of the list.
        n: number of places.
        shares: of exploration, new items, and diversity.
        seed: of the exploration.
    """
    masks = [listable if t.mask is None else listable & t.mask for t in rules.tiers]
    pins = {place: row for place, row in rules.pins.items() if pinnable[row]}
    limits = rules.limits
    size = n * (POOL_PER_PLACE if shares.explore > 0 or shares.diversity > 0 or limits else 1)
    total = int(masks[-1].sum())
    ranked: Ranked | None = None
    while True:
        if ranked is None or len(ranked.items) < len(listable):
            ranked, unboosted = score(_quotas(snapshot, rules, masks, pins.values(), size, shares))
            scores = rules.boosted(unboosted, ranked.items)
        best = _best(snapshot, ranked, scores, masks, size, shares)
        pool = _pool(snapshot, rules, ranked, scores, masks, best, shares)
        draw = arranged(pool, n, shares, np.random.default_rng(seed))
        if len(draw.items) >= min(n, total) or len(best) == total:
            break
        size *= GROWTH
    relaxed = rules.tiers[int(pool.tiers[draw.items].max(initial=0))].relaxed
    if len(draw.items) < n and "max_per" in rules.policy.relax and limits:
        unlimited = arranged(replace(pool, limits=()), n, shares, np.random.default_rng(seed))
        if len(unlimited.items) > len(draw.items):
            draw = _filled(draw, unlimited, n)
            relaxed = (*relaxed, "max_per")
    draw = replace(draw, items=best[draw.items].tolist())
    if pins:
        draw = with_pins(draw, {place: ranked.place(row) for place, row in pins.items()}, n)
    listed = set(ranked.items[draw.items].tolist())
    return Places(ranked, unboosted, scores, draw, frozenset(pins.values()) & listed, relaxed)


def _quotas(
    snapshot: ServingSnapshot,
    rules: ListRules,
    masks: Sequence[Bools],
    pins: Collection[int],
    size: int,
    shares: Shares,
) -> list[Quota]:
    """Items that must be scored: the best of each tier, boosted ones among them, and pins."""
    quotas = [Quota(mask, size) for mask in masks]
    for pattern in rules.patterns():
        quotas += [Quota(mask & pattern, size) for mask in masks]
    if shares.new_items > 0 and len(snapshot.model.new):
        quotas += [Quota(mask & snapshot.model.new, size) for mask in masks]
    if pins:
        pinned = np.zeros(snapshot.model.n_items, dtype=np.bool_)
        pinned[list(pins)] = True
        quotas.append(Quota(pinned, len(pins)))
    return quotas


def _best(
    snapshot: ServingSnapshot,
    ranked: Ranked,
    scores: Scores,
    masks: Sequence[Bools],
    size: int,
    shares: Shares,
) -> NDArray[np.int64]:
    """int64[B], ascending: places in ``ranked.items`` of the best of each tier, new ones too."""
    items = ranked.items
    groups = [mask[items] for mask in masks]
    if shares.new_items > 0 and len(snapshot.model.new):
        groups += [group & snapshot.model.new[items] for group in groups]
    best = [best_rows(np.where(group, scores, -np.inf), size) for group in groups]
    return np.unique(np.concatenate(best))


def _pool(
    snapshot: ServingSnapshot,
    rules: ListRules,
    ranked: Ranked,
    scores: Scores,
    masks: Sequence[Bools],
    best: NDArray[np.int64],
    shares: Shares,
) -> Pool:
    """The items at the places ``best`` of ``ranked.items``."""
    items = ranked.items[best]
    tiers = np.full(len(items), len(masks), dtype=np.int64)
    for number in reversed(range(len(masks))):
        tiers[masks[number][items]] = number
    admitted = scores[best].astype(np.float32)
    new = snapshot.model.new  # empty where that is not known
    similarity: Callable[[int], NDArray[np.floating]] = no_similarity
    if shares.diversity > 0:
        similarity = similarity_in_pool(items, snapshot.associations, snapshot.texts)
    return Pool(
        scores=admitted,
        tiers=tiers,
        disagreement=ranked.disagreement()[best] if shares.explore > 0 else admitted,
        new=new[items] if len(new) else np.zeros(len(items), dtype=np.bool_),
        groups=rules.groups(items) if rules.limits else (),
        limits=rules.limits,
        similarity=similarity,
    )


def no_similarity(place: int) -> Scores:
    """Items are not compared."""
    return np.zeros(1, dtype=np.float32)


def _filled(draw: DrawnList, more: DrawnList, n: int) -> DrawnList:
    """``draw``, and behind it items of ``more`` that it lacks."""
    entries = [*zip(draw.items, draw.propensities, draw.best, strict=True)]
    listed = set(draw.items)
    others = zip(more.items, more.propensities, more.best, strict=True)
    entries += [entry for entry in others if entry[0] not in listed]
    return DrawnList(*([entry[k] for entry in entries[:n]] for k in range(3)))  # type: ignore[arg-type]
