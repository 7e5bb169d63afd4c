"""Intervals of rates and of their difference that hold however often one looks at them.

An experiment is looked at every day, and ended when a winner seems to be there. Intervals for one
look would then be wrong far more often than they say. These are confidence *sequences*: with the
probability of their level the truth is inside at all looks together. Their boundary is the normal
mixture of Robbins, asymptotic as in Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (Annals of
Statistics 52, 2024, theorem 2.2; of experiments, section 3):

    |mean − truth| ≤ z(t) σ / √t        z(t)² = 2 (tρ² + 1) / (tρ²) · log(√(tρ² + 1) / α)

with ρ² = (log(1/α²) + log(log(1/α²) + 1)) / t*, which makes it tightest near t* observations; the
mixture test of Johari, Koomen, Pekelis & Walsh (Operations Research 70, 2022) has the same bound.

The lists of one user are alike, so users, not lists, are independent. The rate Σy / Σn over users
with n lists, y of them with a response, is a ratio estimate whose variance follows from the users'
residuals y − rate · n (Cochran, *Sampling Techniques*, 3rd ed., 1977, section 6.3). It says how
many independent lists would tell as much: the effective number of lists, at most their number.
With it, the interval of a rate is Wilson's, which is never outside of [0, 1], and that of a
difference Newcombe's (Statistics in Medicine 17, 1998, method 10), never outside of [-1, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
TIGHTEST_AT = 10_000.0
"""Effective lists at which the intervals are tightest for their level."""
MAX_FACTOR = 1e4
"""More than so many times the lists are not predicted."""
Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate and its interval, float64 arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class ResponseSums:
    """Sums over the users of a variant; each may be an array, such as one number for each look.

    Attributes:
        users: number of users.
        lists: Σn, of the lists of each user.
        responses: Σy, of the lists of each user with a response.
        lists_squared, responses_squared, products: Σn², Σy², Σny.
    """

    users: Floats
    lists: Floats
    responses: Floats
    lists_squared: Floats
    responses_squared: Floats
    products: Floats

    @classmethod
    def of_users(cls, lists: Floats, responses: Floats, axis: int = -1) -> ResponseSums:
        """From float64[…, U]: lists and answered lists of each user; without lists, it is none."""
        n, y = np.asarray(lists, dtype=np.float64), np.asarray(responses, dtype=np.float64)
        terms = (n > 0, n, y, n * n, y * y, n * y)
        return cls(*(np.asarray(term.sum(axis=axis), dtype=np.float64) for term in terms))

    @property
    def rate(self) -> Floats:
        """Share of the lists with a response; nan without a list."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.responses / self.lists

    @property
    def effective_lists(self) -> Floats:
        """How many lists of as many users, all independent, would say as much about the rate.

        Where no list, or every list, has a response, nothing can be seen of how alike the lists of
        a user are: each user then counts once.
        """
        rate, users = self.rate, self.users
        with np.errstate(invalid="ignore", divide="ignore"):
            squares = (
                self.responses_squared - 2 * rate * self.products + rate**2 * self.lists_squared
            )
            variance = users / (users - 1) * np.maximum(squares, 0) / self.lists**2
            effective = np.minimum(rate * (1 - rate) / variance, self.lists)
        unseen = (self.responses == 0) | (self.responses == self.lists) | (users < 2)
        return np.asarray(np.where(unseen, users, effective), dtype=np.float64)


def boundary(observations: Floats, level: float = LEVEL) -> Floats:
    """z(t): standard errors on either side of an estimate; infinite without an observation."""
    error = 1 - level
    log = math.log(1 / error**2)
    with np.errstate(divide="ignore"):
        scaled = np.asarray(observations) * (log + math.log(log + 1)) / TIGHTEST_AT
        squared = 2 * (1 + 1 / scaled) * np.log(np.sqrt(scaled + 1) / error)
    return np.asarray(np.sqrt(squared), dtype=np.float64)


def rate_bounds(sums: ResponseSums, level: float = LEVEL) -> Interval:
    """The rate of a variant, and its interval in [0, 1]; nan and [0, 1] without a list."""
    effective = sums.effective_lists
    return Interval(sums.rate, *_wilson(sums.rate, effective, boundary(effective, level)))


def difference_bounds(a: ResponseSums, b: ResponseSums, level: float = LEVEL) -> Interval:
    """The rate of ``a`` less that of ``b``, and its interval, in [-1, 1]."""
    return _difference(a.rate, a.effective_lists, b.rate, b.effective_lists, level)


def lists_needed(a: ResponseSums, b: ResponseSums, level: float = LEVEL) -> float | None:
    """How many more lists both together would need until the interval leaves 0.

    If rates stay as they are, shares of the lists too.

    Returns:
        0 where it leaves 0 already; ``None`` where that is more than :data:`MAX_FACTOR` times as
        many as there are, or nothing is known.
    """
    factors = np.geomspace(1, MAX_FACTOR, 500)
    more = (a.effective_lists * factors, b.effective_lists * factors)
    bounds = _difference(a.rate, more[0], b.rate, more[1], level)
    told_apart = np.flatnonzero((bounds.low > 0) | (bounds.high < 0))
    if not len(told_apart):
        return None
    return float((factors[told_apart[0]] - 1) * (a.lists + b.lists))


def _difference(p: Floats, n: Floats, q: Floats, m: Floats, level: float) -> Interval:
    """Newcombe's interval of p − q, from ``n`` and ``m`` effective lists."""
    z = boundary(n + m, level)
    low_p, high_p = _wilson(p, n, z)
    low_q, high_q = _wilson(q, m, z)
    difference = p - q
    low = difference - np.hypot(p - low_p, high_q - q)
    high = difference + np.hypot(high_p - p, q - low_q)
    unknown = np.isnan(difference)
    return Interval(difference, np.where(unknown, -1.0, low), np.where(unknown, 1.0, high))


def _wilson(rate: Floats, n: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Wilson's score interval (Journal of the American Statistical Association 22, 1927)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = z**2 / n
        middle = (rate + ratio / 2) / (1 + ratio)
        half = np.sqrt(ratio * (rate * (1 - rate) + ratio / 4)) / (1 + ratio)
    unknown = ~np.isfinite(middle) | ~np.isfinite(half)
    low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    # The estimate is inside, whatever rounding says.
    low = np.where(unknown, 0.0, np.minimum(low, np.where(np.isnan(rate), 0.0, rate)))
    high = np.where(unknown, 1.0, np.maximum(high, np.where(np.isnan(rate), 1.0, rate)))
    return low, high
