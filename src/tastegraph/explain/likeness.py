"""Whether two texts are so near, or so far apart, that it may be said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.kernels import FactorKernel

SAMPLE = 1_000
"""Texts that a pair is compared with, evenly spaced over the items; all where there are fewer."""
MOST = 0.9
"""Much alike is what is nearer than this share of the other texts; unlike, what is farther."""
REMEMBERED = 2_000


class Likeness:
    """Pairs of texts beside the other pairs that one of them is in.

    Args:
        kernel: compares texts; rows of zeros have none.
    """

    def __init__(self, kernel: FactorKernel) -> None:
        self._kernel = kernel
        written = np.flatnonzero(np.any(kernel.right, axis=1))
        step = max(-(-len(written) // SAMPLE), 1)
        self._sample = written[::step]
        self._right = np.ascontiguousarray(kernel.right[self._sample])
        self._sorted: dict[int, NDArray[np.float32]] = {}

    def of(self, item: int, target: int) -> float | None:
        """Share in [0, 1] of other texts that are less like that of ``item`` than ``target``'s is.

        ``None`` where one of the two has no text, or no other has.
        """
        left, right = self._kernel.left[item], self._kernel.right[target]
        others = len(self._sample) - int(np.isin([item, target], self._sample).sum())
        if others < 1 or item == target or not left.any() or not right.any():
            return None
        similarity = np.float32(left @ right)
        less = int(np.searchsorted(self._of_sample(item), similarity - np.float32(1e-6)))
        return less / others

    def much_alike(self, item: int, target: int) -> bool:
        """Whether the text of ``target`` is among the tenth that is nearest to that of ``item``."""
        share = self.of(item, target)
        return share is not None and share >= MOST

    def unlike(self, item: int, target: int) -> bool:
        """Whether it is among the tenth that is farthest from it."""
        share = self.of(item, target)
        return share is not None and share <= 1 - MOST

    def _of_sample(self, item: int) -> NDArray[np.float32]:
        similarities = self._sorted.get(item)
        if similarities is None:
            similarities = np.sort(self._right @ self._kernel.left[item])
            if len(self._sorted) >= REMEMBERED:
                self._sorted.clear()
            self._sorted[item] = similarities
        return similarities
