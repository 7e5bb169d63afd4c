"""Drift: whether lists are answered less often than they were."""

from __future__ import annotations

import math
from collections.abc import Sequence

FEWEST = 100
"""So many lists, or a fifth of all where that is more, are compared with those before them."""
NEWEST = 5
ALARM = 3.09
"""Standard errors: by chance alone one look in a thousand sounds an alarm."""


def fallen(answered: Sequence[bool], tolerated: float) -> bool:
    """Whether the newest lists are answered less often than those before them.

    They are where the share fell by more than ``tolerated`` of itself, and by more than chance has
    it: a one-sided two-proportion z-test with the pooled share p,

        z = (p₁ - p₂) / √(p (1 - p) (1/n₁ + 1/n₂))

    Args:
        answered: of each list, in the order of time, whether anything in it was answered.
        tolerated: share in [0, 1).
    """
    newest = max(FEWEST, len(answered) // NEWEST)
    before, since = answered[:-newest], answered[-newest:]
    if len(before) < newest:
        return False
    was, now = sum(before) / len(before), sum(since) / len(since)
    pooled = sum(answered) / len(answered)
    error = math.sqrt(pooled * (1 - pooled) * (1 / len(before) + 1 / len(since)))
    return now < (1 - tolerated) * was and was - now > ALARM * error
