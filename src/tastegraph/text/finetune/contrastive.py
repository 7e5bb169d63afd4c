"""Contrastive fine-tuning objectives: texts of related items get similar vectors.

The losses of sentence-transformers do not serve here. ``MultipleNegativesRankingLoss`` makes every
other text of a batch a negative, while known ties must not be negatives, and none of its losses
compares a text with the fixed vectors of the whole catalogue, or weights negatives.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import zip_longest

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import normalize
from torch import Tensor, nn
from torch.nn import functional

from tastegraph.core.errors import ConfigError

IDENTICAL_COSINE = 0.99
"""Two targets that are more similar than this are no negatives of each other."""
RIDGE_PENALTIES = (0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class CoEngagementObjective:
    """Objective: texts of items with the same users are similar.

    Every other text of the batch is a negative, unless the two items are tied. Where ``neighbours``
    is given, a share of the anchors is similar to another anchor without a tie, so that batches
    contain hard negatives at no cost (Xiong et al. 2021: random negatives carry little gradient).

    Attributes:
        ties: float32[I, I], from :func:`~tastegraph.text.finetune.supervision.co_engagement`.
        neighbours: intp[I, m], from :func:`~tastegraph.text.finetune.supervision.nearest_items`;
            ``None`` for random batches.
        hard: share of the anchors that are chosen as neighbours of another, in [0, 1).
        temperature: of the loss.

    Raises:
        ConfigError: ``hard`` is out of range, or there are no ties.
    """

    ties: sparse.csr_array
    neighbours: NDArray[np.intp] | None = None
    hard: float = 0.5
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.hard < 1:
            raise ConfigError(f"hard share {self.hard}: 0 or more and less than 1 expected")
        if not self.ties.nnz:
            raise ConfigError("no two items are engaged with by the same user: nothing to learn")

    @property
    def identity(self) -> str:
        """A digest of the objective and its data."""
        digest = sha256(f"{self.hard} {self.temperature}".encode())
        for array in (self.ties.indptr, self.ties.indices, self.ties.data):
            digest.update(array.tobytes())
        digest.update(b"" if self.neighbours is None else self.neighbours.tobytes())
        return digest.hexdigest()

    def head(self, dimensions: int) -> nn.Module:
        """The identity: the vectors of the texts themselves are compared."""
        return nn.Identity()

    def draw(
        self, rng: np.random.Generator, size: int, batch: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """intp[2n], n = size / 2 different anchors, then the partner of each."""
        anchors = self._anchors(rng, max(size // 2, 1))
        return np.concatenate([anchors, [self._partner(rng, anchor) for anchor in anchors]])

    def loss(self, items: NDArray[np.intp], vectors: Tensor) -> Tensor:
        """Every text against all of the batch, as partner and as anchor (Chen et al. 2020, §2.1).

        Args:
            items: intp[2n], from :meth:`draw`.
            vectors: float[2n, d].
        """
        partner = np.roll(np.arange(len(items)), len(items) // 2)
        others = items[partner]
        tied = self.ties[items][:, others].toarray() > 0
        negatives = torch.from_numpy(~tied & (items[:, None] != others[None, :]))
        return pair_loss(vectors, vectors[partner], negatives.to(vectors.device), self.temperature)

    def _anchors(self, rng: np.random.Generator, count: int) -> NDArray[np.intp]:
        order = rng.permutation(np.flatnonzero(np.diff(self.ties.indptr))).tolist()
        seeds = order[: max(round(count * (1 - self.hard)), 1)]
        similar = [self._hard_negatives(rng, seed) for seed in seeds]
        hard = [item for items in zip_longest(*similar) for item in items if item is not None]
        return np.array(list(dict.fromkeys([*seeds, *hard, *order]))[:count], dtype=np.intp)

    def _hard_negatives(self, rng: np.random.Generator, seed: int) -> list[int]:
        """The neighbours of ``seed`` that have ties, but none to it."""
        if self.neighbours is None:
            return []
        similar = self.neighbours[seed]
        tied = np.isin(similar, self.ties.indices[self._row(seed)])
        without_ties = np.diff(self.ties.indptr)[similar] == 0
        negatives: list[int] = rng.permutation(
            similar[(similar >= 0) & ~tied & ~without_ties]
        ).tolist()
        return negatives

    def _partner(self, rng: np.random.Generator, anchor: int) -> int:
        row = self._row(anchor)
        strengths = self.ties.data[row].astype(np.float64)
        return int(rng.choice(self.ties.indices[row], p=strengths / strengths.sum()))

    def _row(self, item: int) -> slice:
        return slice(self.ties.indptr[item], self.ties.indptr[item + 1])


@dataclass(frozen=True)
class AlignmentObjective:
    """Objective: a linear head maps a text's vector nearer to the fixed target vector of its item
    than to the targets of all other items (RLMRec-Con, Ren et al. 2024).

    All items are negatives for the price of one encoding, where SimKGC (Wang et al. 2022) gathers
    negatives from batches. Neighbours in the graph share entities: such negatives count
    ``exp(hardness · cosine)`` as much (Robinson et al. 2021). The head is dropped after training.

    Attributes:
        targets: float32[I, g]; an item whose row is 0 is not trained.
        trainable: bool[I].
        frozen: float32[I, d], vectors of the texts before training. The head starts from the ridge
            regression on them, so that the encoder does not follow a random head first (Kumar et
            al. 2022, linear probing before fine-tuning); ``None`` for a random start.
        hardness: 0 counts all negatives alike.
        temperature: of the loss.

    Raises:
        ConfigError: no trainable item has a target.
    """

    targets: NDArray[np.float32]
    trainable: NDArray[np.bool_]
    frozen: NDArray[np.float32] | None = None
    hardness: float = 0.0
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if not len(self._items):
            raise ConfigError("no trainable item has a target: nothing to align its text with")

    @property
    def identity(self) -> str:
        """A digest of the objective and its data."""
        digest = sha256(f"{self.hardness} {self.temperature}".encode())
        digest.update(self._items.tobytes() + self.targets[self._items].tobytes())
        if self.frozen is not None:
            digest.update(self.frozen[self._items].tobytes())
        return digest.hexdigest()

    def head(self, dimensions: int) -> nn.Module:
        """A linear map from text vectors, float[n, dimensions], to the space of the targets."""
        head = nn.Linear(dimensions, self.targets.shape[1])
        if self.frozen is not None:
            probe = RidgeCV(RIDGE_PENALTIES)
            probe.fit(self.frozen[self._items], self.targets[self._items])
            with torch.no_grad():
                head.weight.copy_(torch.from_numpy(np.atleast_2d(probe.coef_)))
                head.bias.copy_(torch.from_numpy(np.atleast_1d(probe.intercept_)))
        return head

    def draw(
        self, rng: np.random.Generator, size: int, batch: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """The items of ``batch`` that have a target; where none has, ``size`` random ones."""
        with_target = np.intersect1d(batch, self._items)
        if len(with_target):
            return with_target
        return rng.choice(self._items, min(size, len(self._items)), replace=False)

    def loss(self, items: NDArray[np.intp], vectors: Tensor) -> Tensor:
        """Every text against all targets.

        Args:
            items: intp[n], from :meth:`draw`.
            vectors: float[n, g], outputs of the head.
        """
        own = torch.from_numpy(np.searchsorted(self._items, items)).to(vectors.device)
        bank = self._bank.to(vectors.device)
        cosines = bank[own] @ bank.T
        weights = torch.exp(self.hardness * cosines) * (cosines < IDENTICAL_COSINE)
        return bank_loss(vectors, bank, own, weights, self.temperature)

    @cached_property
    def _items(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.trainable & (np.abs(self.targets).sum(axis=1) > 0))

    @cached_property
    def _bank(self) -> Tensor:
        return torch.from_numpy(normalize(self.targets[self._items]))


def pair_loss(anchors: Tensor, positives: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """InfoNCE over the pairs of a batch, both ways (van den Oord et al. 2018, eq. 4; symmetric as
    in Radford et al. 2021, §2.3).

    Args:
        anchors: float[B, d]; of any length, since cosines are compared.
        positives: float[B, d]; row k belongs to row k of ``anchors``.
        negatives: bool[B, B], whether j may be a negative of i; items that are known to belong
            together must not be (Chuang et al. 2020). The diagonal is not read.
        temperature: the lower, the more the nearest negatives count.

    Returns:
        The mean of both ways; 0 where no pair has a negative.
    """
    cosines = functional.normalize(anchors, dim=1) @ functional.normalize(positives, dim=1).T
    own = torch.arange(len(cosines), device=cosines.device)
    weights = negatives.to(cosines.dtype)
    forward = _info_nce(cosines, own, weights, temperature)
    backward = _info_nce(cosines.T, own, weights.T, temperature)
    return (forward + backward) / 2


def bank_loss(
    anchors: Tensor, bank: Tensor, own: Tensor, weights: Tensor, temperature: float
) -> Tensor:
    """InfoNCE of a batch against a bank of fixed vectors.

    Args:
        anchors: float[B, d]; of any length.
        bank: float[N, d]; of any length.
        own: int[B], the row of ``bank`` that belongs to each anchor.
        weights: float[B, N], how much a negative counts (Robinson et al. 2021): 0 not at all,
            1 as an ordinary one. The weight of an anchor's own row is not read.
        temperature: as in :func:`pair_loss`.
    """
    cosines = functional.normalize(anchors, dim=1) @ functional.normalize(bank, dim=1).T
    return _info_nce(cosines, own, weights, temperature)


def _info_nce(cosines: Tensor, own: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Mean of −log(e^s⁺ / (e^s⁺ + Σ w e^s⁻)), s = cosine / temperature."""
    weights = weights.scatter(1, own[:, None], 1.0)
    return functional.cross_entropy(cosines / temperature + weights.log(), own)
