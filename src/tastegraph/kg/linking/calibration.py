"""Calibration: how far predicted probabilities can be trusted, and decision thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools, Floats

BINS = 10
"""Bins of equal width, each closed above, of the calibration error."""


def expected_calibration_error(confidence: Floats, correct: Bools) -> float:
    """The mean gap between confidence and accuracy over ten bins (Guo et al., ICML 2017).

    ``ECE = Σ_b |B_b| / N · |accuracy(B_b) - confidence(B_b)|``

    Args:
        confidence: float[N] in [0, 1].
        correct: bool[N].
    """
    bin_of = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    gap = np.bincount(bin_of, confidence - correct, minlength=BINS)
    return float(np.abs(gap).sum() / max(len(confidence), 1))


def threshold_for(precision: float, confidence: Floats, correct: Bools) -> float:
    """The lowest confidence threshold at which the precision is at least ``precision``.

    Args:
        precision: in [0, 1].
        confidence: float[N].
        correct: bool[N].

    Returns:
        The threshold; ``inf`` where no threshold reaches the precision.
    """
    order = np.argsort(-confidence, kind="stable")
    descending = confidence[order]
    precision_at = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    last_of_ties = np.append(descending[1:] != descending[:-1], True)[: len(order)]
    sufficient = np.flatnonzero((precision_at >= precision) & last_of_ties)
    return float(descending[sufficient[-1]]) if len(sufficient) else float("inf")


def logit(probability: Floats) -> NDArray[np.float64]:
    """Log-odds of probabilities, which are first clipped to [1e-6, 1 - 1e-6]."""
    clipped = np.clip(probability, 1e-6, 1 - 1e-6).astype(np.float64)
    return np.log(clipped / (1 - clipped))
