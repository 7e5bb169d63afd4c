"""Texts in service: those of one snapshot, and the encoder that reads new ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import NoEncoderError, TastegraphError
from tastegraph.core.messages import Message
from tastegraph.core.narrow import rows_of
from tastegraph.models.persistence import semantics_from
from tastegraph.profiles.association import Associations, specificity
from tastegraph.profiles.graphs import Tie
from tastegraph.profiles.semantics import Semantics
from tastegraph.store.snapshots import Snapshot
from tastegraph.text.onnx import OnnxEncoder
from tastegraph.text.static import StaticEncoder

Vector = NDArray[np.float32]
ModelKey = tuple[Path, int, bool]
"""Folder, tokens of a text, and whether its tokens alone are read: what decides the vectors."""


class QueryEncoder:
    """Encodes the texts of requests; loads a model when it is first used. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[ModelKey, OnnxEncoder | StaticEncoder] | None = None

    def encode(self, text: str, texts: SnapshotTexts) -> NDArray[np.float32]:
        """float32[1, d], of length 1, or of 0 where the text has no token.

        Args:
            text: the words.
            texts: of the snapshot, whose model reads them as it read its own.

        Raises:
            NoEncoderError: the model is not exported, or cannot be read.
        """
        return self._encoder((texts.folder, texts.max_tokens, texts.by_tokens)).encode([text])

    def _encoder(self, key: ModelKey) -> OnnxEncoder | StaticEncoder:
        folder, max_tokens, by_tokens = key
        with self._lock:
            if self._loaded is None or self._loaded[0] != key:
                try:
                    encoder = StaticEncoder if by_tokens else OnnxEncoder
                    self._loaded = (key, encoder(folder, max_tokens))
                except TastegraphError as error:
                    raise NoEncoderError(Message("encoder.none", cause=error.message)) from None
            return self._loaded[1]


@dataclass(frozen=True)
class SnapshotTexts:
    """The texts of one snapshot, as vectors of the language model that the snapshot names.

    Attributes:
        folder: of that language model.
        max_tokens: number of tokens of a text that it read, at most.
        by_tokens: whether its vectors of tokens were added up, ``[text] reading = "tokens"``.
        items: int64[k], those with a text.
        vectors: float32[k, d], of length 1, read row by row.
        snapshot: that holds them.
        associations: what its items are stated to have.
    """

    folder: Path
    max_tokens: int
    by_tokens: bool
    items: NDArray[np.int64]
    vectors: NDArray[np.float32]
    snapshot: Snapshot
    associations: Associations

    @classmethod
    def open(cls, snapshot: Snapshot, associations: Associations) -> SnapshotTexts:
        """Map the text vectors of ``snapshot``; ``associations`` are its stated ones."""
        n_items = associations.strength.shape[0]
        rows = snapshot.arrays["text.rows"]
        n_texts = int(np.searchsorted(rows, n_items))
        return cls(
            folder=snapshot.path.parent.parent / snapshot.manifest["encoder_folder"],
            max_tokens=snapshot.manifest["max_tokens"],
            by_tokens=snapshot.manifest.get("reading") == "tokens",
            items=rows[:n_texts],
            vectors=rows_of(snapshot.arrays["text.vectors"][:n_texts]),
            snapshot=snapshot,
            associations=associations,
        )

    @cached_property
    def semantics(self) -> Semantics | None:
        """Which features a text is near to, where that could be learned; made when first used."""
        return semantics_from(self.snapshot, self.associations.strength.shape[1])

    @cached_property
    def specificity(self) -> NDArray[np.float64]:
        """float64[features]."""
        return specificity(self.associations)

    def nearest(self, vector: Vector, n: int) -> list[tuple[int, float]]:
        """The ``n`` items nearest to float32[d], each with its cosine; none where it is 0."""
        if not len(self.items) or not vector.any():
            return []
        cosines = np.asarray(self.vectors @ vector)
        best = np.argsort(-cosines, kind="stable")[:n]
        return [(int(self.items[k]), float(cosines[k])) for k in best]

    def ties(self, vector: Vector) -> Iterator[Tie]:
        """The features that float32[d] is near to, with the strength of an item's tie."""
        if self.semantics is None:
            return
        associations = self.semantics.associate(vector[None, :], most=len(self.specificity))
        strength = associations.data * self.specificity[associations.indices]
        for k in np.argsort(-strength, kind="stable"):
            yield Tie(int(associations.indices[k]), float(strength[k]), stated=False)
