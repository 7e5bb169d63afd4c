"""Slices of users and items on which models are evaluated separately, such as cold users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import CSR, Bools, Ints, binary, pair_keys
from tastegraph.models.base import FEW_LIKES

TAIL_SHARE = 0.2
"""Share of the training events that the tail items hold together, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSlice:
    """Users that are evaluated, and items that count as relevant; all items may be recommended.

    Attributes:
        name: for example ``cold_user``.
        users: bool[U].
        items: bool[I].
    """

    name: str
    users: Bools
    items: Bools

    def restrict(self, relevant: CSR) -> CSR:
        """Return ``relevant``, CSR[U, I], as bool without the other users and the other items.

        In :func:`tastegraph.evaluation.metrics.per_user`, users left without a relevant item get
        nan and are thereby left out of the mean.

        Raises:
            ValueError: the shape is not [U, I].
        """
        if relevant.shape != (len(self.users), len(self.items)):
            raise ValueError(
                f"relevant {relevant.shape}, slice ({len(self.users)}, {len(self.items)})"
            )
        rows, columns = np.divmod(pair_keys(relevant), max(len(self.items), 1))
        inside = self.users[rows] & self.items[columns]
        return binary(rows[inside], columns[inside], relevant.shape)


def standard_slices(train: CSR) -> list[EvaluationSlice]:
    """Return the slices that every model is evaluated on, ``all`` first.

    - ``cold_user`` and ``warm_user`` divide the users at :data:`FEW_LIKES` training items.
    - ``cold_item`` and ``warm_item`` divide the items by whether they occur in training.
    - ``tail`` and ``head`` divide the warm items: the tail is the least popular items that together
      hold no more than :data:`TAIL_SHARE` of the training events. Items of equal popularity are on
      the same side, so that their numbering does not matter.

    Args:
        train: CSR[U, I], non-zero where a user has a training event with an item.
    """
    n_users, n_items = train.shape
    rows, columns = np.divmod(pair_keys(train), max(n_items, 1))
    cold_user = np.bincount(rows, minlength=n_users) < FEW_LIKES
    popularity = np.bincount(columns, minlength=n_items)
    warm_item = popularity > 0
    tail = warm_item & _least_popular(popularity)
    all_users, all_items = np.ones(n_users, dtype=np.bool_), np.ones(n_items, dtype=np.bool_)
    return [
        EvaluationSlice("all", all_users, all_items),
        EvaluationSlice("cold_user", cold_user, all_items),
        EvaluationSlice("warm_user", ~cold_user, all_items),
        EvaluationSlice("cold_item", all_users, ~warm_item),
        EvaluationSlice("warm_item", all_users, warm_item),
        EvaluationSlice("tail", all_users, tail),
        EvaluationSlice("head", all_users, warm_item & ~tail),
    ]


def _least_popular(popularity: Ints) -> Bools:
    """bool[I]: the least popular items that together hold at most :data:`TAIL_SHARE` of events."""
    ordered = np.sort(popularity)
    cumulative = np.cumsum(ordered)[np.searchsorted(ordered, popularity, side="right") - 1]
    return np.asarray(cumulative <= TAIL_SHARE * ordered.sum(), dtype=np.bool_)
