"""Fellegi–Sunter: the odds that two records are one, learned without labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tastegraph.fusion.wording import Agreement

ROUNDS = 50
SMOOTHING = 1.0
BELIEF = {
    Agreement.TYPO: 0.2,
    Agreement.DROPPED: 0.1,
    Agreement.INITIALS: 0.4,
    Agreement.VARIANT: 0.6,
    Agreement.SAME: 0.6,
    len(Agreement): 0.95,
}
"""Where the search begins: the chance that names which agree so are of one thing."""
Floats = NDArray[np.float64]


def log_odds(
    levels: NDArray[np.int8], exclusive: Callable[[Floats], Floats] | None = None
) -> Floats:
    """Log odds that each pair is one entity (Fellegi & Sunter 1969), by EM (Winkler 1988).

    A field's level l has probability m(l) in pairs that are the same and u(l) in the others;
    fields are independent given that, and one that is missing says nothing.

    Args:
        levels: int8[n, L], -1 where missing; column 0 is the names' agreement.
        exclusive: turns log odds into probabilities that respect what pairs exclude each other;
            by default each pair is judged alone.

    Returns:
        float64[n].
    """
    probability = exclusive or sigmoid
    belief = np.array([BELIEF.get(level, 1e-3) for level in range(len(Agreement) + 1)])
    same = belief[levels[:, 0]]
    odds = np.zeros(len(levels))
    for _ in range(ROUNDS):
        prior = np.clip(same.mean(), 1e-9, 1 - 1e-9)
        odds = np.full(len(levels), np.log(prior / (1 - prior)))
        for column in levels.T:
            said = column >= 0
            if said.any():
                odds[said] += _weights(column[said], same[said])[column[said]]
        updated = probability(odds)
        if np.abs(updated - same).max() < 1e-4:
            break
        same = updated
    return odds


def sigmoid(odds: Floats) -> Floats:
    """1 / (1 + e^-odds), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))


def _weights(column: NDArray[np.int8], same: Floats) -> Floats:
    """log m(l)/u(l) of every level, both smoothed towards how often it occurs at all."""
    n_levels = int(column.max()) + 1
    overall = np.bincount(column, minlength=n_levels) / len(column)
    m = np.bincount(column, same, n_levels) + SMOOTHING * overall
    u = np.bincount(column, 1 - same, n_levels) + SMOOTHING * overall
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.nan_to_num(np.log(m / m.sum()) - np.log(u / u.sum()), nan=0.0)
        )
