"""Texts to vectors in batches of similar length, with PyTorch or ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import TastegraphError

CPU_BATCH_TOKENS, GPU_BATCH_TOKENS = 1024, 65_536
"""Tokens of a batch, padding included. On a CPU larger batches are slower: 4,096 by 14 %."""


class BatchEncoder(Protocol):
    """A language model that turns one batch of texts into vectors."""

    @property
    def name(self) -> str:
        """The model's name in errors and warnings."""

    @property
    def dimensions(self) -> int:
        """d, the length of a vector."""

    @property
    def batch_tokens(self) -> int:
        """Most tokens of a batch, padding included."""

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special tokens, cut to the model's length."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, of the texts as one batch."""


def encode_in_batches(model: BatchEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """float32[len(texts), d]: rows of length 1, or of 0 for a text without tokens.

    Raises:
        TastegraphError: the model gives numbers that are not finite.
    """
    texts = [encodable(text) for text in texts]
    lengths = np.array([len(ids) for ids in model.tokens(texts)], dtype=np.intp)
    vectors = np.zeros((len(texts), model.dimensions), dtype=np.float32)
    for rows in batches(lengths, model.batch_tokens):
        vectors[rows] = model.vectors([texts[row] for row in rows])
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise TastegraphError(
            f"{model.name} gives no finite vector for {texts[row][:80]!r}: its weights are damaged"
        )
    return vectors


def encodable(text: str) -> str:
    """``text`` with a question mark for each lone surrogate, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()


def batches(lengths: NDArray[np.intp], max_tokens: int) -> Iterator[list[int]]:
    """Rows of similar length, shortest first; rows of length 0 are in no batch.

    Args:
        lengths: intp[n], tokens of each text.
        max_tokens: most rows of a batch times the length of its longest; a longer text is a batch
            of its own.
    """
    batch: list[int] = []
    for row in np.argsort(lengths, kind="stable").tolist():
        if not lengths[row]:
            continue
        if batch and (len(batch) + 1) * lengths[row] > max_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
