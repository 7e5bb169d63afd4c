"""What another way of choosing would have earned, from what was shown with a known chance.

Each observation has a reward r, the chance p > 0 with which it was shown, and the chance t that
the other way would have shown it. With w = t / p:

- IPS (Horvitz & Thompson 1952): the mean of w r, unbiased wherever p > 0 if t > 0.
- SNIPS (Swaminathan & Joachims 2015): Σ w r / Σ w, biased a little and of less variance.
- DR (Dudík, Langford & Li 2011): the mean of q̄ + w (r − q), q the reward that a model expects of
  what was shown and q̄ of what the other way would have shown: right if either p or q is.

Observations of one group, as the places of a list, depend on one another: errors are by group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Groups = NDArray[np.int64]
NORMAL = 1.959964
"""Standard errors in a two-sided interval of 95 %."""


@dataclass(frozen=True)
class Estimate:
    """A mean reward.

    Attributes:
        value: the estimate; nan without any observation.
        low, high: 95 % by the central limit theorem.
        effective: Kish's (Σ w)² / Σ w², how many observations of equal weight it stands on.
    """

    value: float
    low: float
    high: float
    effective: float

    def as_rate(self) -> Estimate:
        """The same of rewards of 0 and 1, within [0, 1]: weights take an estimate beyond both."""
        value, low, high = np.clip((self.value, self.low, self.high), 0, 1).tolist()
        return Estimate(value, low, high, self.effective)


def plain(reward: Floats, group: Groups | None = None) -> Estimate:
    """The mean of what was seen."""
    return _mean(reward, np.ones_like(reward), group)


def in_order(chances: Floats, group: Groups) -> Floats:
    """float64[N]: the chance of each place together with all before it in its group.

    A place is drawn from what those above left over, so another way of choosing would have made it
    only after it had made those (per-decision importance sampling, Precup 2000).

    Args:
        chances: float64[N], of each place given those above it.
        group: int64[N], groups one after another, each in its order.
    """
    found = np.array(chances, dtype=np.float64)
    for at in range(1, len(found)):
        if group[at] == group[at - 1]:
            found[at] *= found[at - 1]
    return found


def ips(
    reward: Floats, target: Floats, propensity: Floats, group: Groups | None = None
) -> Estimate:
    """By inverse propensity.

    Args:
        reward: float64[N].
        target: float64[N] in [0, 1].
        propensity: float64[N] in (0, 1].
        group: int64[N], what depends on one another; by default nothing does.

    Raises:
        ValueError: a propensity is not in (0, 1], or the arrays differ in length.
    """
    weight = _weights(reward, target, propensity)
    return _mean(weight * reward, weight, group)


def snips(
    reward: Floats, target: Floats, propensity: Floats, group: Groups | None = None
) -> Estimate:
    """By inverse propensity, normalised; the interval by the delta method. As :func:`ips`."""
    weight = _weights(reward, target, propensity)
    total = weight.sum()
    if not total > 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0.0)
    value = float(weight @ reward / total)
    error = float(np.sqrt(np.sum(_summed(weight * (reward - value), group) ** 2)) / total)
    return _interval(value, error, weight)


def doubly_robust(
    reward: Floats,
    target: Floats,
    propensity: Floats,
    expected: Floats,
    expected_target: Floats,
    group: Groups | None = None,
) -> Estimate:
    """Doubly robust.

    Args:
        reward, target, propensity, group: as of :func:`ips`.
        expected: float64[N], q: what a model expects of what was shown.
        expected_target: float64[N], q̄: what it expects of the other way.
    """
    weight = _weights(reward, target, propensity)
    return _mean(expected_target + weight * (reward - expected), weight, group)


def gini(counts: Floats) -> float:
    """How unevenly exposure is shared: 0 where all items have as much, near 1 where one has all.

    Args:
        counts: float64[I] ≥ 0, of all items, those never shown included.
    """
    ordered = np.sort(np.asarray(counts, dtype=np.float64))
    total, n = ordered.sum(), len(ordered)
    if not total > 0:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def _weights(reward: Floats, target: Floats, propensity: Floats) -> Floats:
    if not len(reward) == len(target) == len(propensity):
        raise ValueError(f"{len(reward)} rewards, {len(target)} targets, {len(propensity)} chances")
    if not ((propensity > 0) & (propensity <= 1)).all():
        raise ValueError("a propensity is not in (0, 1]: what cannot be shown teaches nothing")
    return np.asarray(target / propensity, dtype=np.float64)


def _mean(values: Floats, weight: Floats, group: Groups | None) -> Estimate:
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"), 0.0)
    value = float(values.mean())
    apart = _summed(values - value, group)
    several = len(apart) / (len(apart) - 1) if len(apart) > 1 else float("nan")
    error = float(np.sqrt(several * (apart @ apart)) / len(values))
    return _interval(value, error, weight)


def _summed(values: Floats, group: Groups | None) -> Floats:
    """float64[G]: by group."""
    return values if group is None else np.bincount(group, values).astype(np.float64)


def _interval(value: float, error: float, weight: Floats) -> Estimate:
    squares = float(weight @ weight)
    effective = float(weight.sum() ** 2 / squares) if squares > 0 else 0.0
    return Estimate(value, value - NORMAL * error, value + NORMAL * error, effective)
