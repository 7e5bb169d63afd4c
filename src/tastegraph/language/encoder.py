"""A sentence encoder whose vectors are kept by content, so that a text is encoded once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.progress import progress, say
from tastegraph.storage import vectors
from tastegraph.storage.database import Database

CHUNK = 256
UNREADABLE = 0.3
"""Share of unknown tokens from which a person is told that the model cannot read the texts."""


class Encoder:
    """Unit-length text vectors from a sentence-transformers model (Reimers & Gurevych 2019).

    Args:
        folder: the model, as sentence-transformers saves it.
        max_tokens: longer texts are cut.
        cache: where vectors are kept between runs.
    """

    def __init__(self, folder: Path, max_tokens: int, cache: Database) -> None:
        self._folder, self._max_tokens, self._cache = folder, max_tokens, cache

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1; an interrupted run goes on where it stopped."""
        keys = [self._key(text) for text in texts]
        with self._cache.writing():
            pass
        with self._cache.reading() as connection:
            known = vectors.get(connection, list(dict.fromkeys(keys)))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        longest_last = sorted(missing.items(), key=lambda pair: len(pair[1]))
        if longest_last:
            self._warn_if_unreadable([text for _, text in longest_last[::-1][:CHUNK]])
            with progress("encoding texts", len(longest_last)) as advance:
                for start in range(0, len(longest_last), CHUNK):
                    chunk = dict(longest_last[start : start + CHUNK])
                    new = dict(zip(chunk, self._vectors(list(chunk.values())), strict=True))
                    with self._cache.writing() as connection:
                        vectors.put(connection, new)
                    known.update(new)
                    advance(len(chunk))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 0), np.float32)

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        encoded = self._model.encode(
            texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(encoded, dtype=np.float32)

    def _warn_if_unreadable(self, texts: list[str]) -> None:
        tokenizer = self._model.tokenizer
        tokens = [token for text in texts for token in tokenizer.encode(text, truncation=True)]
        unknown = sum(token == tokenizer.unk_token_id for token in tokens)
        if unknown > UNREADABLE * len(tokens):
            say(
                f"warning: {unknown / len(tokens):.0%} of the texts' tokens are unknown to the "
                f"language model {self._folder.name}: name one that reads their language in "
                "[text] encoder"
            )

    @cached_property
    def _identity(self) -> bytes:
        weights = sorted(self._folder.rglob("*.safetensors")) or sorted(self._folder.rglob("*.bin"))
        digest = sha256(f"{self._max_tokens}".encode())
        for file in weights:
            digest.update(sha256(file.read_bytes()).digest())
        return digest.digest()

    def _key(self, text: str) -> bytes:
        return sha256(self._identity + text.encode("utf-8", "replace")).digest()

    @cached_property
    def _model(self) -> Any:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        model = SentenceTransformer(str(self._folder), local_files_only=True)
        model.max_seq_length = min(self._max_tokens, model.max_seq_length or self._max_tokens)
        return model
