"""The lesson that a text tells what the graph, or people's behaviour, says of its item."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import normalize
from torch import Tensor, nn

from tastegraph.core.errors import ConfigError
from tastegraph.text.finetune.contrast import against_all

IDENTICAL = 0.99
"""Cosine of two targets from which one is no negative of the other."""
PENALTIES = (0.1, 1.0, 10.0, 100.0)


@dataclass(frozen=True)
class Alignment:
    """Lesson: a text's vector, through a linear head that is thrown away afterwards, tells its
    item's fixed target from those of all other items (RLMRec-Con, Ren et al. 2024).

    The whole catalogue is told apart for the price of one encoding, where SimKGC (Wang et al.
    2022) gathers negatives from batches. What is near in the graph shares entities: such negatives
    count ``exp(hardness · cosine)`` as much (Robinson et al. 2021).

    Attributes:
        targets: float32[I, g]; a row of length 0 is not taught.
        teachable: bool[I].
        frozen: float32[I, d], the texts' vectors before the lesson. The head then starts from the
            ridge regression on them, so that the encoder need not first follow a random one
            (Kumar et al. 2022, linear probing before fine-tuning); ``None`` starts at random.
        hardness: 0 counts all negatives alike.
        temperature: of the loss.
    """

    targets: NDArray[np.float32]
    teachable: NDArray[np.bool_]
    frozen: NDArray[np.float32] | None = None
    hardness: float = 0.0
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if not len(self._items):
            raise ConfigError("no teachable item has a target: nothing to align its text with")

    @property
    def identity(self) -> str:
        """Tells apart what is taught."""
        digest = sha256(f"{self.hardness} {self.temperature}".encode())
        digest.update(self._items.tobytes() + self.targets[self._items].tobytes())
        if self.frozen is not None:
            digest.update(self.frozen[self._items].tobytes())
        return digest.hexdigest()

    def head(self, dimensions: int) -> nn.Module:
        """From text vectors, float[n, dimensions], to the targets' space."""
        head = nn.Linear(dimensions, self.targets.shape[1])
        if self.frozen is not None:
            probe = RidgeCV(PENALTIES).fit(self.frozen[self._items], self.targets[self._items])
            with torch.no_grad():
                head.weight.copy_(torch.from_numpy(np.atleast_2d(probe.coef_)))
                head.bias.copy_(torch.from_numpy(np.atleast_1d(probe.intercept_)))
        return head

    def draw(
        self, rng: np.random.Generator, size: int, drawn: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Those of ``drawn`` that have a target; where there are none, ``size`` others."""
        ready = np.intersect1d(drawn, self._items)
        if len(ready):
            return ready
        return rng.choice(self._items, min(size, len(self._items)), replace=False)

    def loss(self, items: NDArray[np.intp], vectors: Tensor) -> Tensor:
        """Every text against all targets.

        Args:
            items: intp[n], as drawn.
            vectors: float[n, g], behind the head.
        """
        own = torch.from_numpy(np.searchsorted(self._items, items)).to(vectors.device)
        bank = self._bank.to(vectors.device)
        likeness = bank[own] @ bank.T
        weights = torch.exp(self.hardness * likeness) * (likeness < IDENTICAL)
        return against_all(vectors, bank, own, weights, self.temperature)

    @cached_property
    def _items(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.teachable & (np.abs(self.targets).sum(axis=1) > 0))

    @cached_property
    def _bank(self) -> Tensor:
        return torch.from_numpy(normalize(self.targets[self._items]))
