"""What chips do to a list: which items may be in it, and exact terms of their scores.

*only* and *never* say which items may be listed. *more* and *less* add to an item's score

    ± strength · (BASE + RARE · specificity) · match · spread

The spread is that of the user's scores: how far the tenth best of all items stands above the mean.
(Their standard deviation says little: the best stand 4 of them above the mean for one user, 10 for
another.) So a wish weighs the same for everybody. The match in [-1, 1] is 1 for an item that a fact
ties to what is asked for, and the specificity in [0, 1] is that of
:mod:`~tastegraph.profiles.association`: what few items have must rise farther to be seen. So the
share of a wish in a score is exact, like that of every other reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import Quota, Ranked
from tastegraph.profiles.interactions import History
from tastegraph.serving.wishes.chips import Chip
from tastegraph.serving.wishes.graph import WishGraph

BASE, RARE = 1.0, 1.0
"""Spreads of the scores that a wish of strength 1 adds: to what everything has, and for rarity."""
TREND = 1.25
"""Spreads that a wish for higher or lower values adds at the highest or lowest."""
SIMILAR = 1.5
"""Spreads that a wish for items like another adds to the most similar one."""
SPREAD_SAMPLE = 256
"""Items, evenly spaced, whose scores tell the mean of a user's scores."""
MAX_REFERENCE_PLACE, REFERENCE_SHARE = 10, 20
"""How far the best items stand above the mean tells the score at this place, or at that of one in
so many items where these are few."""
MAX_LEVELS = 8
"""Items are ranked apart by how much wishes add to them, in so many groups."""
PLACES_OF_GROUP = 3
"""A group of items that wishes add different amounts to is ranked so many times as deep."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class WishTerm:
    """What one chip adds to scores.

    Attributes:
        chip: the wish.
        rows: int64[n], items, ascending.
        values: float32[n], what it adds to each, in spreads of the user's scores.
    """

    chip: Chip
    rows: Rows
    values: Scores

    def at(self, item: int) -> float:
        """What it adds to one item."""
        place = int(np.searchsorted(self.rows, item))
        is_there = place < len(self.rows) and self.rows[place] == item
        return float(self.values[place]) if is_there else 0.0


@dataclass(frozen=True)
class WishEffects:
    """What all chips of a request do.

    Attributes:
        terms: one for each chip that changes scores.
        mask: bool[I], the items that may be listed; ``None`` for all.
        n_items: I.
    """

    terms: tuple[WishTerm, ...]
    mask: Bools | None
    n_items: int

    @cached_property
    def total(self) -> Scores:
        """float32[I], the sum of all terms, in spreads."""
        total = np.zeros(self.n_items, dtype=np.float32)
        for term in self.terms:
            total[term.rows] += term.values
        return total

    def quotas(self, listable: Bools, size: int) -> list[Quota]:
        """Which items must be ranked so that the best ones by score and wishes are among them.

        Items that wishes add the same to are ranked among themselves, so the best of each level
        are exact; values that differ from item to item are taken together in :data:`MAX_LEVELS`
        groups. A sample and the best of all items come with them, which tell the spread.
        """
        sample = np.zeros(self.n_items, dtype=np.bool_)
        sample[_sample(self.n_items)] = True
        quotas = [Quota(sample, SPREAD_SAMPLE), Quota(None, _reference(self.n_items))]
        levels = np.unique(self.total[listable])
        if len(levels) > MAX_LEVELS:
            levels = np.unique(np.quantile(levels, np.linspace(0, 1, MAX_LEVELS + 1)[:-1]))
            size *= PLACES_OF_GROUP
        for low, high in zip(levels, [*levels[1:], np.inf], strict=True):
            quotas.append(Quota(listable & (self.total >= low) & (self.total < high), size))
        return quotas

    def shares(self, ranked: Ranked, item: int) -> list[tuple[Chip, float]]:
        """What each chip adds to the score of one item, where it adds anything."""
        spread = spread_of(ranked, self.n_items)
        shares = ((term.chip, spread * term.at(item)) for term in self.terms)
        return [(chip, share) for chip, share in shares if share]

    def added(self, ranked: Ranked) -> Scores:
        """float32[C], what the wishes add to the scores of the items that are ranked."""
        return self.total[ranked.items] * np.float32(spread_of(ranked, self.n_items))


def spread_of(ranked: Ranked, n_items: int) -> float:
    """How far a user's tenth best score is above the mean of a sample; 1 where it is not."""
    scores = ranked.scores[np.isfinite(ranked.scores)]
    places = np.searchsorted(ranked.items, _sample(n_items))
    sampled = ranked.scores[places[places < len(ranked.items)]]
    sampled = sampled[np.isfinite(sampled)]
    if not len(sampled):
        return 1.0
    place = min(_reference(n_items), len(scores))
    reference = np.partition(scores, len(scores) - place)[len(scores) - place]
    spread = float(reference) - float(sampled.mean())
    return spread if spread > 0 else 1.0


