"""The lesson that items the same people engage with are near each other."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn

from tastegraph.core.errors import ConfigError
from tastegraph.text.finetune.contrast import contrastive


@dataclass(frozen=True)
class CoEngagement:
    """Lesson: texts of items that the same people engage with are near each other.

    Every other text of the batch is a negative, unless it is tied to the anchor. Where ``near`` is
    given, a share of the anchors is near another one without being tied to it, so that batches
    hold hard negatives at no cost (Xiong et al. 2021 show that random ones teach little).

    Attributes:
        ties: float32[I, I], as :func:`co_engagement` gives it.
        near: intp[I, m], as :func:`nearest` gives it; ``None`` for batches at random.
        hard: share of the anchors that are chosen near another.
        temperature: of the loss.
    """

    ties: sparse.csr_array
    near: NDArray[np.intp] | None = None
    hard: float = 0.5
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.hard < 1:
            raise ConfigError(f"hard share {self.hard}: 0 or more and less than 1 expected")
        if not self.ties.nnz:
            raise ConfigError("no two items are engaged with by the same person: nothing to learn")

    @property
    def identity(self) -> str:
        """Tells apart what is taught."""
        digest = sha256(f"{self.hard} {self.temperature}".encode())
        for array in (self.ties.indptr, self.ties.indices, self.ties.data):
            digest.update(array.tobytes())
        digest.update(b"" if self.near is None else self.near.tobytes())
        return digest.hexdigest()

    def head(self, dimensions: int) -> nn.Module:
        """None is needed: it is the text vectors themselves that are compared."""
        return nn.Identity()

    def draw(
        self, rng: np.random.Generator, size: int, drawn: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """intp[2n], n = size / 2 anchors, each once, then the partner of each."""
        anchors = self._anchors(rng, max(size // 2, 1))
        return np.concatenate([anchors, [self._partner(rng, anchor) for anchor in anchors]])

    def loss(self, items: NDArray[np.intp], vectors: Tensor) -> Tensor:
        """Every text against all of the batch, as partner and as anchor (Chen et al. 2020, §2.1).

        Args:
            items: intp[2n], as drawn.
            vectors: float[2n, d].
        """
        partner = np.roll(np.arange(len(items)), len(items) // 2)
        others = items[partner]
        tied = self.ties[items][:, others].toarray() > 0
        allowed = torch.from_numpy(~tied & (items[:, None] != others[None, :]))
        return contrastive(vectors, vectors[partner], allowed.to(vectors.device), self.temperature)

    def _anchors(self, rng: np.random.Generator, count: int) -> NDArray[np.intp]:
        order = rng.permutation(np.flatnonzero(np.diff(self.ties.indptr))).tolist()
        seeds = order[: max(round(count * (1 - self.hard)), 1)]
        alike = [self._alike(rng, seed) for seed in seeds]
        hard = [item for turn in zip_longest(*alike) for item in turn if item is not None]
        return np.array(list(dict.fromkeys([*seeds, *hard, *order]))[:count], dtype=np.intp)

    def _alike(self, rng: np.random.Generator, seed: int) -> list[int]:
        """What is near ``seed`` and has ties, but none to it."""
        if self.near is None:
            return []
        alike = self.near[seed]
        tied = np.isin(alike, self.ties.indices[self._row(seed)])
        lonely = np.diff(self.ties.indptr)[alike] == 0
        found: list[int] = rng.permutation(alike[(alike >= 0) & ~tied & ~lonely]).tolist()
        return found

    def _partner(self, rng: np.random.Generator, anchor: int) -> int:
        row = self._row(anchor)
        strengths = self.ties.data[row].astype(np.float64)
        return int(rng.choice(self.ties.indices[row], p=strengths / strengths.sum()))

    def _row(self, item: int) -> slice:
        return slice(self.ties.indptr[item], self.ties.indptr[item + 1])
