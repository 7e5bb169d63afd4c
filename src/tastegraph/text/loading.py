"""Any transformers model as a sentence-transformers model, or an error that says what it lacks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModel,
    PretrainedConfig,
)
from transformers.utils import logging as transformers_logging

from tastegraph.core.errors import TastegraphError
from tastegraph.text import folders

Kind = Literal["masked", "causal", "permutation"]
POOLING = {"masked": "mean", "permutation": "mean", "causal": "weightedmean"}
"""How the tokens' vectors become the text's where the folder does not say.

``mean``: over the real tokens (Reimers & Gurevych 2019, §3). ``weightedmean``: the same with the
weights 1, 2, 3, … by position, because a token of a causal model has seen only those before it
(Muennighoff 2022, "SGPT", arXiv 2202.08904, which prefers it to the mean and the last token).
"""
UNUSED = ("pooler.", "decoder.")
"""Parts of a transformer that no vector depends on."""


def load(folder: Path, attention: str | None = None) -> SentenceTransformer:
    """The model in ``folder``, checked, on the CPU in single precision, in evaluation mode.

    Args:
        folder: of a transformers or a sentence-transformers model.
        attention: transformers' ``attn_implementation``; its own choice by default.

    Raises:
        TastegraphError: a file or a weight is missing or damaged, or the tokenizer has words that
            the model has not.
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


def kind(config: PretrainedConfig) -> Kind:
    """How a model was pre-trained, which decides how it pools and on which side it pads.

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
    what = kind(transformer.config)
    tokenizer: Any = transformer.tokenizer
    if what == "causal":
        # Its positions count from the left, padding included.
        tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        # What stands behind the attention mask is not read.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    pooling = Pooling(transformer.get_embedding_dimension(), POOLING[what])
    return SentenceTransformer(modules=[transformer, pooling], device="cpu")


def _check_weights(place: Path, kwargs: dict[str, Any]) -> None:
    """Where weights are missing, transformers makes up random ones and goes on."""
    _, told = AutoModel.from_pretrained(place, output_loading_info=True, **kwargs)
    missing = sorted(key for key in told["missing_keys"] if not key.startswith(UNUSED))
    if missing:
        shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        raise TastegraphError(
            f"{place} holds only part of a model: {len(missing)} weights are missing ({shown})"
        )


def _check_tokenizer(folder: Path, model: SentenceTransformer) -> None:
    transformer: Any = model[0]
    words = len(transformer.tokenizer)
    known = transformer.auto_model.get_input_embeddings().num_embeddings
    if words > known:
        raise TastegraphError(
            f"the tokenizer in {folder} is another model's: it has {words:,} tokens, the model "
            f"{known:,}"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """What the libraries would print is checked here, and told as an error."""
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