def wish_effects(graph: WishGraph, chips: Sequence[Chip], history: History) -> WishEffects:
    """What ``chips`` do for a user with this history."""
    applied = [chip for chip in chips if chip.is_applied]
    terms = wish_terms(graph, applied, history)
    return WishEffects(tuple(terms), wish_mask(graph, applied), graph.n_items)


def wish_terms(graph: WishGraph, chips: Sequence[Chip], history: History) -> list[WishTerm]:
    """The terms of the chips with the directions *more* and *less*."""
    terms = []
    for chip in chips:
        if chip.direction not in ("more", "less"):
            continue
        sign = 1.0 if chip.direction == "more" else -1.0
        rows, values = _matches(graph, chip, history)
        scaled = (sign * chip.strength * values).astype(np.float32)
        terms.append(WishTerm(chip, rows[scaled != 0], scaled[scaled != 0]))
    return terms


def wish_mask(graph: WishGraph, chips: Sequence[Chip]) -> Bools | None:
    """bool[I], the items that *only* and *never* leave; ``None`` where there is neither.

    Several *only* of one relation leave what fits any of them, of different relations what fits
    all; items that others should be like are left out themselves.
    """
    mask: Bools | None = None
    allowed: dict[str, Bools] = {}
    for chip in chips:
        if chip.direction == "only":
            group = f"{chip.kind}:{chip.relation}"
            allowed[group] = allowed.get(group, np.False_) | graph.fitting(chip)
        elif chip.direction == "never":
            mask = _and(mask, ~graph.fitting(chip))
        elif chip.kind == "similar":
            mask = _and(mask, ~graph.itself(chip))
    for fitting in allowed.values():
        mask = _and(mask, fitting)
    return mask


def _and(mask: Bools | None, other: Bools) -> Bools:
    return other if mask is None else mask & other


def _matches(graph: WishGraph, chip: Chip, history: History) -> tuple[Rows, NDArray[np.float64]]:
    """Rows that a chip speaks of, and how much in spreads a wish for it adds to each."""
    everything = np.arange(graph.n_items)
    weighted: dict[str, Callable[[], NDArray[np.float64]]] = {
        "trend": lambda: TREND * graph.trend(chip),
        "popularity": lambda: TREND * graph.popularity(chip),
        "novelty": lambda: TREND * graph.novelty(history),
        "similar": lambda: SIMILAR * graph.similarity(chip),
    }
    if chip.kind in weighted:
        return everything, weighted[chip.kind]()
    rows = np.flatnonzero(graph.fitting(chip))
    rarity = np.log((1 + graph.n_items) / (1 + len(rows))) / np.log(1 + max(graph.n_items, 1))
    return rows, np.full(len(rows), BASE + RARE * rarity)


def _reference(n_items: int) -> int:
    return min(max(n_items // REFERENCE_SHARE, 1), MAX_REFERENCE_PLACE)


def _sample(n_items: int) -> Rows:
    return np.unique(np.linspace(0, max(n_items - 1, 0), SPREAD_SAMPLE).astype(np.int64))
