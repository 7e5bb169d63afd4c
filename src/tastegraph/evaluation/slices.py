"""Parts of the people and of the items on which a model is judged apart from the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import CSR, Bools, Ints, binary, pair_keys
from tastegraph.models.base import FEW_LIKES

TAIL_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """People who are judged, and items that count as relevant; every item may be recommended.

    Attributes:
        users: bool[U].
        items: bool[I].
    """

    name: str
    users: Bools
    items: Bools

    def restrict(self, relevant: CSR) -> CSR:
        """Return ``relevant``, CSR[U, I], as bool without other people's rows and other items.

        Given to :func:`tastegraph.evaluation.metrics.per_user`, people left without a relevant
        item have nan and are thereby out of the mean.

        Raises:
            ValueError: the shape is not [U, I].
        """
        if relevant.shape != (len(self.users), len(self.items)):
            raise ValueError(
                f"relevant {relevant.shape}, slice ({len(self.users)}, {len(self.items)})"
            )
        rows, columns = np.divmod(pair_keys(relevant), max(len(self.items), 1))
        kept = self.users[rows] & self.items[columns]
        return binary(rows[kept], columns[kept], relevant.shape)


def standard_slices(train: CSR) -> list[Slice]:
    """Return the slices every model is judged on, ``all`` first.

    - ``cold_user`` and ``warm_user`` part the people at :data:`FEW_LIKES` training items.
    - ``cold_item`` and ``warm_item`` part the items by whether they occur in training.
    - ``tail`` and ``head`` part the warm items: the tail is the least popular items that together
      hold no more than :data:`TAIL_SHARE` of the training events. Items of equal popularity are on
      the same side, so that their numbering is of no account.

    Args:
        train: CSR[U, I], non-zero where a person has a training event with an item.
    """
    n_users, n_items = train.shape
    rows, columns = np.divmod(pair_keys(train), max(n_items, 1))
    cold_user = np.bincount(rows, minlength=n_users) < FEW_LIKES
    popularity = np.bincount(columns, minlength=n_items)
    warm_item = popularity > 0
    tail = warm_item & _least_popular(popularity)
    everyone, everything = np.ones(n_users, dtype=np.bool_), np.ones(n_items, dtype=np.bool_)
    return [
        Slice("all", everyone, everything),
        Slice("cold_user", cold_user, everything),
        Slice("warm_user", ~cold_user, everything),
        Slice("cold_item", everyone, ~warm_item),
        Slice("warm_item", everyone, warm_item),
        Slice("tail", everyone, tail),
        Slice("head", everyone, warm_item & ~tail),
    ]


def _least_popular(popularity: Ints) -> Bools:
    """Tell which items, with all that are no more popular, hold at most the tail's share."""
    ordered = np.sort(popularity)
    held = np.cumsum(ordered)[np.searchsorted(ordered, popularity, side="right") - 1]
    return np.asarray(held <= TAIL_SHARE * ordered.sum(), dtype=np.bool_)
