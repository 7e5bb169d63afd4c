"""Fusion: which entities of two sources, or of one, are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.fusion import alignment, blocking
from tastegraph.kg.fusion.assignment import exclusive, one_to_one
from tastegraph.kg.fusion.blocking import Pairs
from tastegraph.kg.fusion.comparison import Comparison, compare
from tastegraph.kg.fusion.exclusion import Exclusion
from tastegraph.kg.fusion.fellegi_sunter import log_odds, sigmoid
from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.fusion.supervised import learned
from tastegraph.kg.sameness import consistent, grouped

ACCEPT_ACROSS = 0.4
"""Expected F1 rises with every pair likelier than half of it (Lipton et al. 2014)."""
ACCEPT_WITHIN = 0.9
"""A wrong merge within a graph costs more than a missed one."""
REVIEW = 0.1
Labels = Mapping[tuple[str, str], bool]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """Two ids and how probable it is that they are of one thing.

    Attributes:
        accepted: whether they are taken to be; else it is for a person to say.
    """

    left: str
    right: str
    probability: float
    accepted: bool


def fuse(
    left: Sequence[Profile],
    right: Sequence[Profile],
    labels: Labels | None = None,
    *,
    accept: float = ACCEPT_ACROSS,
    review: float = REVIEW,
) -> list[Match]:
    """Entities of two sources that are the same, none with two; the surest first.

    Args:
        labels: judged pairs (left id, right id); without them matching is learning-free.
        accept: lowest probability of an accepted match.
        review: lowest probability of a match that is returned at all.

    Raises:
        LabelsError: there are labels, but too few to learn from.
    """
    pairs = blocking.across(left, right)
    pairs = pairs[[right[b].id not in left[a].different for a, b in pairs.tolist()]]
    if not len(pairs):
        return []
    comparison = compare(left, right, pairs, alignment.aligned(left, right))
    odds = log_odds(comparison.levels, lambda odds: exclusive(odds, pairs))
    probability = exclusive(odds, pairs)
    if labels:
        judged = _judged(left, right, pairs, labels)
        probability = _learned(comparison, odds, probability, judged)
    taken = np.zeros(len(pairs), dtype=bool)
    taken[one_to_one(pairs, probability)] = True
    return _matches(left, right, pairs, probability, taken & (probability >= accept), review)


def duplicates(
    profiles: Sequence[Profile],
    labels: Labels | None = None,
    *,
    accept: float = ACCEPT_WITHIN,
    review: float = REVIEW,
) -> list[Match]:
    """Entities of one source that are the same; the surest first.

    Accepted matches keep apart what :class:`~tastegraph.kg.fusion.exclusion.Exclusion` knows apart,
    however long the chain between; a pair that a chain alone joins is not among the matches.

    Args:
        labels: judged pairs, in either order; without them matching is learning-free.
        accept: lowest probability of an accepted match.
        review: lowest probability of a match that is returned at all.

    Raises:
        LabelsError: there are labels, but too few to learn from.
    """
    cannot = Exclusion(profiles)
    pairs = blocking.within(profiles)
    pairs = pairs[[not cannot(profiles[a], profiles[b]) for a, b in pairs.tolist()]]
    if not len(pairs):
        return []
    comparison = compare(profiles, profiles, pairs, alignment.shared(profiles))
    odds = log_odds(comparison.levels)
    probability = sigmoid(odds)
    if labels:
        both = {**labels, **{(b, a): same for (a, b), same in labels.items()}}
        judged = _judged(profiles, profiles, pairs, both)
        probability = _learned(comparison, odds, probability, judged)
    accepted = _united(profiles, pairs, probability, accept, cannot)
    return _matches(profiles, profiles, pairs, probability, accepted, review)


def _judged(
    left: Sequence[Profile], right: Sequence[Profile], pairs: Pairs, labels: Labels
) -> NDArray[np.int8]:
    told = [labels.get((left[a].id, right[b].id)) for a, b in pairs.tolist()]
    return np.array([-1 if same is None else int(same) for same in told], dtype=np.int8)


def _learned(
    comparison: Comparison, odds: Floats, alone: Floats, judged: NDArray[np.int8]
) -> Floats:
    features = np.column_stack([comparison.features, odds, alone]).astype(np.float32)
    return learned(features, judged, comparison.pairs[:, 0])


def _united(
    profiles: Sequence[Profile], pairs: Pairs, probability: Floats, accept: float, cannot: Exclusion
) -> NDArray[np.bool_]:
    """bool[n]: whether both entities of a likely pair come into one group."""
    by_id = {profile.id: profile for profile in profiles}
    likely = [
        (profiles[a].id, profiles[b].id, float(p))
        for (a, b), p in zip(pairs.tolist(), probability, strict=True)
        if p >= accept
    ]
    apart = [
        (one, other)
        for chain in grouped(likely)
        for one, other in combinations(chain, 2)
        if cannot(by_id[one], by_id[other])
    ]
    taken = set(consistent(likely, apart))
    return np.array([(profiles[a].id, profiles[b].id) in taken for a, b in pairs.tolist()])


def _matches(
    left: Sequence[Profile],
    right: Sequence[Profile],
    pairs: Pairs,
    probability: Floats,
    accepted: NDArray[np.bool_],
    review: float,
) -> list[Match]:
    rows = np.flatnonzero(accepted | (probability >= review))
    found = [
        Match(left[a].id, right[b].id, float(probability[row]), bool(accepted[row]))
        for row, (a, b) in zip(rows, pairs[rows].tolist(), strict=True)
    ]
    return sorted(found, key=lambda match: (-match.probability, match.left, match.right))
