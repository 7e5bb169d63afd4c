"""Texts in batches of like length, whatever model reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.errors import TastegraphError

TOKENS = 4096
"""Tokens of a batch, padding included. On two cores 2,048 to 8,192 are equally fast."""


class Model(Protocol):
    """What turns texts into vectors."""

    @property
    def name(self) -> str:
        """Told in errors and warnings."""

    @property
    def dimensions(self) -> int:
        """d, the length of a vector."""

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's own tokens, cut to what is read; no special tokens."""

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1: the texts as one batch."""


def encoded(model: Model, texts: Sequence[str]) -> NDArray[np.float32]:
    """float32[len(texts), d]: rows of length 1; of 0 for a text without tokens of its own.

    Lone surrogates, which no encoding of Unicode has, are read as question marks.

    Raises:
        TastegraphError: the model gives numbers that are not finite.
    """
    readable = [text.encode("utf-8", "replace").decode() for text in texts]
    lengths = np.array([len(ids) for ids in model.tokens(readable)], dtype=np.intp)
    found = np.zeros((len(texts), model.dimensions), dtype=np.float32)
    for rows in batches(lengths, TOKENS):
        found[rows] = model.vectors([readable[row] for row in rows])
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise TastegraphError(
            f"{model.name} gives no finite vector for {readable[row][:80]!r}: its weights are "
            "damaged"
        )
    return found


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
