"""Off-policy estimates: the mean reward of another policy, from items shown with known chances.

Each observation has a reward r, the chance p > 0 with which it was shown (its propensity), and
the chance t with which the target policy would have shown it. With w = t / p:

- IPS (Horvitz & Thompson 1952): the mean of w r, unbiased wherever p > 0 if t > 0.
- SNIPS (Swaminathan & Joachims 2015): Σ w r / Σ w, biased a little and of less variance.
- DR (Dudík, Langford & Li 2011): the mean of q̄ + w (r − q), q the reward that a model expects of
  the shown item and q̄ of what the target policy would have shown: unbiased if p or q is right.

Observations of one group, such as the places of a list, are dependent: standard errors are
clustered by group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Groups = NDArray[np.int64]
INTERVAL_Z = 1.959964
"""Standard errors on either side of a 95 % interval."""


@dataclass(frozen=True)
class Estimate:
    """An estimated mean reward.

    Attributes:
        value: the estimate; nan without any observation.
        low, high: 95 % interval by the central limit theorem.
        effective: effective sample size, Kish's (Σ w)² / Σ w².
    """

    value: float
    low: float
    high: float
    effective: float

    def as_rate(self) -> Estimate:
        """The estimate clipped to [0, 1], for rewards of 0 and 1: weights can take it beyond."""
        value, low, high = np.clip((self.value, self.low, self.high), 0, 1).tolist()
        return Estimate(value, low, high, self.effective)


def observed_mean(reward: Floats, group: Groups | None = None) -> Estimate:
    """The mean reward as observed, all weights being 1."""
    return _mean(reward, np.ones_like(reward), group)


def cumulative_propensity(chances: Floats, group: Groups) -> Floats:
    """float64[N]: the chance of each place together with all places above it in its list.

    A place is drawn from the items that those above left over, so the target policy would have
    drawn it only after it had drawn those (per-decision importance sampling, Precup 2000).

    Args:
        chances: float64[N], of each place given those above it.
        group: int64[N], the list of each place; lists one after another, each in its order.
    """
    products = np.array(chances, dtype=np.float64)
    for row in range(1, len(products)):
        if group[row] == group[row - 1]:
            products[row] *= products[row - 1]
    return products


def ips(
    reward: Floats, target: Floats, propensity: Floats, group: Groups | None = None
) -> Estimate:
    """Inverse propensity scoring.

    Args:
        reward: float64[N].
        target: float64[N] in [0, 1], chances of the target policy.
        propensity: float64[N] in (0, 1], chances of the policy that was shown.
        group: int64[N], clusters of dependent observations; by default all are independent.

    Raises:
        ValueError: a propensity is not in (0, 1], or the arrays differ in length.
    """
    weight = _weights(reward, target, propensity)
    return _mean(weight * reward, weight, group)


def snips(
    reward: Floats, target: Floats, propensity: Floats, group: Groups | None = None
) -> Estimate:
    """Self-normalised IPS; the interval by the delta method. Arguments as of :func:`ips`."""
    weight = _weights(reward, target, propensity)
    total = weight.sum()
    if not total > 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0.0)
    value = float(weight @ reward / total)
    error = float(np.sqrt(np.sum(_group_sums(weight * (reward - value), group) ** 2)) / total)
    return _interval(value, error, weight)


def doubly_robust(
    reward: Floats,
    target: Floats,
    propensity: Floats,
    expected: Floats,
    expected_target: Floats,
    group: Groups | None = None,
) -> Estimate:
    """Doubly robust estimate.

    Args:
        reward, target, propensity, group: as of :func:`ips`.
        expected: float64[N], q: reward that a model expects of the shown item.
        expected_target: float64[N], q̄: reward that it expects of the target policy.
    """
    weight = _weights(reward, target, propensity)
    return _mean(expected_target + weight * (reward - expected), weight, group)


def _weights(reward: Floats, target: Floats, propensity: Floats) -> Floats:
    if not len(reward) == len(target) == len(propensity):
        raise ValueError(f"{len(reward)} rewards, {len(target)} targets, {len(propensity)} chances")
    if not ((propensity > 0) & (propensity <= 1)).all():
        raise ValueError("a propensity is not in (0, 1]: an item that cannot be shown says nothing")
    return np.asarray(target / propensity, dtype=np.float64)


def _mean(values: Floats, weight: Floats, group: Groups | None) -> Estimate:
    if not len(values):
        return Estimate(float("nan"), float("nan"), float("nan"), 0.0)
    value = float(values.mean())
    deviations = _group_sums(values - value, group)
    n = len(deviations)
    correction = n / (n - 1) if n > 1 else float("nan")
    error = float(np.sqrt(correction * (deviations @ deviations)) / len(values))
    return _interval(value, error, weight)


def _group_sums(values: Floats, group: Groups | None) -> Floats:
    """float64[G], the sum of each group; the values themselves without groups."""
    return values if group is None else np.bincount(group, values).astype(np.float64)


def _interval(value: float, error: float, weight: Floats) -> Estimate:
    squares = float(weight @ weight)
    effective = float(weight.sum() ** 2 / squares) if squares > 0 else 0.0
    return Estimate(value, value - INTERVAL_Z * error, value + INTERVAL_Z * error, effective)
