"""How many people like each item, an older like counting less."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.profiles.interactions import Interactions

SPAN_SHARES = (1 / 4, 1 / 16, 1 / 64)
"""Half-lives that are tried, as shares of the time from the first like to the last."""


def half_lives(events: Interactions) -> list[float]:
    """Seconds after which a like may count half; none where events have no order."""
    times = events.times[(events.weights > 0) & np.isfinite(events.times)]
    if not events.ordered or not len(times):
        return []
    span = float(times.max() - times.min())
    return [share * span for share in SPAN_SHARES if span > 0]


def recent_popularity(events: Interactions, half_life: float | None) -> NDArray[np.float32]:
    """Σ ½^(age / half-life) over the likes of each item, float32[I]; empty without a half-life.

    Args:
        events: ages are counted from the newest like; one without a time is not counted.
        half_life: seconds.
    """
    if half_life is None:
        return np.zeros(0, dtype=np.float32)
    at = (events.weights > 0) & np.isfinite(events.times)
    ages = events.times[at].max(initial=-np.inf) - events.times[at]
    counts = np.bincount(events.items[at], np.exp2(-ages / half_life), minlength=events.n_items)
    return counts.astype(np.float32)
