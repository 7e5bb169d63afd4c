"""Training the text tower: text vectors such that what users like together lies close together.

An item's vector is made of its text alone, so that an item without events has one as good as any:

    e = normalise(Wᵀ words + Vᵀ vector)

A user is the recency-weighted mean of the vectors of other liked items; a softmax over cosines
(Wu et al. 2024) tells the item from others drawn at random. It is the content tower of two-tower
retrieval (Yi et al. 2019), which ridge regression in few dimensions approaches from below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.progress import progress
from tastegraph.models.graph_network.adjacency import SparseMatrix
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.text import centred_rows
from tastegraph.profiles.attention import FLOOR
from tastegraph.profiles.interactions import Interactions

DIMENSIONS = 128
PASSES = 2
MAX_LIKES = 60_000
"""Likes that are predicted in one pass, at most."""
BATCH_LIKES = 2_048
MIN_STEPS = 20
"""In one pass, at least."""
NEGATIVES = 2_048
LEARNING_RATE = 0.005
TEMPERATURE = 0.12
HALF_LIFE = 2.0
"""Of how much a like says of another, in likes between them."""
INITIAL_SCALE = 0.1

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]


class TowerNetwork(nn.Module):
    """Item vectors from texts.

    Args:
        words: float32 CSR[I, V].
        vectors: float32[I, t].
        device: where it is trained.
    """

    def __init__(self, words: CSR, vectors: Floats32, device: torch.device) -> None:
        super().__init__()
        self._words = SparseMatrix.of(words, device)
        self._vectors = torch.from_numpy(vectors).to(device)
        self.by_word = nn.Parameter(INITIAL_SCALE * torch.randn(words.shape[1], DIMENSIONS))
        self.by_vector = nn.Parameter(INITIAL_SCALE * torch.randn(vectors.shape[1], DIMENSIONS))
        self.to(device)

    def forward(self) -> Tensor:
        """float32[I, d], unit rows, or of zeros where there is no text."""
        vectors = self._words @ self.by_word + self._vectors @ self.by_vector
        return functional.normalize(vectors, dim=-1)


@dataclass(frozen=True)
class _Sequences:
    """Everybody's likes, one after another.

    Attributes:
        items: int64[L].
        start, end: int64[L], where the sequence of each like begins and ends.
        ordered: bool[L], whether the sequence has times; without, all of it is equally near.
    """

    items: Ints
    start: Ints
    end: Ints
    ordered: Bools

    @classmethod
    def of(cls, events: Interactions, newest: int) -> _Sequences:
        enough = 2 if newest > 1 else np.inf
        histories = [each for each in events.histories() if len(each.likes) >= enough]
        likes = [history.likes[-newest:] for history in histories]
        sizes = np.array([len(sequence) for sequence in likes], dtype=np.int64)
        ends = np.cumsum(sizes)
        items = np.concatenate([np.zeros(0, dtype=np.int64), *likes]).astype(np.int64)
        ordered = np.array([history.ordered for history in histories], dtype=np.bool_)
        return cls(
            items,
            np.repeat(ends - sizes, sizes),
            np.repeat(ends, sizes),
            np.repeat(ordered, sizes),
        )

    def around(self, places: Ints, n_items: int) -> CSR:
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
        return sparse.csr_array(sparse.coo_array(entries, shape=(len(places), n_items)))


def tower_vectors(
    item_features: ItemFeatures, events: Interactions, history: int, seed: int
) -> Floats32:
    """Vectors of all items, float32[I, d]; of zeros where there is no text or nothing to learn.

    Args:
        item_features: the texts.
        events: they alone say which texts go together.
        history: newest likes of a user that count.
        seed: of all that is drawn.
    """
    n_items = item_features.graph.n_items
    vectors = centred_rows(item_features.text[:n_items])
    sequences = _Sequences.of(events, history)
    if not len(sequences.items) or not (item_features.words.nnz or vectors.any()):
        return np.zeros((n_items, DIMENSIONS), dtype=np.float32)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tower = TowerNetwork(item_features.words, vectors, device)
    optimiser = torch.optim.Adam(tower.parameters(), lr=LEARNING_RATE)
    warm = np.unique(sequences.items)
    likes = min(len(sequences.items), MAX_LIKES)
    batches = max(-(-likes // BATCH_LIKES), min(MIN_STEPS, likes))
    with progress("training the text tower", PASSES * batches) as advance:
        for _ in range(PASSES):
            places = rng.permutation(len(sequences.items))[:likes]
            for batch in np.array_split(places, batches):
                negatives = rng.choice(warm, min(NEGATIVES, len(warm)), replace=False)
                loss = _loss(tower(), sequences, batch, negatives)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                advance(1)
    with torch.no_grad():
        return np.asarray(tower().cpu().numpy(), dtype=np.float32)


def _loss(items: Tensor, sequences: _Sequences, batch: Ints, negatives: Ints) -> Tensor:
    """Cross-entropy of each like over those of the batch and ``negatives``.

    What else the same user likes is left out.
    """
    around = sequences.around(batch, len(items))
    targets = sequences.items[batch]
    candidates, place = np.unique(np.concatenate([targets, negatives]), return_inverse=True)
    users = SparseMatrix.of(around, items.device) @ items
    others = items.index_select(0, torch.from_numpy(candidates).to(items.device))
    cosine = (functional.normalize(users, dim=-1) / TEMPERATURE) @ others.T
    hidden = torch.from_numpy(around[:, candidates].toarray()).to(items.device)
    places = torch.from_numpy(place[: len(targets)]).to(items.device)
    return functional.cross_entropy(cosine.masked_fill(hidden > 0, -torch.inf), places)
