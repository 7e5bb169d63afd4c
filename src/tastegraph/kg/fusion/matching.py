"""Matching: which entities of two sources, or of one, are the same, from pair probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching
from scipy.special import expit

from tastegraph.kg.fusion.attributes import ExclusionRules, align_attributes, shared_attributes
from tastegraph.kg.fusion.blocking import RecordPairs, pairs_across, pairs_within
from tastegraph.kg.fusion.comparison import PairComparison, compare_pairs
from tastegraph.kg.fusion.fellegi_sunter import log_odds
from tastegraph.kg.fusion.name_similarity import NameAgreement
from tastegraph.kg.fusion.profiles import EntityProfile
from tastegraph.kg.identity import consistent_pairs, identity_groups

MIN_PROBABILITY_ACROSS = 0.4
"""Probability from which on a match of two sources is accepted. Expected F1 rises with every pair
that is likelier than half of it (Lipton et al. 2014)."""
MIN_PROBABILITY_WITHIN = 0.9
"""The same within one source, where a wrong merge costs more than a missed one."""
MIN_REVIEW_PROBABILITY = 0.1
"""Probability from which on a match is returned for review."""
NAME_ALONE_PROBABILITY = 0.5
"""Probability of a pair whose names may be one and are like no others, whatever else is known: a
question, and no more."""
MAX_LOG_ODDS = 50
MAX_DENSE_CELLS = 1_000_000
"""Left times right entities of which a dense table of probabilities is made, at most."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate for identity: two ids, and the probability that they are one thing.

    Attributes:
        left, right: ids.
        probability: in [0, 1].
        accepted: whether they are merged; if not, a person may decide.
    """

    left: str
    right: str
    probability: float
    accepted: bool


@dataclass(frozen=True)
class ScoredPairs:
    """Candidate pairs of two sources with their match probabilities.

    Attributes:
        comparison: pairs, features and levels.
        log_odds: float64[n], from the Fellegi–Sunter model.
        probability: float64[n], with each entity being one with at most one other.
    """

    comparison: PairComparison
    log_odds: Floats
    probability: Floats

    @property
    def pairs(self) -> RecordPairs:
        """int32[n, 2], positions in the left and right profiles."""
        return self.comparison.pairs


def match_sources(left: Sequence[EntityProfile], right: Sequence[EntityProfile]) -> list[Match]:
    """Entities of two sources that are the same, one to one; the most probable first.

    Matches of less than :data:`MIN_PROBABILITY_ACROSS` are not accepted, those of less than
    :data:`MIN_REVIEW_PROBABILITY` are left out.
    """
    scored = score_pairs(left, right)
    return select_matches(left, right, scored.pairs, scored.probability)


def score_pairs(left: Sequence[EntityProfile], right: Sequence[EntityProfile]) -> ScoredPairs:
    """Probabilities of the candidate pairs of two sources, learned without labels."""
    pairs = pairs_across(left, right)
    pairs = pairs[[right[b].id not in left[a].different for a, b in pairs.tolist()]]
    comparison = compare_pairs(left, right, pairs, align_attributes(left, right))
    if not len(pairs):
        return ScoredPairs(comparison, np.zeros(0), np.zeros(0))
    odds = log_odds(comparison.levels, lambda odds: exclusive_probabilities(odds, pairs))
    return ScoredPairs(comparison, odds, exclusive_probabilities(odds, pairs))


def select_matches(
    left: Sequence[EntityProfile],
    right: Sequence[EntityProfile],
    pairs: RecordPairs,
    probability: Floats,
) -> list[Match]:
    """The best one-to-one assignment, and further pairs for review, most probable first."""
    assigned = np.zeros(len(pairs), dtype=bool)
    assigned[one_to_one_assignment(pairs, probability)] = True
    accepted = assigned & (probability >= MIN_PROBABILITY_ACROSS)
    return _matches(left, right, pairs, probability, accepted)


def find_duplicates(profiles: Sequence[EntityProfile]) -> list[Match]:
    """Entities of one source that are the same; the most probable first.

    Two names such as *Ang Lee* and *A. Lee* are a question even where nothing else speaks for it,
    unless a third is like either. Accepted matches never connect entities that
    :class:`ExclusionRules` exclude, however long the chain between them. Pairs that only a chain
    connects are not returned.
    """
    rules = ExclusionRules(profiles)
    pairs = pairs_within(profiles)
    pairs = pairs[[not rules.exclude(profiles[a], profiles[b]) for a, b in pairs.tolist()]]
    if not len(pairs):
        return []
    comparison = compare_pairs(profiles, profiles, pairs, shared_attributes(profiles))
    probability = np.asarray(expit(log_odds(comparison.levels)))
    accepted = _consistently_joined(profiles, pairs, probability, rules)
    probability = np.maximum(probability, NAME_ALONE_PROBABILITY * _only_namesakes(comparison))
    return _matches(profiles, profiles, pairs, probability, accepted)


def _only_namesakes(comparison: PairComparison) -> NDArray[np.bool_]:
    """bool[n]: whether the names of a pair may be one, and neither may be one with a third."""
    alike = comparison.features[:, 0] >= NameAgreement.DROPPED
    places = comparison.pairs[alike].ravel()
    partners = np.bincount(places, minlength=int(comparison.pairs.max()) + 1)
    return np.asarray(alike & (partners[comparison.pairs].max(axis=1) == 1))


def exclusive_probabilities(odds: Floats, pairs: RecordPairs) -> Floats:
    """Match probabilities if each entity is one with at most one entity of the other side.

    ``p = w / (1 + Σ w')`` with ``w = e^odds``, summed over all pairs of an entity; the lower value
    of the pair's two entities counts. So equally likely alternatives share one probability.

    Args:
        odds: float64[n], log-odds.
        pairs: int32[n, 2].
    """
    weights = np.exp(np.clip(odds, -MAX_LOG_ODDS, MAX_LOG_ODDS))
    by_side = [
        weights / (1 + np.bincount(side, weights)[side]) for side in (pairs[:, 0], pairs[:, 1])
    ]
    return np.asarray(np.minimum(*by_side))


def one_to_one_assignment(pairs: RecordPairs, probability: Floats) -> NDArray[np.int64]:
    """The pairs of highest total probability in which no entity occurs twice.

    The linear assignment problem (Kuhn 1955), solved for each connected component.

    Returns:
        int64, positions in ``pairs``, ascending.
    """
    if not len(pairs):
        return np.zeros(0, dtype=np.int64)
    n_left = int(pairs[:, 0].max()) + 1
    n_nodes = n_left + int(pairs[:, 1].max()) + 1
    edges = sparse.coo_matrix(
        (np.ones(len(pairs)), (pairs[:, 0], n_left + pairs[:, 1])), shape=(n_nodes, n_nodes)
    )
    _, component = connected_components(edges, directed=False)
    order = np.argsort(component[pairs[:, 0]], kind="stable")
    bounds = np.flatnonzero(np.diff(component[pairs[order, 0]])) + 1
    chosen = [_assignment(pairs[rows], probability[rows], rows) for rows in np.split(order, bounds)]
    return np.sort(np.concatenate(chosen))


def _assignment(
    pairs: RecordPairs, probability: Floats, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Those of ``rows`` whose pairs have the highest total probability, no entity twice."""
    lefts, a = np.unique(pairs[:, 0], return_inverse=True)
    rights, b = np.unique(pairs[:, 1], return_inverse=True)
    if len(lefts) * len(rights) > MAX_DENSE_CELLS:
        # Each left entity has a place of its own besides, so that everyone can be assigned; no
        # weight is 0, which would be no edge.
        own = np.arange(len(lefts))
        weights = sparse.coo_matrix(
            (
                np.concatenate([1 + probability, np.ones(len(lefts))]),
                (np.concatenate([a, own]), np.concatenate([b, len(rights) + own])),
            ),
            shape=(len(lefts), len(rights) + len(lefts)),
        ).tocsr()
        left, right = min_weight_full_bipartite_matching(weights, maximize=True)
        of_pair = np.full(len(lefts), -1, dtype=np.int64)
        of_pair[left] = right
        assigned: NDArray[np.int64] = rows[of_pair[a] == b]
        return assigned
    table = np.zeros((len(lefts), len(rights)))
    row_of = np.full(table.shape, -1, dtype=np.int64)
    table[a, b], row_of[a, b] = probability, rows
    assigned = row_of[linear_sum_assignment(table, maximize=True)]
    return assigned[assigned >= 0]


def _consistently_joined(
    profiles: Sequence[EntityProfile],
    pairs: RecordPairs,
    probability: Floats,
    rules: ExclusionRules,
) -> NDArray[np.bool_]:
    """bool[n]: whether both entities of a likely pair come into one group."""
    by_id = {profile.id: profile for profile in profiles}
    likely = [
        (profiles[a].id, profiles[b].id, float(p))
        for (a, b), p in zip(pairs.tolist(), probability, strict=True)
        if p >= MIN_PROBABILITY_WITHIN
    ]
    excluded = [
        (a, b)
        for group in identity_groups(likely)
        for a, b in combinations(group, 2)
        if rules.exclude(by_id[a], by_id[b])
    ]
    accepted = set(consistent_pairs(likely, excluded))
    return np.array([(profiles[a].id, profiles[b].id) in accepted for a, b in pairs.tolist()])


def _matches(
    left: Sequence[EntityProfile],
    right: Sequence[EntityProfile],
    pairs: RecordPairs,
    probability: Floats,
    accepted: NDArray[np.bool_],
) -> list[Match]:
    rows = np.flatnonzero(accepted | (probability >= MIN_REVIEW_PROBABILITY))
    matches = [
        Match(left[a].id, right[b].id, float(probability[row]), bool(accepted[row]))
        for row, (a, b) in zip(rows, pairs[rows].tolist(), strict=True)
    ]
    return sorted(matches, key=lambda match: (-match.probability, match.left, match.right))
