"""Training the text tower: text vectors such that what users like together lies close together.

An item's vector is made of its text alone, so that an item without events has one as good as any:

    e = normalise(Wᵀ words + Vᵀ vector)

A user is the recency-weighted mean of the vectors of other liked items; a softmax over cosines
(Wu et al. 2024) tells the item from others drawn at random. It is the content tower of two-tower
retrieval (Yi et al. 2019), which ridge regression in few dimensions approaches from below.

A pass predicts a bounded number of likes, and a step computes the vectors that it needs: the work
is that of so many likes, however large the catalogue.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tastegraph.core.arrays import CSR
from tastegraph.core.progress import progress
from tastegraph.models.graph_network.adjacency import SparseMatrix
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.text import centred_rows
from tastegraph.models.tower_examples import Sequences, Step
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
INITIAL_SCALE = 0.1
MAX_DENSE_WORDS = 65_536
"""Of more words the vectors of those that a step reads are moved alone (lazy Adam)."""
BLOCK_ITEMS = 65_536
"""Vectors of so many items are computed at a time, once all is learned."""

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
        self._words, self._device = words, device
        self._vectors = torch.from_numpy(vectors).to(device)
        self.by_word = nn.Parameter(INITIAL_SCALE * torch.randn(words.shape[1], DIMENSIONS))
        self.by_vector = nn.Parameter(INITIAL_SCALE * torch.randn(vectors.shape[1], DIMENSIONS))
        self.to(device)

    @property
    def n_items(self) -> int:
        """I."""
        return len(self._vectors)

    @property
    def lazy(self) -> bool:
        """Whether the gradient of ``by_word`` is sparse: rows of words that were read."""
        return len(self.by_word) > MAX_DENSE_WORDS

    @cached_property
    def _all_words(self) -> SparseMatrix:
        return SparseMatrix.of(self._words, self._device)

    def forward(self, items: Ints) -> Tensor:
        """float32[R, d] of ``items`` (int64[R]): unit rows, or of zeros where there is no text."""
        if len(items) == self.n_items and not self.lazy:
            vectors = self._all_words @ self.by_word + self._vectors @ self.by_vector
        else:
            of_items = self._vectors.index_select(0, torch.from_numpy(items).to(self._device))
            vectors = self._of_words(self._words[items]) + of_items @ self.by_vector
        return functional.normalize(vectors, dim=-1)

    def _of_words(self, words: CSR) -> Tensor:
        """The product of ``words`` (float32 CSR[R, V]) with ``by_word``, float32[R, d]."""
        if not self.lazy:
            return SparseMatrix.of(words, self._device) @ self.by_word
        used, columns = np.unique(words.indices, return_inverse=True)
        words = type(words)(
            (words.data, columns, words.indptr), shape=(len(words.indptr) - 1, len(used))
        )
        rows = torch.from_numpy(used.astype(np.int64)).to(self._device)
        by_word = functional.embedding(rows, self.by_word, sparse=True)
        return SparseMatrix.of(words, self._device) @ by_word

    def optimisers(self) -> list[torch.optim.Optimizer]:
        """Adam, which moves of ``by_word`` only what a step has read where words are many."""
        if not self.lazy:
            return [torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)]
        return [
            torch.optim.SparseAdam([self.by_word], lr=LEARNING_RATE),
            torch.optim.Adam([self.by_vector], lr=LEARNING_RATE),
        ]

    @torch.no_grad()
    def item_vectors(self) -> Floats32:
        """float32[I, d], of all items."""
        if self.n_items <= BLOCK_ITEMS:
            return np.asarray(self(np.arange(self.n_items)).cpu().numpy(), dtype=np.float32)
        vectors = np.empty((self.n_items, DIMENSIONS), dtype=np.float32)
        for start in range(0, self.n_items, BLOCK_ITEMS):
            items = np.arange(start, min(start + BLOCK_ITEMS, self.n_items))
            vectors[items] = self(items).cpu().numpy()
        return vectors


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
    sequences = Sequences.of(events, history)
    if not len(sequences.items) or not (item_features.words.nnz or vectors.any()):
        return np.zeros((n_items, DIMENSIONS), dtype=np.float32)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tower = TowerNetwork(item_features.words, vectors, device)
    optimisers = tower.optimisers()
    warm = np.unique(sequences.items)
    likes = min(len(sequences.items), MAX_LIKES)
    batches = max(-(-likes // BATCH_LIKES), min(MIN_STEPS, likes))
    with progress("training the text tower", PASSES * batches) as advance:
        for _ in range(PASSES):
            places = rng.permutation(len(sequences.items))[:likes]
            for batch in np.array_split(places, batches):
                negatives = rng.choice(warm, min(NEGATIVES, len(warm)), replace=False)
                step = sequences.step(batch, negatives)
                loss = step_loss(tower(step.items), step)
                for optimiser in optimisers:
                    optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                for optimiser in optimisers:
                    optimiser.step()
                advance(1)
    return tower.item_vectors()


def step_loss(items: Tensor, step: Step) -> Tensor:
    """Cross-entropy of each like over the candidates of ``step``.

    What else the same user likes is left out.

    Args:
        items: float32[R, d], vectors of the items of ``step``.
        step: likes, and what they are told from.
    """
    users = SparseMatrix.of(step.around, items.device) @ items
    others = items.index_select(0, torch.from_numpy(step.candidates).to(items.device))
    cosine = (functional.normalize(users, dim=-1) / TEMPERATURE) @ others.T
    hidden = torch.from_numpy(step.hidden).to(items.device)
    places = torch.from_numpy(step.targets).to(items.device)
    return functional.cross_entropy(cosine.masked_fill(hidden, -torch.inf), places)
