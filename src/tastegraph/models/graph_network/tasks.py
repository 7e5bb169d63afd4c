"""What the graph network learns from: the next item of a sequence, or the whole of a set.

Both ask which items go with a taste, by a softmax over cosines with a temperature (Wu et al. 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from tastegraph.core.arrays import CSR, Bools
from tastegraph.models.graph_network.adjacency import SparseProduct, as_tensor
from tastegraph.models.graph_network.network import GraphNetwork
from tastegraph.profiles.interactions import History

BATCHES = 32
"""A pass has at most so many, each of which propagates over the whole graph. Where there is much to
learn from, batches grow, and beyond their largest size a pass sees some of it."""
EVENTS, SETS = (4_096, 16_384), (256, 4_096)
"""Smallest and largest batch, of events and of sets."""
ASKED = 2_048
"""Of the events in a batch so many are asked for, at most; half of it first for what is new."""
KEPT = 0.85
"""Share of a set that is shown; all of it is asked for."""
ALL_ITEMS = 4_096
"""Up to this many items the softmax runs over all; beyond, over so many shared ones, where events
are asked for and where sets are, whose vectors are wide and need more to be told apart by:"""
SHARED = 2_048, 8_192


@dataclass(frozen=True)
class Batch:
    """What one batch asks.

    Attributes:
        tastes: float32[B, heads · d], of any length.
        asked: int64[R], row of the taste that each wanted item belongs to.
        wanted: int64[R], items.
    """

    tastes: Tensor
    asked: Tensor
    wanted: Tensor


BatchBuilder = Callable[[GraphNetwork, Tensor], Batch]
"""The questions of one batch, from the network and what an event on each item contributes."""


class TrainingTask(Protocol):
    """Anything that a network can learn from.

    Attributes:
        history: newest likes that make a taste.
        ordered: whether what comes later in a history is newer; otherwise attention is even.
        shared: items that the softmax runs over, where there are more than it takes in.
    """

    history: int
    ordered: bool
    shared: int

    def __len__(self) -> int:
        """Batches in one pass."""
        ...

    def epoch(self, rng: np.random.Generator) -> Iterator[BatchBuilder]:
        """Batches in a random order."""
        ...


class NextItem:
    """What comes next, after each event of a sequence.

    Args:
        histories: oldest first; of one without times no item is the next, so nothing is learned.
        newest: so many likes of each count.
        new: int64[U], so many of each one's likes, the newest, are asked for before others; by
            default none.
    """

    ordered, shared = True, SHARED[0]

    def __init__(
        self,
        histories: Sequence[History],
        newest: int,
        new: NDArray[np.int64] | None = None,
    ) -> None:
        self.history = newest
        counts = np.zeros(len(histories), dtype=np.int64) if new is None else new
        pairs = (
            (history.likes[-newest:], int(count))
            for history, count in zip(histories, counts, strict=True)
            if history.ordered
        )
        sequences = sorted((p for p in pairs if len(p[0]) > 1), key=lambda p: -len(p[0]))
        events = sum(len(s) for s, _ in sequences) // BATCHES
        events = min(max(events, EVENTS[0]), EVENTS[1])
        self._batches: list[tuple[Tensor, Tensor]] = []
        while sequences:
            longest = len(sequences[0][0])
            chosen = sequences[: max(events // longest, 1)]
            sequences = sequences[len(chosen) :]
            padded = np.full((len(chosen), longest), -1, dtype=np.int64)
            first = np.zeros(padded.shape, dtype=np.bool_)
            for row, (sequence, count) in enumerate(chosen):
                end = len(sequence)
                padded[row, :end] = sequence
                first[row, max(end - count, 0) : end] = True
            self._batches.append((torch.from_numpy(padded), torch.from_numpy(first)))

    def __len__(self) -> int:
        return min(len(self._batches), BATCHES)

    def epoch(self, rng: np.random.Generator) -> Iterator[BatchBuilder]:
        """Each batch has people with sequences of like length."""
        for at in rng.permutation(len(self._batches))[:BATCHES]:
            sequences, new = self._batches[at]
            yield partial(_next_items, sequences, new, rng)


class SetCompletion:
    """The whole of a set, from most of it: a denoising autoencoder (Liang et al. 2018).

    Args:
        sets: CSR[S, I], what each person likes, and any other items that belong together.
    """

    ordered, shared = False, SHARED[1]

    def __init__(self, sets: CSR) -> None:
        self.history = max(int(np.diff(sets.indptr).max(initial=0)), 1)
        self._sets = sparse.csr_array(sets[np.diff(sets.indptr) > 1])
        size = -(-self._sets.shape[0] // BATCHES)
        self._size = min(max(size, SETS[0]), SETS[1])

    def __len__(self) -> int:
        return min(-(-self._sets.shape[0] // self._size), BATCHES)

    def epoch(self, rng: np.random.Generator) -> Iterator[BatchBuilder]:
        """Sets in a random order."""
        order = rng.permutation(self._sets.shape[0])[: BATCHES * self._size]
        for start in range(0, len(order), self._size):
            sets = self._sets[order[start : start + self._size]]
            yield partial(_whole_sets, sets, rng.random(sets.nnz) < KEPT)


def _next_items(
    sequences: Tensor, new: Tensor, rng: np.random.Generator, network: GraphNetwork, events: Tensor
) -> Batch:
    """``sequences`` is int64[B, T], padded with -1 at the end, ``new`` bool[B, T]."""
    sequences = sequences.to(events.device)
    present = sequences >= 0
    tastes = network.tastes(events[sequences.clamp(min=0)], present)[:, :-1]
    row, at = torch.nonzero(present[:, 1:], as_tuple=True)
    if len(row) > ASKED:
        some = torch.from_numpy(_drawn(new[row.cpu(), at.cpu() + 1].numpy(), rng)).to(row)
        row, at = row[some], at[some]
    every = torch.arange(len(row), device=row.device)
    return Batch(tastes[row, at], every, sequences[row, at + 1])


def _drawn(new: Bools, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[ASKED] of N > ASKED: of those where ``new`` (bool[N]) holds first, of the rest then.

    New ones take half of the places before any other is drawn.
    """
    first = rng.permutation(np.flatnonzero(new))[: ASKED // 2]
    others = np.ones(len(new), dtype=np.bool_)
    others[first] = False
    rest = rng.choice(np.flatnonzero(others), ASKED - len(first), replace=False)
    return np.concatenate([first, rest])


def _whole_sets(sets: CSR, kept: Bools, _: GraphNetwork, events: Tensor) -> Batch:
    """``sets`` is CSR[B, I], ``kept`` bool[nnz]."""
    rows = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    cells = (rows[kept], sets.indices[kept])
    ones = np.ones(len(cells[0]), dtype=np.float32)
    shown = sparse.csr_array((ones, cells), shape=sets.shape)
    tastes = SparseProduct.apply(  # type: ignore[no-untyped-call]
        as_tensor(shown).to(events.device),
        as_tensor(sparse.csr_array(shown.T)).to(events.device),
        events,
    )
    told = (np.diff(shown.indptr) > 0)[rows]
    asked = torch.from_numpy(rows[told]).to(events.device)
    return Batch(tastes, asked, torch.from_numpy(sets.indices[told].astype(np.int64)).to(asked))
