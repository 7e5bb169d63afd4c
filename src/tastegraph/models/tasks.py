"""What the graph network learns from: the next item of a sequence, or the whole of a set.

Both ask which items go with a taste, by a softmax over cosines with a temperature (Wu et al. 2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor
from torch.nn import functional

from tastegraph.core.arrays import CSR, Bools
from tastegraph.models.learned import NetworkSettings
from tastegraph.models.network import GraphNetwork, SparseProduct, as_tensor
from tastegraph.models.softmax import log_sum_exp
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
class Questions:
    """What one batch asks.

    Attributes:
        tastes: float32[B, heads · d], of any length.
        asked: int64[R], row of the taste that each wanted item belongs to.
        wanted: int64[R], items.
    """

    tastes: Tensor
    asked: Tensor
    wanted: Tensor


Ask = Callable[[GraphNetwork, Tensor], Questions]
"""The questions of one batch, from the network and what an event on each item contributes."""


class Task(Protocol):
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

    def epoch(self, rng: np.random.Generator) -> Iterator[Ask]:
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

    def epoch(self, rng: np.random.Generator) -> Iterator[Ask]:
        """Each batch has people with sequences of like length."""
        for at in rng.permutation(len(self._batches))[:BATCHES]:
            sequences, new = self._batches[at]
            yield partial(_next_items, sequences, new, rng)


class WholeSet:
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

    def epoch(self, rng: np.random.Generator) -> Iterator[Ask]:
        """Sets in a random order."""
        order = rng.permutation(self._sets.shape[0])[: BATCHES * self._size]
        for start in range(0, len(order), self._size):
            sets = self._sets[order[start : start + self._size]]
            yield partial(_whole_sets, sets, rng.random(sets.nnz) < KEPT)


def under_softmax(n_items: int, task: Task) -> int:
    """How many of ``n_items`` a softmax runs over: all, or the shared ones."""
    return n_items if n_items <= max(ALL_ITEMS, task.shared) else task.shared


def loss(
    questions: Questions,
    items: Tensor,
    settings: NetworkSettings,
    among: int,
    rng: np.random.Generator,
) -> Tensor:
    """Cross-entropy of the wanted items among all, of cosine / temperature, mean over heads.

    The sum over all items is estimated from some where there are more (sampled softmax with a
    uniform proposal, Bengio & Senécal 2008).

    Args:
        questions: of one batch.
        items: float32[I, heads · d].
        settings: temperature and heads.
        among: the sum runs over so many, of :func:`under_softmax`.
        rng: what the shared items are drawn with.
    """
    tastes = of_heads(questions.tastes, settings.heads) / settings.temperature
    unit = of_heads(items, settings.heads)
    asked, wanted = questions.asked, questions.wanted
    own = (tastes[:, asked] * unit[:, wanted]).sum(dim=-1)
    if among == len(items):
        return (log_sum_exp(tastes, unit)[:, asked] - own).mean()
    shared = torch.from_numpy(rng.integers(0, len(items), among)).to(items.device)
    rest = log_sum_exp(tastes, unit[:, shared]) + math.log(len(items) / among)
    return functional.softplus(rest[:, asked] - own).mean()


def of_heads(vectors: Tensor, heads: int) -> Tensor:
    """float32[R, heads · d] → float32[heads, R, d], rows of length 1."""
    apart = vectors.reshape(len(vectors), heads, -1).transpose(0, 1)
    return functional.normalize(apart, dim=-1)


def _next_items(
    sequences: Tensor, new: Tensor, rng: np.random.Generator, network: GraphNetwork, events: Tensor
) -> Questions:
    """``sequences`` is int64[B, T], padded with -1 at the end, ``new`` bool[B, T]."""
    sequences = sequences.to(events.device)
    present = sequences >= 0
    tastes = network.tastes(events[sequences.clamp(min=0)], present)[:, :-1]
    row, at = torch.nonzero(present[:, 1:], as_tuple=True)
    if len(row) > ASKED:
        some = torch.from_numpy(_drawn(new[row.cpu(), at.cpu() + 1].numpy(), rng)).to(row)
        row, at = row[some], at[some]
    every = torch.arange(len(row), device=row.device)
    return Questions(tastes[row, at], every, sequences[row, at + 1])


def _drawn(new: Bools, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[ASKED] of N > ASKED: of those where ``new`` (bool[N]) holds first, of the rest then.

    New ones take half of the places before any other is drawn.
    """
    first = rng.permutation(np.flatnonzero(new))[: ASKED // 2]
    others = np.ones(len(new), dtype=np.bool_)
    others[first] = False
    rest = rng.choice(np.flatnonzero(others), ASKED - len(first), replace=False)
    return np.concatenate([first, rest])


def _whole_sets(sets: CSR, kept: Bools, _: GraphNetwork, events: Tensor) -> Questions:
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
    return Questions(tastes, asked, torch.from_numpy(sets.indices[told].astype(np.int64)).to(asked))
