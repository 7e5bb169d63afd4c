"""Texts in batches of like length, whatever model reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import TastegraphError

CPU, GPU = 1024, 65_536
"""Tokens of a batch, padding included. On a CPU larger batches are slower: 4,096 by 14 %."""


class Model(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> str:
        """Told in errors and warnings."""

    @property
    def dimensions(self) -> int:
        """d, the length of a vector."""

    @property
    def room(self) -> int:
        """Tokens that a batch may have, padding included."""

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's own tokens, cut to what is read; no special tokens."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1: the texts as one batch."""


def encoded(model: Model, texts: Sequence[str]) -> NDArray[np.float32]:
    """float32[len(texts), d]: rows of length 1; of 0 for a text without tokens of its own.

    Raises:
        TastegraphError: the model gives numbers that are not finite.
    """
    texts = [readable(text) for text in texts]
    lengths = np.array([len(ids) for ids in model.tokens(texts)], dtype=np.intp)
    found = np.zeros((len(texts), model.dimensions), dtype=np.float32)
    for rows in batches(lengths, model.room):
        found[rows] = model.vectors([texts[row] for row in rows])
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise TastegraphError(
            f"{model.name} gives no finite vector for {texts[row][:80]!r}: its weights are damaged"
        )
    return found


def readable(text: str) -> str:
    """``text`` with a question mark for each lone surrogate, which no encoding of Unicode has."""
    return text.encode("utf-8", "replace").decode()


def batches(lengths: NDArray[np.intp], most: int) -> Iterator[list[int]]:
    """Rows of like length, shortest first; those of length 0 are in no batch.

    Args:
        lengths: intp[n], tokens of each text.
        most: the rows of a batch times its longest text are at most this, or it is one row.
    """
    batch: list[int] = []
    for row in np.argsort(lengths, kind="stable").tolist():
        if not lengths[row]:
            continue
        if batch and (len(batch) + 1) * lengths[row] > most:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
