"""Slices of a table: test likes by how often their item was liked, users by how much they liked.

A *slice of items* has as targets the test likes on items of that popularity alone; all items are
ranked as before, and a user without such a test like is not in the slice. Popularity is how many
users like the item in what the model was fitted on. A *slice of users* has the users whose history,
as the model knows it at test time, holds so many likes. Of pairs a slice has the test pairs with
such an item or such a user, and the area under the curve is of these pairs alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools, Ints
from tastegraph.evaluation.slices import EvaluationSlice

Bounds = tuple[int, int | None]

ITEM_BOUNDS: tuple[Bounds, ...] = ((0, 0), (1, 5), (6, 20), (21, None))
"""Likes of an item: from and to, both included."""
USER_BOUNDS: tuple[Bounds, ...] = ((0, 5), (6, 20), (21, 50), (51, None))
"""Likes of a history."""
MIN_USERS = 20
"""A slice of fewer users is not reported."""

UserValues = Mapping[str, NDArray[np.float64]]
"""Metric → float64[U], nan for users who are not in the slice."""


def slices_by_likes(item_likes: Ints, history_likes: Ints) -> list[EvaluationSlice]:
    """Of all items by :data:`ITEM_BOUNDS`, then of all users by :data:`USER_BOUNDS`.

    Args:
        item_likes: int[I].
        history_likes: int[U].
    """
    every_user = np.ones(len(history_likes), dtype=np.bool_)
    every_item = np.ones(len(item_likes), dtype=np.bool_)
    of_items = [
        EvaluationSlice(name_of_items(bounds), every_user, _within(item_likes, bounds))
        for bounds in ITEM_BOUNDS
    ]
    of_users = [
        EvaluationSlice(name_of_users(bounds), _within(history_likes, bounds), every_item)
        for bounds in USER_BOUNDS
    ]
    return of_items + of_users


@dataclass(frozen=True)
class SliceSize:
    """How much a slice holds: users, and their test likes or pairs."""

    users: int
    targets: int


@dataclass
class SliceValues:
    """What every row reached on each slice, one entry for each seed.

    Attributes:
        sizes: slice → its size under each seed.
        values: slice → row → the users' values under each seed.
    """

    sizes: dict[str, list[SliceSize]] = field(default_factory=dict)
    values: dict[str, dict[str, list[UserValues]]] = field(default_factory=dict)

    def add_sizes(self, sizes: Mapping[str, SliceSize]) -> None:
        """Those of one more seed."""
        for name, size in sizes.items():
            self.sizes.setdefault(name, []).append(size)

    def add(self, row: str, by_slice: Mapping[str, UserValues]) -> None:
        """A row under one more seed."""
        for name, values in by_slice.items():
            self.values.setdefault(name, {}).setdefault(row, []).append(values)

    def reported(self) -> dict[str, dict[str, Sequence[UserValues]]]:
        """Those of :data:`MIN_USERS` at least; the order of :func:`slices_by_likes` stays."""
        return {
            name: dict(self.values[name])
            for name, sizes in self.sizes.items()
            if name in self.values and np.mean([size.users for size in sizes]) >= MIN_USERS
        }

    def size(self, name: str) -> dict[str, Any]:
        """Users and targets of a slice, the mean over the seeds; for JSON."""
        sizes = self.sizes[name]
        return {
            "users": round(float(np.mean([size.users for size in sizes]))),
            "targets": round(float(np.mean([size.targets for size in sizes]))),
        }


def name_of_items(bounds: Bounds) -> str:
    """For example ``items with 1–5 likes``."""
    return f"items with {_range(bounds)}"


def name_of_users(bounds: Bounds) -> str:
    """For example ``histories of 6–20 likes``."""
    return f"histories of {_range(bounds)}"


def _within(counts: Ints, bounds: Bounds) -> Bools:
    low, high = bounds
    return np.asarray((counts >= low) & (counts <= (np.inf if high is None else high)))


def _range(bounds: Bounds) -> str:
    low, high = bounds
    if high is None:
        return f"more than {low - 1} likes"
    if high == 0:
        return "no like"
    return f"up to {high} likes" if low == 0 else f"{low}–{high} likes"
