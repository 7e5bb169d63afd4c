"""Texts to vectors while serving: the language model that a snapshot was built with, as ONNX."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import NoEncoderError, TastegraphError
from tastegraph.core.messages import Message
from tastegraph.text.onnx import OnnxEncoder


class Reader:
    """Loads a model when a text is first read by it; safe to call from many threads."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._loaded: tuple[tuple[Path, int], OnnxEncoder] | None = None

    def read(self, text: str, folder: Path, max_tokens: int) -> NDArray[np.float32]:
        """float32[1, d], of length 1, or of 0 where there is nothing to read.

        Args:
            text: the words.
            folder: of the model, with its export.
            max_tokens: longer texts are cut.

        Raises:
            NoEncoderError: the model is not exported, or cannot be read.
        """
        return self._encoder(folder, max_tokens).encode([text])

    def _encoder(self, folder: Path, max_tokens: int) -> OnnxEncoder:
        wanted = (folder, max_tokens)
        with self._loading:
            if self._loaded is None or self._loaded[0] != wanted:
                try:
                    self._loaded = (wanted, OnnxEncoder(folder, max_tokens))
                except TastegraphError as error:
                    raise NoEncoderError(Message("encoder.none", cause=error.message)) from None
            return self._loaded[1]
