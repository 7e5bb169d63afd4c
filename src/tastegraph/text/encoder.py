"""A sentence encoder whose vectors are kept by content, so that a text is encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import progress, say
from tastegraph.store import vectors
from tastegraph.store.database import Database
from tastegraph.text import folders
from tastegraph.text.batching import encoded, readable

if TYPE_CHECKING:
    from tastegraph.text.models import TorchModel

CHUNK = 256
"""Texts between two writes to the cache: what an interrupted run loses."""
UNREADABLE = 0.3
"""Share of unknown tokens from which a person is told that the model cannot read the texts."""


class Encoder:
    """Unit-length text vectors from a language model (Reimers & Gurevych 2019).

    Args:
        folder: a masked, causal or permutation model as transformers saves it, or a
            sentence-transformers model; :func:`tastegraph.text.folders.located` finds it.
        max_tokens: longer texts are cut.
        cache: where vectors are kept between runs.
    """

    def __init__(self, folder: Path, max_tokens: int, cache: Database) -> None:
        self._folder, self._max_tokens, self._cache = folder, max_tokens, cache

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, or of 0 where there is nothing to read.

        An interrupted run goes on where it stopped.

        Raises:
            TastegraphError: the model is incomplete or damaged.
        """
        self.fill(texts)
        keys = [self._key(text) for text in texts]
        with self._cache.reading() as connection:
            known = vectors.get(connection, list(dict.fromkeys(keys)))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 0), np.float32)

    def fill(self, texts: Sequence[str], shard: tuple[int, int] = (0, 1)) -> None:
        """Put the vectors that the cache lacks into it.

        Args:
            texts: the same for every worker.
            shard: (k, n): only the k-th of n shares, counted from 0. So n workers fill one cache
                together; a text is always in the same share.

        Raises:
            TastegraphError: the model is incomplete or damaged.
        """
        share, shares = shard
        if not 0 <= share < shares:
            raise TastegraphError(f"there is no share {share} of {shares}: they count from 0")
        asked = {self._key(text): text for text in texts}
        mine = [key for key in asked if int.from_bytes(key[:8]) % shares == share]
        with self._cache.writing():
            pass
        with self._cache.reading() as connection:
            known = vectors.get(connection, mine)
        missing = [(key, asked[key]) for key in mine if key not in known]
        missing.sort(key=lambda pair: len(pair[1]))
        if not missing:
            return
        self._warn_if_unreadable([text for _, text in missing[-CHUNK:]])
        with progress("encoding texts", len(missing)) as advance:
            for start in range(0, len(missing), CHUNK):
                chunk = dict(missing[start : start + CHUNK])
                new = dict(zip(chunk, self._vectors(list(chunk.values())), strict=True))
                with self._cache.writing() as connection:
                    vectors.put(connection, new)
                advance(len(chunk))

    def keep_only(self, texts: Sequence[str]) -> None:
        """Delete every other vector from the cache, and leave none of it on disk."""
        with self._cache.writing() as connection:
            vectors.keep_only(connection, {self._key(text) for text in texts})
        self._cache.scrub()

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        return encoded(self._model, texts)

    def _warn_if_unreadable(self, texts: list[str]) -> None:
        read = self._model.tokens([readable(text) for text in texts])
        tokens = [token for ids in read for token in ids]
        unknown = sum(token == self._model.tokenizer.unk_token_id for token in tokens)
        if unknown > UNREADABLE * len(tokens):
            say(
                f"warning: {unknown / len(tokens):.0%} of the texts' tokens are unknown to the "
                f"language model {self._folder.name}: name one that reads their language in "
                "[text] encoder"
            )

    @cached_property
    def _identity(self) -> bytes:
        """Tells apart all that a vector depends on but the text."""
        from tastegraph.text.loading import POOLING
        from tastegraph.text.models import precision

        how = f"{self._max_tokens} {precision()} {sorted(POOLING.items())}"
        return folders.fingerprint(self._folder) + how.encode()

    def _key(self, text: str) -> bytes:
        return sha256(self._identity + readable(text).encode()).digest()

    @cached_property
    def _model(self) -> TorchModel:
        from tastegraph.text.models import TorchModel

        return TorchModel(self._folder, self._max_tokens)
