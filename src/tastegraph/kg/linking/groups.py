"""Best and other members of groups that lie one after the other in an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Floats, Ints


def lead(group: Ints, values: Floats) -> NDArray[np.float64]:
    """``values``, float[N], less the best of the others in the group; alone, less nothing.

    Args:
        group: int[N], sorted.
    """
    if not len(group):
        return np.zeros(0)
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    sizes = np.diff(np.append(starts, len(group)))
    best = np.repeat(np.maximum.reduceat(values, starts), sizes)
    shared = np.repeat(np.add.reduceat((values == best).astype(np.int64), starts), sizes) > 1
    second = np.maximum.reduceat(np.where(values == best, -np.inf, values), starts)
    other = np.where((values == best) & ~shared, np.repeat(second, sizes), best)
    return np.where(np.isfinite(other), values - other, values).astype(np.float64)


def ranks(group: Ints, values: Floats) -> NDArray[np.int64]:
    """int64[N], 0 for the best of each group; equals by their order."""
    order = np.lexsort((np.arange(len(group)), -values, group))
    found = np.empty(len(group), dtype=np.int64)
    starts = np.flatnonzero(np.diff(group, prepend=-1)) if len(group) else np.zeros(0, np.int64)
    found[order] = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    return found
