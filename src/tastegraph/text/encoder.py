"""A sentence encoder with a cache on disk: a text is encoded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Reading
from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import progress, say
from tastegraph.data.downloads import cache_root
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text import folders
from tastegraph.text.batching import encodable, encode_in_batches
from tastegraph.text.static import StaticEncoder, read_distillation

if TYPE_CHECKING:
    from tastegraph.text.torch_model import TorchModel

TEXTS_PER_WRITE = 256
"""Texts between two writes to the cache: what an interrupted run loses."""
MAX_UNKNOWN_TOKENS = 0.3
"""Share of unknown tokens above which the user is warned that the model cannot read the texts."""


VECTORS_FILE = "vectors.db"
"""The file of a workspace with its vectors."""


def shared_cache_file() -> Path:
    """The file with the vectors that all workspaces of a user share."""
    return cache_root() / "vectors.db"


def shared_cache() -> Database:
    """The vectors that all workspaces of a user share, in :func:`shared_cache_file`."""
    return Database(shared_cache_file(), caches.vector_metadata)


class Encoder:
    """Unit-length text vectors from a language model (Reimers & Gurevych 2019).

    Args:
        folder: a masked, causal or permutation model as transformers saves it, or a
            sentence-transformers model; :func:`tastegraph.text.folders.find_model` finds it.
        max_tokens: longer texts are cut.
        cache: vectors of earlier runs; they are found by model and text.
        shared: vectors that other workspaces may have made, which are copied into ``cache``; new
            ones are written to both. Where it cannot be used, ``cache`` alone is.
        reading: ``whole``: the model reads each text. ``tokens``: it reads each token of its
            vocabulary once, and :class:`tastegraph.text.static.StaticEncoder` reads the texts;
            their vectors are in no cache, since making them anew is faster.
    """

    def __init__(
        self,
        folder: Path,
        max_tokens: int,
        cache: Database,
        shared: Database | None = None,
        reading: Reading = "whole",
    ) -> None:
        self._folder, self._max_tokens = folder, max_tokens
        self._cache, self._shared, self._reading = cache, shared, reading
        self._precision: str | None = None
        self._models: dict[str | None, TorchModel] = {}
        self._identities: dict[str | None, bytes] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, or of 0 for a text without tokens.

        An interrupted run continues where it stopped.

        Raises:
            TastegraphError: the model is incomplete or damaged.
        """
        if self._reading == "tokens":
            return self._by_tokens(texts)
        from tastegraph.text.torch_model import precision

        self._precision = precision(len(set(texts)))
        self._fill(texts)
        keys = [self._key(text) for text in texts]
        with self._cache.reading() as connection:
            known = caches.get_vectors(connection, list(dict.fromkeys(keys)))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 0), np.float32)

    def _fill(self, texts: Sequence[str]) -> None:
        """Encode the texts whose vectors the cache lacks."""
        text_of = {self._key(text): text for text in texts}
        with self._cache.writing():
            pass
        with self._cache.reading() as connection:
            known = caches.get_vectors(connection, list(text_of))
        known |= self._copied_from_shared([key for key in text_of if key not in known])
        missing = [(key, text) for key, text in text_of.items() if key not in known]
        missing.sort(key=lambda pair: len(pair[1]))
        if not missing:
            return
        longest = [encodable(text) for _, text in missing[-TEXTS_PER_WRITE:]]
        self._warn_if_unreadable(self._model.tokens(longest), self._model.tokenizer.unk_token_id)
        with progress("encoding texts", len(missing)) as advance:
            for start in range(0, len(missing), TEXTS_PER_WRITE):
                chunk = dict(missing[start : start + TEXTS_PER_WRITE])
                new = dict(zip(chunk, self._vectors(list(chunk.values())), strict=True))
                with self._cache.writing() as connection:
                    caches.put_vectors(connection, new)
                self._share(new)
                advance(len(chunk))

    def _by_tokens(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d] from the vectors of tokens, which are made where they lack."""
        ensure_distilled(self._folder)
        static = StaticEncoder(self._folder, self._max_tokens)
        longest = sorted(texts, key=len)[-TEXTS_PER_WRITE:]
        self._warn_if_unreadable(static.tokens(longest), static.unknown)
        return static.encode(texts)

    def keep_only(self, texts: Sequence[str]) -> None:
        """Delete the vectors of all other texts from the cache and from the disk.

        What is deleted from it is deleted from the shared cache as well; whoever needs such a
        vector there encodes its text again.
        """
        with self._cache.reading() as connection:
            others = caches.vector_keys(connection)
        # In whichever precision: there may have been more of them, or fewer.
        before = self._precision
        for name in self._precisions:
            self._precision = name
            others -= {self._key(text) for text in texts}
        self._precision = before
        # The shared cache first: where that fails, the next attempt still knows what to delete.
        for cache in (self._shared, self._cache):
            if cache is not None and cache.path.exists():
                with cache.writing() as connection:
                    caches.delete_vectors(connection, others)
                cache.scrub()

    def _copied_from_shared(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Those of ``keys`` that the shared cache has, now in the own one too."""
        if self._shared is None or not keys or not self._shared.path.exists():
            return {}
        try:
            with self._shared.reading() as connection:
                vectors = caches.get_vectors(connection, keys)
        except TastegraphError as error:
            self._without_shared(error)
            return {}
        with self._cache.writing() as connection:
            caches.put_vectors(connection, vectors)
        return vectors

    def _share(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        if self._shared is None:
            return
        try:
            self._shared.path.parent.mkdir(parents=True, exist_ok=True)
            with self._shared.writing() as connection:
                caches.put_vectors(connection, vectors)
        except (TastegraphError, OSError) as error:
            self._without_shared(error)

    def _without_shared(self, error: Exception) -> None:
        say(f"the cache that workspaces share is not used: {error}")
        self._shared = None

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        return encode_in_batches(self._model, texts)

    def _warn_if_unreadable(self, ids_of: list[list[int]], unknown_token: int | None) -> None:
        tokens = [token for ids in ids_of for token in ids]
        unknown = sum(token == unknown_token for token in tokens)
        if unknown > MAX_UNKNOWN_TOKENS * len(tokens):
            say(
                f"warning: {unknown / len(tokens):.0%} of the texts' tokens are unknown to the "
                f"language model {self._folder.name}: name one that reads their language in "
                "[text] encoder"
            )

    @property
    def _precisions(self) -> set[str]:
        """Those that any number of texts is encoded in."""
        from tastegraph.text.torch_model import MAX_SINGLE_PRECISION, precision

        return {precision(), precision(MAX_SINGLE_PRECISION + 1)}

    @property
    def _identity(self) -> bytes:
        """Of all that a vector depends on beside the text: the first part of a cache key."""
        from tastegraph.text.torch_model import POOLING, precision

        if self._precision not in self._identities:
            name = self._precision or precision()
            settings = f"{self._max_tokens} {name} {sorted(POOLING.items())}"
            identity = folders.fingerprint(self._folder) + settings.encode()
            self._identities[self._precision] = identity
        return self._identities[self._precision]

    def _key(self, text: str) -> bytes:
        return sha256(self._identity + encodable(text).encode()).digest()

    @property
    def _model(self) -> TorchModel:
        from tastegraph.text.torch_model import TorchModel

        if self._precision not in self._models:
            model = TorchModel(self._folder, self._max_tokens, self._precision)
            self._models[self._precision] = model
        return self._models[self._precision]


def ensure_distilled(folder: Path) -> None:
    """Make the vectors of the tokens of the model in ``folder``, unless that has been done.

    Raises:
        TastegraphError: the model is incomplete or damaged.
    """
    try:
        read_distillation(folder)
    except TastegraphError:
        from tastegraph.text.distillation import distil

        distil(folder)
