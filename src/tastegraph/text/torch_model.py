"""Language models in memory, with PyTorch: transformers or sentence-transformers folders.

What a folder lacks is an error: the libraries would replace missing weights by random ones.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from torch import nn
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModel,
    PretrainedConfig,
)
from transformers.utils import logging as transformers_logging

from tastegraph.core.errors import TastegraphError
from tastegraph.text import folders
from tastegraph.text.batching import CPU_BATCH_TOKENS, GPU_BATCH_TOKENS

Kind = Literal["masked", "causal", "permutation"]
POOLING = {"masked": "mean", "permutation": "mean", "causal": "weightedmean"}
"""How the vectors of the tokens become the vector of the text, where the folder does not say.

``mean``: over the real tokens (Reimers & Gurevych 2019, §3). ``weightedmean``: the same with the
weights 1, 2, 3, … by position, because a token of a causal model has seen only those before it
(Muennighoff 2022, "SGPT", arXiv 2202.08904, which prefers it to the mean and the last token).
"""
UNUSED_WEIGHTS = ("pooler.", "decoder.")
"""Prefixes of weights that no vector depends on."""
MAX_SINGLE_PRECISION = 20_000
"""Texts that a CPU encodes in single precision; of more the vectors may be a little less precise:
their cosine to those of single precision was .9999 and more."""
PRECISIONS = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


class TorchModel:
    """A sentence encoder in memory: in half precision on a GPU, else in single precision.

    Args:
        folder: of a transformers or a sentence-transformers model.
        max_tokens: longer texts are cut.
        precision_name: a key of :data:`PRECISIONS`; by default that of few texts.

    Raises:
        TastegraphError: the model is incomplete, or its tokenizer belongs to another model.
    """

    def __init__(self, folder: Path, max_tokens: int, precision_name: str | None = None) -> None:
        self.name = folder.name
        dtype = PRECISIONS[precision_name or precision()]
        self.sentence_model = load(folder).to(device(), dtype)
        self.sentence_model.max_seq_length = self.max_tokens = min(
            max_tokens, self.sentence_model.max_seq_length or max_tokens
        )
        self.tokenizer: Any = self.sentence_model.tokenizer
        self.batch_tokens = GPU_BATCH_TOKENS if device() == "cuda" else CPU_BATCH_TOKENS
        self.dimensions = int(self.sentence_model.get_embedding_dimension() or 0)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special tokens, cut to the model's length."""
        encoding = self.tokenizer(
            list(texts), add_special_tokens=False, truncation=True, max_length=self.max_tokens
        )
        return [list(ids) for ids in encoding["input_ids"]]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, of the texts as one batch."""
        encoded = self.sentence_model.encode(
            list(texts),
            batch_size=len(texts),
            convert_to_tensor=True,
            show_progress_bar=False,
        )
        rows: NDArray[np.float32] = nn.functional.normalize(encoded.float(), dim=1).cpu().numpy()
        return rows


def device() -> str:
    """``cuda`` where there is a GPU, else ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def precision(n_texts: int = 0) -> str:
    """The key of :data:`PRECISIONS` for this machine, and so many texts.

    Half precision is slow on a CPU, unless its instructions multiply such numbers: then many texts
    take two thirds of the time, and few as long.
    """
    if not torch.cuda.is_available():
        return "bfloat16" if n_texts > MAX_SINGLE_PRECISION and multiplies_halves() else "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


def multiplies_halves() -> bool:
    """Whether the processor has instructions for products of bfloat16."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(supported and supported())


def load(folder: Path, attention: str | None = None) -> SentenceTransformer:
    """The model in ``folder``, checked, on the CPU in single precision, in evaluation mode.

    Args:
        folder: of a transformers or a sentence-transformers model.
        attention: transformers' ``attn_implementation``; its own choice by default.

    Raises:
        TastegraphError: a file or a weight is missing or damaged, or the tokenizer has tokens
            that the model lacks.
    """
    folders.check(folder)
    kwargs: dict[str, Any] = {
        "dtype": torch.float32,
        "use_safetensors": True,
        "local_files_only": True,
    }
    if attention:
        kwargs["attn_implementation"] = attention
    try:
        with _quiet():
            _check_weights(folders.transformer_folder(folder), kwargs)
            model = _sentence_model(folder, kwargs)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise TastegraphError(f"{folder} cannot be used as a language model: {error}") from error
    _check_tokenizer(folder, model)
    return model.eval()


def save_tokenizer(model: SentenceTransformer, file: Path) -> None:
    """Write the model's tokenizer as ``tokenizers`` reads it.

    Raises:
        TastegraphError: it is written in Python.
    """
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise TastegraphError(
            "its tokenizer is written in Python and cannot be exported: save the model with a "
            "fast tokenizer"
        )
    backend.save(str(file))


def kind(config: PretrainedConfig) -> Kind:
    """The pre-training of a model, which decides how it pools and on which side it pads.

    XLNet is a permutation model (Yang et al. 2019). A causal one is known to transformers as such
    and not as a masked one, or says that it is a decoder.
    """
    if config.model_type == "xlnet":
        return "permutation"
    if getattr(config, "is_decoder", False):
        return "causal"
    causal = type(config) in MODEL_FOR_CAUSAL_LM_MAPPING
    return "causal" if causal and type(config) not in MODEL_FOR_MASKED_LM_MAPPING else "masked"


def _sentence_model(folder: Path, kwargs: dict[str, Any]) -> SentenceTransformer:
    if folders.is_sentence_model(folder):
        saved = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, model_kwargs=kwargs
        )
        if len(saved) == 1:
            raise TastegraphError(f"{folder / 'modules.json'} does not say how the model pools")
        return saved
    transformer = Transformer(
        str(folder), model_kwargs=kwargs, processor_kwargs={"local_files_only": True}
    )
    training = kind(transformer.config)
    tokenizer: Any = transformer.tokenizer
    if training == "causal":
        # Positions count from the left, padding included.
        tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        # Tokens outside the attention mask are not read.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    pooling = Pooling(transformer.get_embedding_dimension(), POOLING[training])
    return SentenceTransformer(modules=[transformer, pooling], device="cpu")


def _check_weights(place: Path, kwargs: dict[str, Any]) -> None:
    """Raise where weights are missing: transformers would fill them in at random."""
    _, info = AutoModel.from_pretrained(place, output_loading_info=True, **kwargs)
    missing = sorted(key for key in info["missing_keys"] if not key.startswith(UNUSED_WEIGHTS))
    if missing:
        names = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        raise TastegraphError(
            f"{place} holds only part of a model: {len(missing)} weights are missing ({names})"
        )


def _check_tokenizer(folder: Path, model: SentenceTransformer) -> None:
    transformer: Any = model[0]
    tokens = len(transformer.tokenizer)
    embeddings = transformer.auto_model.get_input_embeddings().num_embeddings
    if tokens > embeddings:
        raise TastegraphError(
            f"the tokenizer in {folder} is another model's: it has {tokens:,} tokens, the model "
            f"{embeddings:,}"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' progress bars and warnings; errors are raised by this module."""
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    loggers = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
