"""What a sentence may claim: how many users do so, and whether two texts are similar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.explain.reason import Reason
from tastegraph.models.kernels import FactorKernel
from tastegraph.profiles.association import Associations
from tastegraph.profiles.likers import Likers

TEXT_SAMPLE_SIZE = 1_000
"""Texts that a pair is compared with, evenly spaced over the items; all where there are fewer."""
NEAR_PERCENTILE = 0.9
"""A text is near if it is nearer than this share of the others; far, if farther than this share."""
MAX_CACHED_ITEMS = 2_000
"""Items whose similarities to the sample stay in memory, at most."""


class UserCounts:
    """Counts the users behind the reasons of one answer.

    Args:
        likers: the users that like each item.
        associations: items × features.
    """

    def __init__(self, likers: Likers, associations: Associations) -> None:
        self._likers, self._associations = likers, associations
        self._by_feature: dict[int, NDArray[np.int64]] = {}

    def of_both_items(self, reason: Reason, item: int, target: int, *, alike: bool) -> Reason:
        """``reason`` with the number of users that like ``item`` and ``target``.

        Its kind becomes ``learned`` where no user likes both; also where the reason says that
        those who like ``item`` like ``target`` less (``alike`` is false) and the counts deny it.
        """
        both, of_item = self._likers.of_both(item, target), self._count(item)
        of_all = self._count(target)
        if not both or (not alike and both * self._likers.active >= of_item * of_all):
            return replace(reason, kind="learned")
        return replace(reason, support=both)

    def of_feature(self, reason: Reason, item: int, target: int, *, alike: bool) -> Reason:
        """``reason`` with the number of users that like ``item`` and its feature elsewhere.

        Its kind becomes ``facts`` where the counts do not support it.
        """
        assert reason.feature is not None
        likes_elsewhere = self._likes_elsewhere(reason.feature, item, target)
        both = int(np.count_nonzero(likes_elsewhere[self._likers.of(item)]))
        of_item = self._count(item)
        of_all = int(np.count_nonzero(likes_elsewhere))
        if not both or (not alike and both * self._likers.active >= of_item * of_all):
            return replace(reason, kind="facts")
        return replace(reason, support=both)

    def _likes_elsewhere(self, feature: int, item: int, target: int) -> NDArray[np.bool_]:
        """bool[U], users that like something with ``feature`` other than the two items."""
        items = self._associations.with_feature(feature)
        if feature not in self._by_feature:
            self._by_feature[feature] = self._likers.how_many(items)
        counts = self._by_feature[feature].copy()
        for known_item in {item, target}:
            if (items == known_item).any():
                counts[self._likers.of(known_item)] -= 1
        return counts > 0

    def _count(self, item: int) -> int:
        return len(self._likers.of(item))


class TextSimilarity:
    """Compares the similarity of two texts with that of other pairs.

    Args:
        kernel: compares texts; rows of zeros have none.
    """

    def __init__(self, kernel: FactorKernel) -> None:
        self._kernel = kernel
        rows = np.arange(0, kernel.n_items, max(-(-kernel.n_items // TEXT_SAMPLE_SIZE), 1))
        right = np.asarray(kernel.right[rows], dtype=np.float32)
        if np.count_nonzero(right.any(axis=1)) < min(kernel.n_items, TEXT_SAMPLE_SIZE) / 2:
            # Few items have a text: they are looked for among all.
            with_text = np.flatnonzero(np.any(kernel.right, axis=1))
            rows = with_text[:: max(-(-len(with_text) // TEXT_SAMPLE_SIZE), 1)]
            right = np.asarray(kernel.right[rows], dtype=np.float32)
        has_text = right.any(axis=1)
        self._sample, self._right = rows[has_text], np.ascontiguousarray(right[has_text])
        self._sorted: dict[int, NDArray[np.float32]] = {}

    def percentile(self, item: int, target: int) -> float | None:
        """Share in [0, 1] of other texts that are less similar to ``item``'s than ``target``'s.

        ``None`` where one of the two has no text, or no other has.
        """
        left, right = self._kernel.left[item], self._kernel.right[target]
        others = len(self._sample) - sum(self._is_sampled(text) for text in (item, target))
        if others < 1 or item == target or not left.any() or not right.any():
            return None
        similarity = np.float32(left @ right)
        less = int(np.searchsorted(self._sample_similarities(item), similarity - np.float32(1e-6)))
        return less / others

    def _is_sampled(self, item: int) -> bool:
        place = int(np.searchsorted(self._sample, item))
        return place < len(self._sample) and bool(self._sample[place] == item)

    def is_near(self, item: int, target: int) -> bool:
        """Whether the text of ``target`` is in the tenth that is nearest to that of ``item``."""
        percentile = self.percentile(item, target)
        return percentile is not None and percentile >= NEAR_PERCENTILE

    def is_far(self, item: int, target: int) -> bool:
        """Whether the text of ``target`` is in the tenth that is farthest from ``item``'s."""
        percentile = self.percentile(item, target)
        return percentile is not None and percentile <= 1 - NEAR_PERCENTILE

    def _sample_similarities(self, item: int) -> NDArray[np.float32]:
        """float32[sample] in ascending order."""
        similarities = self._sorted.get(item)
        if similarities is None:
            similarities = np.sort(self._right @ self._kernel.left[item])
            if len(self._sorted) >= MAX_CACHED_ITEMS:
                self._sorted.clear()
            self._sorted[item] = similarities
        return similarities
