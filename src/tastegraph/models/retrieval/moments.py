"""How far the scores of a factor kernel spread over the items, in closed form.

Scores are products of a user's vector with those of the items, so that their mean and their mean
square follow from the items' mean vector and their second moment, without scoring any item.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import ROUNDING, Bools
from tastegraph.models.kernels import FactorKernel, Scores
from tastegraph.models.kernels.kernel import by_item, others_alone

BLOCK_ITEMS = 16_384
Floats64 = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Of the vectors of the items that a spread is taken over.

    Attributes:
        mean: float64[d], the mean vector.
        second: float32[d, d], the mean of r rᵀ; it is read whole for every list.
        count: number of items.
    """

    mean: Floats64
    second: Scores
    count: int

    @classmethod
    def of(cls, vectors: Scores, items: Bools) -> Moments:
        """Of those rows of ``vectors`` (float[I, d]) that are in ``items``; of all without any."""
        width = vectors.shape[1]
        total, squares, count = np.zeros(width), np.zeros((width, width)), 0
        for start in range(0, len(vectors), BLOCK_ITEMS):
            block = vectors[start : start + BLOCK_ITEMS]
            if items.any():
                block = block[items[start : start + BLOCK_ITEMS]]
            block = np.asarray(block, dtype=np.float32)
            total += block.sum(axis=0, dtype=np.float64)
            squares += block.T @ block
            count += len(block)
        mean_squares = (squares / max(count, 1)).astype(np.float32)
        return cls(total / max(count, 1), mean_squares, count)

    def inverse_spread(
        self,
        kernel: FactorKernel,
        items: NDArray[np.int32],
        attention: Scores,
        warm: Bools,
        user: Scores,
    ) -> float:
        """1 / σ of one history's scores over the items; 0 where it says nothing.

        It says nothing where σ is no more than rounding of the root mean square.

        Args:
            kernel: that compares items.
            items: int32[T], of the history.
            attention: float32[T].
            warm: bool[I], the items that the moments are of.
            user: float32[d], of :meth:`FactorKernel.user`.
        """
        if not self.count or not user.any():
            return 0.0
        vector = user.astype(np.float64)
        total = self.count * float(self.mean @ vector)
        squares = self.count * float(vector @ (self.second @ user))
        # An item says nothing of itself: its score is what the others say.
        items, attention = by_item(items, attention)
        if warm.any():
            items, attention = items[warm[items]], attention[warm[items]]
        whole = np.asarray(kernel.right[items] @ user, dtype=np.float32)
        others = others_alone(whole, attention * kernel.own(items)).astype(np.float64)
        total += float((others - whole).sum())
        squares += float((others**2 - whole.astype(np.float64) ** 2).sum())
        mean_square = max(squares, 0.0) / self.count
        variance = max(mean_square - (total / self.count) ** 2, 0.0)
        return 1 / sqrt(variance) if variance > ROUNDING**2 * mean_square else 0.0
