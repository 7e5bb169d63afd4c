"""A static encoder: one vector for each token, which the language model read once, alone.

A text's vector is the weighted mean of its tokens' vectors, so that texts are read by NumPy and
``tokenizers``; neither torch nor ONNX Runtime is imported.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.messages import Message
from tastegraph.text import folders
from tastegraph.text.batching import encodable

TABLE, TOKENIZER, MANIFEST = "vectors.npy", "tokenizer.json", "static.json"
"""Files of a distillation."""
FORMAT = 1
TEXTS_PER_BLOCK = 2_048
"""Texts of one product of counts and vectors; their vectors do not depend on it."""


@dataclass(frozen=True)
class StaticManifest:
    """What a distillation records beside vectors and tokenizer.

    Attributes:
        format: :data:`FORMAT` when it was made; another one is made anew.
        fingerprint: of the model that read the tokens, in hexadecimal.
        tokens: number of tokens, V.
        dimensions: length of a vector, d.
        unknown: the token that stands for what the vocabulary lacks; ``None`` where nothing does.
    """

    format: int
    fingerprint: str
    tokens: int
    dimensions: int
    unknown: int | None

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of a distillation."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> StaticManifest:
        """The manifest of a distillation.

        Raises:
            OSError, ValueError, TypeError: there is none, or it cannot be read.
        """
        return cls(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


class StaticEncoder:
    """Unit-length text vectors: the mean of its tokens' vectors, each with the token's weight.

    The weight of a token is its smooth inverse frequency (Arora, Liang & Ma 2017, "A simple but
    tough-to-beat baseline for sentence embeddings", eq. 2), which the vectors contain already.

    Args:
        folder: of the model; :func:`tastegraph.text.distillation.distil` puts the vectors there.
        max_tokens: longer texts are cut.

    Raises:
        NotFoundError: no vectors of tokens were made of the model.
        TastegraphError: ``tokenizers`` is missing, or the vectors are of another model or damaged.
    """

    def __init__(self, folder: Path, max_tokens: int) -> None:
        distilled = folder / folders.DISTILLED
        manifest = read_distillation(folder)
        self.name, self.dimensions = folder.name, manifest.dimensions
        self.unknown = manifest.unknown
        self._vectors = _table(distilled / TABLE, manifest)
        self._tokenizer = _tokenizer(distilled / TOKENIZER, max_tokens)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special tokens, cut to the given length."""
        strings = [encodable(text) for text in texts]
        encodings = self._tokenizer.encode_batch_fast(strings, add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, or of 0 for a text without words."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), TEXTS_PER_BLOCK):
            block = slice(start, start + TEXTS_PER_BLOCK)
            vectors[block] = self._sums(self.tokens(texts[block]))
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1))

    def _sums(self, ids_of: list[list[int]]) -> NDArray[np.float32]:
        """float32[n, d]: the sum of the tokens' weighted vectors, for each text."""
        ends = np.cumsum([0, *map(len, ids_of)], dtype=np.int64)
        ids = np.fromiter(chain.from_iterable(ids_of), dtype=np.int64, count=int(ends[-1]))
        distinct, columns = np.unique(ids, return_inverse=True)
        ones = np.ones(len(ids), dtype=np.float32)
        occurrences = sparse.csr_array((ones, columns, ends), shape=(len(ids_of), len(distinct)))
        return np.asarray(occurrences @ self._vectors[distinct].astype(np.float32))


def read_distillation(folder: Path) -> StaticManifest:
    """The manifest of a model's vectors of tokens, checked against the model.

    Raises:
        NotFoundError: none were made.
        TastegraphError: they are of another model or format, or cannot be read.
    """
    distilled = folder / folders.DISTILLED
    command = f"tastegraph.text.distillation.distil(Path({str(folder)!r}))"
    if not (distilled / TABLE).is_file():
        raise NotFoundError(Message("missing.export", file=distilled / TABLE, command=command))
    try:
        manifest = StaticManifest.read(distilled)
    except (OSError, ValueError, TypeError) as error:
        raise TastegraphError(
            Message("encoder.unreadable", file=distilled / MANIFEST, cause=error, command=command)
        ) from None
    if manifest.format != FORMAT or manifest.fingerprint != folders.fingerprint(folder).hex():
        raise TastegraphError(
            Message("encoder.changed", folder=folder, file=TABLE, command=command)
        )
    return manifest


def _table(file: Path, manifest: StaticManifest) -> NDArray[np.float16]:
    """float16[V, d], mapped, so that processes share it."""
    try:
        table: NDArray[np.float16] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise TastegraphError(Message("encoder.damaged", file=file, cause=error)) from None
    expected = (manifest.tokens, manifest.dimensions)
    if table.dtype != np.float16 or table.shape != expected:
        cause = f"{table.dtype} {table.shape} in place of float16 {expected}"
        raise TastegraphError(Message("encoder.damaged", file=file, cause=cause))
    return table


def _tokenizer(file: Path, max_tokens: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise TastegraphError(Message("encoder.package", package="tokenizers")) from None
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # The library raises Exception itself.
        raise TastegraphError(Message("encoder.damaged", file=file, cause=error)) from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer
