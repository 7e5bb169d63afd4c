"""What a text encoder can be taught, and how several lessons share one encoded batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from tastegraph.text.batching import encodable

PIECE = 16
"""Texts of like length that are encoded at once: less padding, and it stays in the cache."""


class Lesson(Protocol):
    """What a text's vector is to be like."""

    @property
    def identity(self) -> str:
        """Tells apart what is taught."""

    def head(self, dimensions: int) -> nn.Module:
        """What stands between the text vectors and the loss; it is thrown away afterwards."""

    def draw(
        self, rng: np.random.Generator, size: int, drawn: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Items for a batch of about ``size``; those ``drawn`` by other lessons cost nothing."""

    def loss(self, items: NDArray[np.intp], vectors: Tensor) -> Tensor:
        """Scalar, of the items drawn and their vectors behind the head."""


class Taught(nn.Module):
    """The encoder and the lessons' heads: all that may be trained."""

    def __init__(
        self, encoder: SentenceTransformer, texts: Sequence[str], lessons: Sequence[Lesson]
    ) -> None:
        super().__init__()
        self.encoder, self._texts, self._lessons = encoder, texts, lessons
        dimensions = int(encoder.get_embedding_dimension() or 0)
        self.heads = nn.ModuleList(lesson.head(dimensions) for lesson in lessons).to(encoder.device)

    def forward(self, rng: np.random.Generator, size: int) -> Tensor:
        """The sum of the lessons' losses on one batch."""
        drawn: list[NDArray[np.intp]] = []
        items = np.zeros(0, dtype=np.intp)
        for lesson in self._lessons:
            drawn.append(lesson.draw(rng, size, items))
            items = np.union1d(items, drawn[-1])
        vectors = self._vectors([self._texts[item] for item in items.tolist()])
        losses = [
            lesson.loss(some, head(vectors[np.searchsorted(items, some)]))
            for lesson, head, some in zip(self._lessons, self.heads, drawn, strict=True)
        ]
        return torch.stack(losses).sum()

    def _vectors(self, texts: list[str]) -> Tensor:
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        found = []
        for start in range(0, len(order), PIECE):
            some = [encodable(texts[row]) for row in order[start : start + PIECE]]
            piece: Any = self.encoder.preprocess(some)
            moved = {
                name: value.to(self.encoder.device) if isinstance(value, Tensor) else value
                for name, value in piece.items()
            }
            found.append(self.encoder(moved)["sentence_embedding"])
        return torch.cat(found)[np.argsort(order)]
