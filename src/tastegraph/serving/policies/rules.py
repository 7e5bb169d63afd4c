"""A policy on the items of a snapshot: who may be listed, in which tier, boosted, limited."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.core.config import Boost
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.explain.worded import WordedReason
from tastegraph.filters.current import CurrentFields
from tastegraph.models.kernels import Scores
from tastegraph.serving.answers import FilterReport
from tastegraph.serving.policies.policy import ListPolicy

WordedReasons = tuple[WordedReason, ...]


@dataclass(frozen=True)
class Tier:
    """Items that may be listed where there are too few of the tiers before.

    Attributes:
        relaxed: what gave way for them.
        mask: bool[I]; ``None`` for all items.
    """

    relaxed: tuple[str, ...]
    mask: Bools | None

    def admitting(self, item: int) -> Tier:
        """The same, with one item."""
        if self.mask is None:
            return self
        mask = self.mask.copy()
        mask[item] = True
        return replace(self, mask=mask)


@dataclass(frozen=True)
class ListRules:
    """A policy on the items of a snapshot.

    Attributes:
        policy: the policy.
        fields: what limits look at.
        tiers: the first has the items that meet everything.
        boosts: each with the items it is about.
        pins: place → row of the items that have one, if they may be listed.
        report: on the filter of the request.
        exempt: row of an item that limits do not count; -1 for none.
    """

    policy: ListPolicy
    fields: CurrentFields
    tiers: Sequence[Tier]
    boosts: Sequence[tuple[Boost, Bools]]
    pins: Mapping[int, int]
    report: FilterReport | None
    exempt: int = -1

    def admitting(self, item: int) -> ListRules:
        """The same, where one item may be listed whatever the rules say of it."""
        return replace(self, tiers=[tier.admitting(item) for tier in self.tiers], exempt=item)

    def boosted(self, scores: Scores, items: NDArray[np.int64]) -> Scores:
        """float32[C]: scores of ``items`` (int64[C]) after all boosts, one after another."""
        for boost, mask in self.boosts:
            scores = np.where(mask[items], _boosted(scores, boost), scores)
        return scores.astype(np.float32)

    def shares(self, score: float, item: int) -> list[tuple[Boost, float]]:
        """The boosts of an item, each with what it adds to its score."""
        shares = []
        for boost, mask in self.boosts:
            if mask[item]:
                after = float(_boosted(np.array([score]), boost)[0])
                shares.append((boost, after - score))
                score = after
        return shares

    def groups(self, items: NDArray[np.int64]) -> list[list[tuple[int, Hashable]]]:
        """Of each item, the limits that it counts for: number of the limit, and value."""
        groups: list[list[tuple[int, Hashable]]] = [[] for _ in items]
        for number, name in enumerate(self.policy.max_per):
            for group, values in zip(groups, self.fields.values_of(name, items), strict=True):
                group += [(number, value) for value in values]
        return [
            [] if item == self.exempt else group
            for item, group in zip(items.tolist(), groups, strict=True)
        ]

    def patterns(self) -> list[Bools]:
        """Groups of items that the same boosts are about, bool[I] each; none without boosts.

        Within a group, boosts leave the order of scores as it is.
        """
        if not self.boosts:
            return []
        number = np.zeros(len(self.boosts[0][1]), dtype=np.int64)
        for place, (_, mask) in enumerate(self.boosts):
            number |= mask.astype(np.int64) << place
        return [number == pattern for pattern in np.unique(number).tolist()]

    @property
    def limits(self) -> list[int]:
        """How many items of one value each limit admits."""
        return list(self.policy.max_per.values())


def tiers_of(required: Bools | None, parts: Mapping[str, Bools], policy: ListPolicy) -> list[Tier]:
    """The strict tier, and one for each thing that may give way, in the order of ``relax``."""
    relaxed: tuple[str, ...] = ()
    tiers = [Tier((), _all_of(required, parts.values()))]
    for name in policy.relax:
        if name in parts and name not in relaxed:
            relaxed = (*relaxed, name)
            left = [mask for part, mask in parts.items() if part not in relaxed]
            tiers.append(Tier(relaxed, _all_of(required, left)))
    return tiers


def _all_of(required: Bools | None, masks: Iterable[Bools]) -> Bools | None:
    mask = required
    for part in masks:
        mask = part if mask is None else mask & part
    return mask


def _boosted(scores: NDArray[np.floating], boost: Boost) -> NDArray[np.floating]:
    return np.where(scores > 0, scores * boost.factor, scores / boost.factor) + boost.add


def boost_reasons(rules: ListRules, score: float, item: int, language: Language) -> WordedReasons:
    """What each boost adds to the score of an item before boosts, in words."""
    return tuple(
        WordedReason(
            kind="rule",
            share=share,
            text=Message(
                "filter.boosted" if share > 0 else "filter.demoted",
                reason=boost.reason or boost.filter,
            ).text(language),
        )
        for boost, share in rules.shares(score, item)
    )
