"""Fellegi–Sunter model: the log-odds that two records are one entity, learned without labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from tastegraph.kg.fusion.name_similarity import NameAgreement

MAX_ITERATIONS = 200
TOLERANCE = 1e-3
"""Largest change of a probability at which EM has converged."""
INITIAL_BY_NAME = np.array([0.001, 0.001, 0.001, 0.2, 0.1, 0.4, 0.6, 0.6, 0.95])
"""Initial probability of a match, by the level of the names."""
INITIAL_BY_SURROUNDINGS = np.array([0.05, 0.1, 0.3, 0.6, 1.0])
"""Factor of that probability, by the level of the surroundings."""
RELATED, SAME = 1, 2
"""Columns of the classes; column 0 is the different pairs."""
Floats = NDArray[np.float64]


def log_odds(
    levels: NDArray[np.int8], exclusive: Callable[[Floats], Floats] | None = None
) -> Floats:
    """Log-odds that each pair is one entity (Fellegi & Sunter 1969), fitted by EM (Winkler 1988).

    ``log P(same | levels) / P(not same | levels)``, where ``P(levels | class)`` is the product of
    ``P(level | class)`` over the fields (conditional independence). The classes are same,
    different, and between them related: a film and its sequel, brothers, two categories of one
    theme. With two classes these would be taken for the same (Winkler 1993). Missing fields are
    skipped.

    Args:
        levels: int8[n, L], -1 where missing; column 0 is the names' agreement, column 1 the
            surroundings.
        exclusive: turns log-odds into probabilities that respect which pairs exclude each other;
            by default, each pair is independent (the logistic function).

    Returns:
        float64[n].
    """
    probability_of = exclusive or expit
    names, surroundings = levels[:, 0], levels[:, 1]
    factor = INITIAL_BY_SURROUNDINGS[np.maximum(surroundings, 0)]
    same = INITIAL_BY_NAME[names] * np.where(surroundings < 0, 1.0, factor)
    related = np.where((names > NameAgreement.OTHER) | (surroundings > 0), 0.9, 0.05)
    patterns = _Patterns.of(levels)
    odds = np.zeros(len(levels))
    for _ in range(MAX_ITERATIONS):
        classes = np.column_stack([(1 - same) * (1 - related), (1 - same) * related, same])
        likelihood = _log_likelihood(patterns, classes)
        not_same = np.logaddexp(likelihood[:, 0], likelihood[:, RELATED])
        odds = likelihood[:, SAME] - not_same
        related = np.exp(likelihood[:, RELATED] - not_same)
        previous, same = same, probability_of(odds)
        if np.abs(same - previous).max() < TOLERANCE:
            break
    return odds


def _log_likelihood(patterns: _Patterns, classes: Floats) -> Floats:
    """float64[n, 3], log of prior times likelihood, smoothed by the frequency of each level."""
    of_pattern = np.stack(
        [np.bincount(patterns.of_pair, weight, len(patterns.levels)) for weight in classes.T]
    )
    total = np.tile(np.log(np.maximum(classes.mean(axis=0), 1e-12)), (len(patterns.levels), 1))
    for column in patterns.levels.T:
        present = np.flatnonzero(column >= 0)
        if not len(present):
            continue
        level, n_pairs = column[present], patterns.n_pairs[present]
        frequency = np.bincount(level, n_pairs) / n_pairs.sum()
        counts = np.stack([np.bincount(level, weight) for weight in of_pattern[:, present]])
        share = (counts + frequency) / (counts + frequency).sum(axis=1, keepdims=True)
        total[present] += np.log(np.maximum(share, 1e-12))[:, level].T
    of_pair: Floats = total[patterns.of_pair]
    return of_pair


class _Patterns(NamedTuple):
    """The distinct rows of levels: pairs are many, ways to agree are few.

    Attributes:
        levels: int8[m, L].
        of_pair: int64[n], the row of each pair.
        n_pairs: int64[m], number of pairs of each row.
    """

    levels: NDArray[np.int8]
    of_pair: NDArray[np.int64]
    n_pairs: NDArray[np.int64]

    @classmethod
    def of(cls, levels: NDArray[np.int8]) -> _Patterns:
        keys = np.zeros(len(levels), dtype=np.int64)
        for column in levels.T:
            # Numbered anew at each column, so that no key grows beyond n times the levels.
            keys = np.unique(keys * 128 + column + 1, return_inverse=True)[1]
        _, first, of_pair, n_pairs = np.unique(
            keys, return_index=True, return_inverse=True, return_counts=True
        )
        return cls(levels[first], of_pair, n_pairs)
