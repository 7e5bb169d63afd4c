"""Fellegi–Sunter: the odds that two records are one, learned without labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.fusion.name_similarity import Agreement

ROUNDS = 200
CHANGE = 1e-3
BELIEF = np.array([0.001, 0.001, 0.001, 0.2, 0.1, 0.4, 0.6, 0.6, 0.95])
"""Where the search begins: the chance that names which agree so are of one thing."""
FACTS = np.array([0.05, 0.1, 0.3, 0.6, 1.0])
"""The part of that chance that is left where so much of what surrounds them is common."""
SAME, RELATED = 2, 1
Floats = NDArray[np.float64]


def log_odds(
    levels: NDArray[np.int8], exclusive: Callable[[Floats], Floats] | None = None
) -> Floats:
    """Log odds that each pair is one entity (Fellegi & Sunter 1969), by EM (Winkler 1988).

    A field's level has a probability in each class of pairs, and fields are independent in it.
    The classes are three: the same, the different, and between them the related – a film and its
    sequel, brothers, two categories of one theme –, which two classes would take for the same
    (Winkler 1993 found the third to be needed). A field that is missing says nothing.

    Args:
        levels: int8[n, L], -1 where missing; column 0 is the names' agreement, column 1 what
            surrounds the two.
        exclusive: turns log odds into probabilities that respect what pairs exclude each other;
            by default each pair is judged alone.

    Returns:
        float64[n].
    """
    judge = exclusive or sigmoid
    names, facts = levels[:, 0], levels[:, 1]
    same = BELIEF[names] * np.where(facts < 0, 1.0, FACTS[np.maximum(facts, 0)])
    related = np.where((names > Agreement.OTHER) | (facts > 0), 0.9, 0.05)
    odds = np.zeros(len(levels))
    for _ in range(ROUNDS):
        classes = np.column_stack([(1 - same) * (1 - related), (1 - same) * related, same])
        likelihood = _log_likelihood(levels, classes)
        others = np.logaddexp(likelihood[:, 0], likelihood[:, RELATED])
        odds = likelihood[:, SAME] - others
        related = np.exp(likelihood[:, RELATED] - others)
        before, same = same, judge(odds)
        if np.abs(same - before).max() < CHANGE:
            break
    return odds


def sigmoid(odds: Floats) -> Floats:
    """1 / (1 + e^-odds), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))


def _log_likelihood(levels: NDArray[np.int8], classes: Floats) -> Floats:
    """float64[n, 3], log of prior times likelihood; levels smoothed by how often each occurs."""
    total = np.tile(np.log(np.maximum(classes.mean(axis=0), 1e-12)), (len(levels), 1))
    for column in levels.T:
        said = np.flatnonzero(column >= 0)
        if not len(said):
            continue
        level = column[said]
        overall = np.bincount(level) / len(said)
        counts = np.stack([np.bincount(level, of) + overall for of in classes[said].T])
        share = counts / counts.sum(axis=1, keepdims=True)
        total[said] += np.log(np.maximum(share, 1e-12))[:, level].T
    return total
