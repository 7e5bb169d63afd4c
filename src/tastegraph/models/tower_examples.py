"""What one step of training the text tower reads: some likes, what surrounds them, and negatives.

A step needs the vectors of these items alone, so that it takes as long in a catalogue of a million
items as in one of a hundred thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Bools
from tastegraph.profiles.attention import FLOOR
from tastegraph.profiles.interactions import Interactions

HALF_LIFE = 2.0
"""Of how much a like says of another, in likes between them."""
MAX_WHOLE_ITEMS = 65_536
"""Of a larger catalogue a like is surrounded by :data:`MAX_AROUND` others at most."""
MAX_AROUND = 32
WHOLE_SHARE = 0.5
"""A step that needs a larger share of the items takes all: they need not be picked."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """One batch of likes.

    Attributes:
        items: int64[R] in rising order, the items whose vectors are needed.
        around: float32 CSR[B, R], rows of sum 1: what else the user of each like likes.
        candidates: int64[C] in rising order, rows of ``items`` that a like is told from.
        targets: int64[B], the place of each like among ``candidates``.
        hidden: bool[B, C], candidates that the same user likes.
    """

    items: Ints
    around: CSR
    candidates: Ints
    targets: Ints
    hidden: Bools


@dataclass(frozen=True)
class Sequences:
    """Everybody's likes, one after another.

    Attributes:
        items: int64[L].
        start, end: int64[L], where what surrounds each like begins and ends.
        ordered: bool[L], whether the sequence has times; without, all of it is equally near.
        n_items: I.
    """

    items: Ints
    start: Ints
    end: Ints
    ordered: Bools
    n_items: int

    @classmethod
    def of(cls, events: Interactions, newest: int) -> Sequences:
        """The likes of ``events``, the ``newest`` of each user; one alone has nothing around it."""
        enough = 2 if newest > 1 else np.inf
        histories = [each for each in events.histories() if len(each.likes) >= enough]
        likes = [history.likes[-newest:] for history in histories]
        sizes = np.array([len(sequence) for sequence in likes], dtype=np.int64)
        ends = np.cumsum(sizes)
        items = np.concatenate([np.zeros(0, dtype=np.int64), *likes]).astype(np.int64)
        ordered = np.array([history.ordered for history in histories], dtype=np.bool_)
        whole = cls(
            items,
            np.repeat(ends - sizes, sizes),
            np.repeat(ends, sizes),
            np.repeat(ordered, sizes),
            events.n_items,
        )
        return whole if events.n_items <= MAX_WHOLE_ITEMS else whole.near(MAX_AROUND // 2)

    def near(self, likes: int) -> Sequences:
        """The same, where a like is surrounded by so many others on either side at most."""
        place = np.arange(len(self.items))
        return replace(
            self,
            start=np.maximum(self.start, place - likes),
            end=np.minimum(self.end, place + likes + 1),
        )

    def around(self, places: Ints) -> CSR:
        """float32 CSR[B, I], rows of sum 1: what else was liked, by its distance."""
        sizes = self.end[places] - self.start[places]
        row = np.repeat(np.arange(len(places)), sizes)
        first = np.repeat(self.start[places] - np.cumsum(sizes) + sizes, sizes)
        at = np.arange(sizes.sum()) + first
        away = np.abs(at - places[row])
        near = np.where(self.ordered[places[row]], np.exp2(-(away - 1) / HALF_LIFE) + FLOOR, 1.0)
        weight = np.where(away, near, 0.0)
        weight /= np.bincount(row, weight, minlength=len(places))[row]
        entries = (weight[away > 0].astype(np.float32), (row[away > 0], self.items[at[away > 0]]))
        shape = len(places), self.n_items
        return sparse.csr_array(sparse.coo_array(entries, shape=shape))

    def step(self, places: Ints, negatives: Ints) -> Step:
        """The step that tells the likes at ``places`` (int64[B]) from ``negatives``.

        All items where most are needed anyway.
        """
        around, targets = self.around(places), self.items[places]
        candidates, place = np.unique(np.concatenate([targets, negatives]), return_inverse=True)
        items = np.union1d(around.indices, candidates).astype(np.int64)
        if len(items) > WHOLE_SHARE * self.n_items:
            items = np.arange(self.n_items)
        else:
            columns = np.searchsorted(items, around.indices)
            shape = len(places), len(items)
            around = sparse.csr_array((around.data, columns, around.indptr), shape=shape)
            candidates = np.searchsorted(items, candidates)
        hidden = np.asarray(around[:, candidates].toarray() > 0)
        return Step(items, around, candidates, place[: len(targets)], hidden)
