"""What a language model of a kind is pre-trained to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Batch = dict[str, Tensor]
IGNORED = -100
"""Label of what is not to be predicted."""


@dataclass(frozen=True)
class Outcome:
    """How well a model did on one batch.

    Attributes:
        surprise: float32[], summed −log p of the tokens it was to predict.
        predicted: their number.
        following: float32[], summed −log p of which sentences follow each other.
        right: how many of these it said right.
        asked: of how many.
    """

    surprise: Tensor
    predicted: int
    following: Tensor
    right: int = 0
    asked: int = 0

    @property
    def loss(self) -> Tensor:
        """float32[]: mean of each task, added (Devlin et al. 2019, A.2)."""
        return self.surprise / max(self.predicted, 1) + self.following / max(self.asked, 1)


class Examples(Protocol):
    """Texts, ready to be drawn from."""

    def __len__(self) -> int:
        """How many there are."""

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """The examples ``rows``, with what is asked of them drawn from ``rng``."""


@dataclass(frozen=True)
class Objective:
    """A kind of pre-training.

    Attributes:
        name: ``masked``, ``causal`` or ``permutation``.
        model: the transformers class with the heads it needs.
        examples: (documents, tokenizer, longest example, whole names?) → what is drawn from.
        outcome: (model, batch) → how well it did.
    """

    name: str
    model: Any
    examples: Callable[..., Examples]
    outcome: Callable[[Any, Batch], Outcome]


def padded(rows: Sequence[NDArray[Any]], fill: int) -> Tensor:
    """int64[rows, longest], shorter rows filled on the right."""
    table = np.full((len(rows), max(len(row) for row in rows)), fill, np.int64)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    return torch.from_numpy(table)


def words(tokenizer: Any) -> NDArray[np.int64]:
    """Every id of the vocabulary but the special ones."""
    return np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
