"""A language model in memory, with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tastegraph.text.batching import CPU, GPU
from tastegraph.text.loading import load

PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


class TorchModel:
    """A model in memory: on the GPU in half precision where there is one, else in single.

    Args:
        folder: of a transformers or a sentence-transformers model.
        max_tokens: longer texts are cut.

    Raises:
        TastegraphError: the model is incomplete, or its tokenizer is another model's.
    """

    def __init__(self, folder: Path, max_tokens: int) -> None:
        self.name = folder.name
        self.sentence_model = load(folder).to(device(), PRECISIONS[precision()])
        self.sentence_model.max_seq_length = self.max_tokens = min(
            max_tokens, self.sentence_model.max_seq_length or max_tokens
        )
        self.tokenizer: Any = self.sentence_model.tokenizer
        self.room = GPU if device() == "cuda" else CPU
        self.dimensions = int(self.sentence_model.get_embedding_dimension() or 0)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's own tokens, cut to what is read; no special tokens."""
        found = self.tokenizer(
            list(texts), add_special_tokens=False, truncation=True, max_length=self.max_tokens
        )
        return [list(ids) for ids in found["input_ids"]]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1: the texts as one batch."""
        encoded = self.sentence_model.encode(
            list(texts),
            batch_size=len(texts),
            convert_to_tensor=True,
            show_progress_bar=False,
        )
        rows: NDArray[np.float32] = nn.functional.normalize(encoded.float(), dim=1).cpu().numpy()
        return rows


def device() -> str:
    """Where models run."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def precision() -> str:
    """Of the numbers in a model: half on a GPU; on a CPU it would be eight times slower."""
    if not torch.cuda.is_available():
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
