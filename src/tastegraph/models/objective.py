"""NDCG@10 on validation data: what every choice is made by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR
from tastegraph.models.kernels import Scores

CUTOFF = 10
Watch = Callable[[float], None]
"""Hears of each quality that was reached."""


def unwatched(_: float) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Objective:
    """Mean NDCG@10 of people with something to find, over all items they have not liked.

    Attributes:
        people: int64[U], rows of the data that are asked for.
        seen: int64[2, M], (row, item) cells that cannot be recommended.
        row, item: int64[R], what should be found, by row.
        ideal: float64[U], DCG of a perfect list.
        watch: hears of the mean over people of whatever is judged.
    """

    people: NDArray[np.int64]
    seen: tuple[NDArray[np.int64], NDArray[np.int64]]
    row: NDArray[np.int64]
    item: NDArray[np.int64]
    ideal: NDArray[np.float64]
    watch: Watch = field(default=unwatched, repr=False)

    @classmethod
    def of(
        cls, seen: CSR, wanted: CSR, people: NDArray[np.int64], watch: Watch = unwatched
    ) -> Objective:
        """Ask for ``people`` of whom ``wanted`` (CSR[users, items]) holds something.

        No cell of ``wanted`` may be in ``seen``: what cannot be recommended cannot be found.
        """
        hidden, asked = seen[people], wanted[people]
        hidden_row = np.repeat(np.arange(len(people)), np.diff(hidden.indptr))
        sizes = np.diff(asked.indptr)
        gains = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, CUTOFF + 2)))])
        return cls(
            people=people,
            seen=(hidden_row, hidden.indices.astype(np.int64)),
            row=np.repeat(np.arange(len(people)), sizes),
            item=asked.indices.astype(np.int64),
            ideal=gains[np.minimum(sizes, CUTOFF)],
            watch=watch,
        )

    def __call__(self, scores: Scores) -> float:
        """Mean NDCG@10 of float32[U, I]."""
        return float(self.by_person(scores).mean())

    def by_person(self, scores: Scores) -> NDArray[np.float64]:
        """NDCG@10, float64[U]; equal scores count against the item (Järvelin 2002).

        What scores nan is not found: it does not even reach itself. Whether an item is among the
        first ten is told by the eleven best scores of a row alone.
        """
        visible = np.fmax(scores, np.float32(-np.inf))
        visible[self.seen] = -np.inf
        kept = min(CUTOFF + 1, visible.shape[1])
        top = torch.from_numpy(visible).topk(kept, dim=1).values.numpy()
        ahead = (top[self.row] >= scores[self.row, self.item][:, None]).sum(axis=1) - 1
        listed = (ahead >= 0) & (ahead < CUTOFF)
        gain = np.where(listed, 1 / np.log2(np.maximum(ahead, 0) + 2), 0.0)
        reached = np.bincount(self.row, gain, minlength=len(self.people))
        found = reached / self.ideal
        self.watch(float(found.mean()))
        return found


def people_to_ask(wanted: CSR, n_items: int, cells: int, seed: int) -> NDArray[np.int64]:
    """Rows of ``wanted`` that hold something: all, or a seeded sample of ``cells / n_items``."""
    rows = np.flatnonzero(np.diff(wanted.indptr))
    most = max(cells // max(n_items, 1), 1)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return rows
