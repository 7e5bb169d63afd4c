"""What the graph network is trained for: the next item of a sequence, or the rest of a set.

Either way a batch says which items go with which user embeddings;
:func:`~tastegraph.models.graph_network.loss.softmax_loss` is what is minimised.
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
from tastegraph.models.graph_network.adjacency import SparseMatrix
from tastegraph.models.graph_network.network import GraphNetwork
from tastegraph.profiles.interactions import History

MAX_BATCHES = 32
"""Batches of an epoch, at most: each propagates over the whole graph. With more data batches grow,
and where they have their largest size an epoch sees a random part of the data."""
MIN_BATCH_EVENTS, MAX_BATCH_EVENTS = 4_096, 16_384
MIN_BATCH_SETS, MAX_BATCH_SETS = 256, 4_096
MAX_BATCH_TARGETS = 2_048
"""Events of a batch that are predicted, at most; new ones fill up to half of it first."""
INPUT_SHARE = 0.85
"""Share of a set that a user embedding is made of; all of it is predicted."""
SAMPLED_ITEMS_SEQUENCES, SAMPLED_ITEMS_SETS = 2_048, 8_192
"""Items that the softmax is estimated from where it does not run over all. Vectors learned from
sets are wide and need more items to be told apart by."""


@dataclass(frozen=True)
class Batch:
    """Which items should score high for which user embeddings.

    Attributes:
        user_embeddings: float32[B, heads · d], of any length.
        rows: int64[R], row of the embedding that each target belongs to.
        targets: int64[R], items.
    """

    user_embeddings: Tensor
    rows: Tensor
    targets: Tensor


@dataclass(frozen=True)
class TrainingStep:
    """One step of training.

    Attributes:
        items: int64[R], the items that it reads, ascending.
        batch: makes its batch of the network and the vectors of an event on each of ``items``,
            float32[R, d].
    """

    items: Tensor
    batch: Callable[[GraphNetwork, Tensor], Batch]


class TrainingTask(Protocol):
    """Anything that a network can be trained for.

    Attributes:
        history: newest events that make a user embedding.
        ordered: whether later events of a history are newer; otherwise attention is even.
        sampled_items: items that the softmax is estimated from, where there are many more.
    """

    history: int
    ordered: bool
    sampled_items: int

    def __len__(self) -> int:
        """Batches of one epoch."""
        ...

    def epoch(self, rng: np.random.Generator) -> Iterator[TrainingStep]:
        """One step for each batch, in a random order."""
        ...


class NextItem:
    """Predicts the next item after each event of a sequence.

    Args:
        histories: oldest event first; in one without times no item is the next, so nothing is
            learned from it.
        newest: likes of each history that count.
        new: int64[U], how many of each one's likes are new; they are predicted before others. By
            default none.
    """

    ordered, sampled_items = True, SAMPLED_ITEMS_SEQUENCES

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
        events = sum(len(items) for items, _ in sequences) // MAX_BATCHES
        events = min(max(events, MIN_BATCH_EVENTS), MAX_BATCH_EVENTS)
        self._batches: list[tuple[Tensor, Tensor]] = []
        while sequences:
            longest = len(sequences[0][0])
            batch = sequences[: max(events // longest, 1)]
            sequences = sequences[len(batch) :]
            items_of = np.full((len(batch), longest), -1, dtype=np.int64)
            is_new = np.zeros(items_of.shape, dtype=np.bool_)
            for row, (items, count) in enumerate(batch):
                end = len(items)
                items_of[row, :end] = items
                is_new[row, max(end - count, 0) : end] = True
            self._batches.append((torch.from_numpy(items_of), torch.from_numpy(is_new)))

    def __len__(self) -> int:
        return min(len(self._batches), MAX_BATCHES)

    def epoch(self, rng: np.random.Generator) -> Iterator[TrainingStep]:
        """Batches of sequences that are about equally long."""
        for number in rng.permutation(len(self._batches))[:MAX_BATCHES]:
            sequences, is_new = self._batches[number]
            present = sequences >= 0
            row, place = torch.nonzero(present[:, 1:], as_tuple=True)
            if len(row) > MAX_BATCH_TARGETS:
                sample = _sample_targets(is_new[row, place + 1].numpy(), rng)
                row, place = row[sample], place[sample]
            items, events = torch.unique(sequences.clamp(min=0), return_inverse=True)
            targets = sequences[row, place + 1]
            batch = partial(_sequence_batch, events, present, row, place, targets)
            yield TrainingStep(items, batch)


class SetCompletion:
    """Predicts a whole set from most of it: a denoising autoencoder (Liang et al. 2018).

    Args:
        sets: bool CSR[S, I], what each user likes, and any other items that belong together.
    """

    ordered, sampled_items = False, SAMPLED_ITEMS_SETS

    def __init__(self, sets: CSR) -> None:
        self.history = max(int(np.diff(sets.indptr).max(initial=0)), 1)
        self._sets = sparse.csr_array(sets[np.diff(sets.indptr) > 1])
        size = -(-self._sets.shape[0] // MAX_BATCHES)
        self._size = min(max(size, MIN_BATCH_SETS), MAX_BATCH_SETS)

    def __len__(self) -> int:
        return min(-(-self._sets.shape[0] // self._size), MAX_BATCHES)

    def epoch(self, rng: np.random.Generator) -> Iterator[TrainingStep]:
        """Batches of sets in a random order."""
        order = rng.permutation(self._sets.shape[0])[: MAX_BATCHES * self._size]
        for start in range(0, len(order), self._size):
            sets = self._sets[order[start : start + self._size]]
            items, cells = np.unique(sets.indices, return_inverse=True)
            is_input = rng.random(sets.nnz) < INPUT_SHARE
            batch = partial(_set_batch, sets, cells, is_input)
            yield TrainingStep(torch.from_numpy(items.astype(np.int64)), batch)


def _sequence_batch(
    events: Tensor,
    present: Tensor,
    row: Tensor,
    place: Tensor,
    targets: Tensor,
    network: GraphNetwork,
    vectors: Tensor,
) -> Batch:
    """The batch of sequences whose embeddings at (``row``, ``place``) should find ``targets``.

    ``events`` is int64[B, T], rows of ``vectors``; ``present`` is bool[B, T], false for padding.
    """
    sequences, present = vectors[events.to(vectors.device)], present.to(vectors.device)
    embeddings = network.user_embeddings(sequences, present)[:, :-1]
    row, place = row.to(vectors.device), place.to(vectors.device)
    rows = torch.arange(len(row), device=vectors.device)
    return Batch(embeddings[row, place], rows, targets.to(vectors.device))


def _sample_targets(is_new: Bools, rng: np.random.Generator) -> NDArray[np.int64]:
    """Places in ``is_new`` (bool[N]), ``MAX_BATCH_TARGETS`` of them; new ones fill half first."""
    first = rng.permutation(np.flatnonzero(is_new))[: MAX_BATCH_TARGETS // 2]
    others = np.ones(len(is_new), dtype=np.bool_)
    others[first] = False
    rest = rng.choice(np.flatnonzero(others), MAX_BATCH_TARGETS - len(first), replace=False)
    return np.concatenate([first, rest])


def _set_batch(
    sets: CSR, cells: NDArray[np.int64], is_input: Bools, _: GraphNetwork, vectors: Tensor
) -> Batch:
    """The batch of ``sets`` (CSR[B, I]), embedded by the cells where ``is_input`` (bool[nnz]).

    ``cells`` is int64[nnz], the row of ``vectors`` of each cell.
    """
    rows = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    ones = np.ones(int(is_input.sum()), dtype=np.float32)
    shape = (sets.shape[0], len(vectors))
    inputs = sparse.csr_array((ones, (rows[is_input], cells[is_input])), shape=shape)
    embeddings = SparseMatrix.of(inputs, vectors.device) @ vectors
    predicted = (np.diff(inputs.indptr) > 0)[rows]
    targets = torch.from_numpy(sets.indices[predicted].astype(np.int64))
    return Batch(
        embeddings,
        torch.from_numpy(rows[predicted]).to(vectors.device),
        targets.to(vectors.device),
    )
