"""How far a confidence can be believed, and from which one on to believe it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools, Floats


def expected_calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float:
    """The mean gap between confidence and the share that is right, bin by bin (Guo et al. 2017).

    Args:
        confidence: float[N] in [0, 1].
        right: bool[N].
        bins: of equal width, closed above, as there; a bin counts by how many fall into it.
    """
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = np.bincount(place, confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / max(len(confidence), 1))


def threshold_for(precision: float, confidence: Floats, right: Bools) -> float:
    """The least confidence from which on at least ``precision`` of the links are right.

    Returns:
        ``inf`` where none is, so that nothing is linked.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_ = confidence[order]
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.append(sorted_[1:] != sorted_[:-1], True)[: len(order)]
    enough = np.flatnonzero((share >= precision) & last_of_equals)
    return float(sorted_[enough[-1]]) if len(enough) else float("inf")


def logit(probability: Floats) -> NDArray[np.float64]:
    """Log-odds, of probabilities kept from 0 and 1 by 1e-6."""
    kept = np.clip(probability, 1e-6, 1 - 1e-6).astype(np.float64)
    return np.log(kept / (1 - kept))
