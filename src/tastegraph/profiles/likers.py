"""Who likes each item: the counts in reasons such as "12 people who like …"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Ints

MAX_LENGTH_RATIO = 32
"""One list of likers is looked up in another where that is shorter by more than this."""


@dataclass(frozen=True)
class Likers:
    """Users by item, as the columns of a sparse matrix; a user is a number without a name.

    Attributes:
        indptr: int64[I + 1], where the likers of each item begin.
        users: int32[L], the likers of item 0 in ascending order, then those of item 1, …
        count: U, one more than the largest number of a user.
    """

    indptr: NDArray[np.int64]
    users: NDArray[np.int32]
    count: int

    @classmethod
    def of_user_items(cls, user_items: CSR) -> Likers:
        """The same cells as ``user_items``, CSR[U, I], by item."""
        by_item = sparse.csc_array(user_items)
        by_item.sort_indices()
        return cls(
            by_item.indptr.astype(np.int64),
            by_item.indices.astype(np.int32),
            int(user_items.shape[0]),
        )

    def of(self, item: int) -> NDArray[np.int32]:
        """int32[n], the likers of one item in ascending order."""
        return self.users[self.indptr[item] : self.indptr[item + 1]]

    def number(self, items: Ints | int) -> NDArray[np.int64]:
        """int64, how many users like each of ``items``."""
        return np.asarray(self.indptr[np.asarray(items) + 1] - self.indptr[items], dtype=np.int64)

    @cached_property
    def active(self) -> int:
        """How many users like any item."""
        return len(np.unique(self.users))

    def both(self, items: Ints, target: int) -> NDArray[np.int64]:
        """int64[T], how many users like each of ``items`` (int[T]) and ``target``."""
        mine, sizes = self.of(target), self.number(items)
        if not len(mine) or not sizes.any():
            return np.zeros(len(items), dtype=np.int64)
        if sizes.sum() > MAX_LENGTH_RATIO * len(items) * len(mine):
            return np.array([_in_both(mine, self.of(int(item))) for item in items], dtype=np.int64)
        likes = np.zeros(self.count, dtype=np.bool_)
        likes[mine] = True
        return np.array([np.count_nonzero(likes[self.of(int(k))]) for k in items], dtype=np.int64)

    def of_both(self, item: int, target: int) -> int:
        """How many users like one item and another."""
        return _in_both(self.of(item), self.of(target))

    def how_many(self, items: Ints) -> NDArray[np.int64]:
        """int64[U], how many of ``items`` each user likes."""
        starts, sizes = self.indptr[items], self.number(items)
        offset = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        users = self.users[np.repeat(starts, sizes) + offset]
        return np.bincount(users, minlength=self.count)


def _in_both(few: NDArray[np.int32], many: NDArray[np.int32]) -> int:
    if len(few) > len(many):
        few, many = many, few
    if not len(few):
        return 0
    place = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return int(np.count_nonzero(many[place] == few))
