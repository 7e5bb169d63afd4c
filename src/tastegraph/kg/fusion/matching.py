"""Fusion: which entities of two sources, or of one, are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from tastegraph.kg.fusion import attributes, blocking
from tastegraph.kg.fusion.attributes import Exclusion
from tastegraph.kg.fusion.blocking import Pairs
from tastegraph.kg.fusion.comparison import Comparison, compare
from tastegraph.kg.fusion.fellegi_sunter import log_odds, sigmoid
from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.fusion.supervised import learned
from tastegraph.kg.identity import consistent, grouped

Floats = NDArray[np.float64]


def exclusive(odds: Floats, pairs: Pairs) -> Floats:
    """Probabilities where an entity is one with at most one of the other side, or with none.

    ``p = w / (1 + Σ w')`` over the pairs of either of its two entities, the lower of both
    (w: odds): equal rivals share what one of them would have.

    Args:
        odds: float64[n], log odds.
        pairs: int32[n, 2].
    """
    weights = np.exp(np.clip(odds, -50, 50))
    both = [weights / (1 + np.bincount(side, weights)[side]) for side in (pairs[:, 0], pairs[:, 1])]
    return np.asarray(np.minimum(*both))


def one_to_one(pairs: Pairs, probability: Floats) -> NDArray[np.int64]:
    """The pairs of highest total probability in which no entity occurs twice.

    The linear assignment problem (Kuhn 1955), solved for each connected component alone.

    Returns:
        int64, rows of ``pairs``, ascending.
    """
    if not len(pairs):
        return np.zeros(0, dtype=np.int64)
    n_left = int(pairs[:, 0].max()) + 1
    n_nodes = n_left + int(pairs[:, 1].max()) + 1
    links = sparse.coo_matrix(
        (np.ones(len(pairs)), (pairs[:, 0], n_left + pairs[:, 1])), shape=(n_nodes, n_nodes)
    )
    _, component = connected_components(links, directed=False)
    order = np.argsort(component[pairs[:, 0]], kind="stable")
    bounds = np.flatnonzero(np.diff(component[pairs[order, 0]])) + 1
    chosen = []
    for rows in np.split(order, bounds):
        lefts, a = np.unique(pairs[rows, 0], return_inverse=True)
        rights, b = np.unique(pairs[rows, 1], return_inverse=True)
        table = np.zeros((len(lefts), len(rights)))
        row_of = np.full(table.shape, -1, dtype=np.int64)
        table[a, b], row_of[a, b] = probability[rows], rows
        picked = row_of[linear_sum_assignment(table, maximize=True)]
        chosen.append(picked[picked >= 0])
    return np.sort(np.concatenate(chosen))


ACCEPT_ACROSS = 0.4
"""Expected F1 rises with every pair likelier than half of it (Lipton et al. 2014)."""
ACCEPT_WITHIN = 0.9
"""A wrong merge within a graph costs more than a missed one."""
REVIEW = 0.1
Labels = Mapping[tuple[str, str], bool]


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
    comparison = compare(left, right, pairs, attributes.aligned(left, right))
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

    Accepted matches keep apart what :class:`~tastegraph.kg.fusion.attributes.Exclusion` excludes,
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
    comparison = compare(profiles, profiles, pairs, attributes.shared(profiles))
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
