"""Confidence intervals of metrics, and tests whether two models differ by more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Floats

_MAX_RESAMPLE_CELLS = 2_000_000


def bootstrap_interval(
    values: Floats, resamples: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean over users.

    Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 13.

    Args:
        values: float64[U], a metric for each user; nan values are left out.
        resamples: times U users are drawn with replacement.
        seed: of the draws.
        level: probability that the interval is to cover.

    Returns:
        Lower and upper end; (nan, nan) without any value.

    Raises:
        ValueError: ``level`` is not between 0 and 1, or ``resamples`` < 1.
    """
    if not 0 < level < 1 or resamples < 1:
        raise ValueError(f"level {level} and resamples {resamples} are out of range")
    finite = values[~np.isnan(values)]
    if not len(finite):
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    means = np.concatenate([
        finite[rng.integers(0, len(finite), (rows, len(finite)))].mean(axis=1)
        for rows in _chunks(resamples, len(finite))
    ])  # fmt: skip
    tail = (1 - level) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return float(low), float(high)


def paired_p(a: Floats, b: Floats, resamples: int, seed: int) -> float:
    """Return the two-sided p of a paired sign-flip test that ``a`` and ``b`` have one mean.

    Fisher's randomisation test as recommended by Smucker, Allan & Carterette, CIKM 2007: under the
    null hypothesis each user's difference could as well have had the other sign. Where all sign
    patterns are no more than ``resamples``, all are counted and p is exact; else p is
    (count + 1) / (resamples + 1) over random patterns (Phipson & Smyth, 2010), never nought.

    Args:
        a: float64[U], a metric of one model for each user.
        b: float64[U], the same of the other; a user with nan in either is left out.
        resamples: random patterns to draw.
        seed: of the draws.

    Returns:
        p in (0, 1]; nan without any user.

    Raises:
        ValueError: the shapes differ or ``resamples`` < 1.
    """
    if a.shape != b.shape or resamples < 1:
        raise ValueError(f"a {a.shape}, b {b.shape}, resamples {resamples}")
    difference = np.asarray(a - b, dtype=np.float64)
    difference = difference[~np.isnan(difference)]
    if not len(difference):
        return float("nan")
    nonzero = difference[difference != 0]
    total = nonzero.sum()
    threshold = abs(total) - 1e-12 * np.abs(nonzero).sum()
    exact = len(nonzero) < 63 and 2 ** len(nonzero) <= resamples
    patterns = _all_signs(len(nonzero)) if exact else _random_signs(len(nonzero), resamples, seed)
    count = sum(
        int(np.count_nonzero(np.abs(2 * (signs @ nonzero) - total) >= threshold))
        for signs in patterns
    )
    return count / 2 ** len(nonzero) if exact else (count + 1) / (resamples + 1)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Return the p values adjusted for multiple tests, in the order of ``p``.

    Holm, *Scandinavian Journal of Statistics* 6, 1979: the i-th smallest of m is multiplied by
    m − i + 1, and none may be below a smaller one's. A nan stays nan and does not count as a test.
    """
    names = sorted((name for name in p if not np.isnan(p[name])), key=lambda name: p[name])
    raw = np.array([p[name] for name in names], dtype=np.float64)
    steps = np.maximum.accumulate(raw * np.arange(len(raw), 0, -1))
    adjusted = dict(zip(names, np.minimum(steps, 1.0).tolist(), strict=True))
    return {name: adjusted.get(name, float("nan")) for name in p}


def _chunks(resamples: int, width: int) -> Iterator[int]:
    """Yield row counts that sum to ``resamples`` and keep rows × width near a fixed size."""
    rows = max(1, _MAX_RESAMPLE_CELLS // max(width, 1))
    for start in range(0, resamples, rows):
        yield min(rows, resamples - start)


def _all_signs(n: int) -> Iterator[NDArray[np.float64]]:
    """Yield all patterns of ``n`` kept (1) or flipped (0) differences: float64[rows, n]."""
    first = 0
    for rows in _chunks(2**n, n):
        codes = np.arange(first, first + rows, dtype=np.int64)
        yield ((codes[:, None] >> np.arange(n)) & 1).astype(np.float64)
        first += rows


def _random_signs(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield ``resamples`` random patterns: float64[rows, n]."""
    rng = np.random.default_rng(seed)
    for rows in _chunks(resamples, n):
        random_bytes = rng.integers(0, 256, (rows, -(-n // 8)), dtype=np.uint8)
        yield np.unpackbits(random_bytes, axis=1, count=n).astype(np.float64)
