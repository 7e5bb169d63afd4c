"""What other people do, counted: the support of a reason that speaks of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.explain.reason import Reason
from tastegraph.profiles.association import Associations
from tastegraph.profiles.likers import Likers


class People:
    """Counts of people for the reasons of one answer.

    Args:
        likers: who likes each item.
        associations: items × features.
    """

    def __init__(self, likers: Likers, associations: Associations) -> None:
        self._likers, self._associations = likers, associations
        self._by_feature: dict[int, NDArray[np.int64]] = {}

    def of_both(self, reason: Reason, item: int, target: int, *, alike: bool) -> Reason:
        """``reason``, that liking goes from ``item`` to ``target``, as far as it is true.

        It is where somebody likes both; that those who like ``item`` like ``target`` less
        (``alike`` is false) only where fewer of them do than of all people.
        """
        both, one = int(self._likers.both(np.array([item]), target)[0]), self._number(item)
        of_all = self._number(target)
        if not both or (not alike and both * self._likers.active >= one * of_all):
            return replace(reason, kind="learned")
        return replace(reason, support=both)

    def of_feature(self, reason: Reason, item: int, target: int, *, alike: bool) -> Reason:
        """``reason``, that who likes ``item`` likes its feature elsewhere, as far as it is true."""
        assert reason.feature is not None
        liked = self._liked_elsewhere(reason.feature, item, target)
        both, one = int(np.count_nonzero(liked[self._likers.of(item)])), self._number(item)
        of_all = int(np.count_nonzero(liked))
        if not both or (not alike and both * self._likers.active >= one * of_all):
            return replace(reason, kind="facts")
        return replace(reason, support=both)

    def _liked_elsewhere(self, feature: int, item: int, target: int) -> NDArray[np.bool_]:
        """bool[U], who likes something with ``feature`` that is neither of the two items."""
        items = self._associations.with_feature(feature)
        if feature not in self._by_feature:
            self._by_feature[feature] = self._likers.how_many(items)
        counts = self._by_feature[feature].copy()
        for one in {item, target}:
            if (items == one).any():
                counts[self._likers.of(one)] -= 1
        return counts > 0

    def _number(self, item: int) -> int:
        return len(self._likers.of(item))
