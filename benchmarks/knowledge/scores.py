"""Precision, recall and F1 with bootstrap intervals over the units that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

RESAMPLES = 1000


def scores(units: Sequence[tuple[int, int, int]], seed: int = 1) -> dict[str, Any]:
    """Score (true positives, false positives, false negatives) of each unit, such as a film.

    The figures are over all units together (micro); an interval is the 2.5 and 97.5 percentile
    over units drawn with replacement (Efron & Tibshirani 1993, ch. 13).
    """
    counts = np.asarray(units, dtype=np.int64).reshape(-1, 3)
    rng = np.random.default_rng(seed)
    drawn = np.stack(
        [counts[rng.integers(0, len(counts), len(counts))].sum(axis=0) for _ in range(RESAMPLES)]
    )
    results: dict[str, Any] = {}
    for name, value, values in zip(
        ("precision", "recall", "f1"), _rates(counts.sum(axis=0)), _rates(drawn), strict=True
    ):
        low, high = np.quantile(values, (0.025, 0.975))
        results[name] = round(float(value), 4)
        results[f"{name}_interval"] = [round(float(low), 4), round(float(high), 4)]
    return {**results, "units": len(counts), "gold": int(counts[:, 0].sum() + counts[:, 2].sum())}


def _rates(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    right, wrong, missed = np.moveaxis(counts.astype(np.float64), -1, 0)
    return (
        right / np.maximum(right + wrong, 1),
        right / np.maximum(right + missed, 1),
        2 * right / np.maximum(2 * right + wrong + missed, 1),
    )
