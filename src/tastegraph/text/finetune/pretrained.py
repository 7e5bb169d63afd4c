"""Pre-trained models on disk, with their heads: read, frozen in part, and written back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.utils import logging

from tastegraph.core.errors import AssetError, ConfigError, NotFoundError
from tastegraph.text.finetune.masked import MASKED
from tastegraph.text.finetune.prediction import PretrainingObjective
from tastegraph.text.finetune.streams import CAUSAL, PERMUTATION
from tastegraph.text.folders import complete_or_absent, transformer_folder

STALE_FILES = ("model*.safetensors*", "pytorch_model*.bin*", "onnx", "openvino")
"""Weights and exports in a folder, which training makes outdated."""


def read(folder: Path) -> tuple[PretrainingObjective, Any, Any]:
    """(objective of its kind, model with heads, tokenizer) of a folder that transformers or
    sentence-transformers saved. Heads that the folder lacks are initialised at random.

    Raises:
        NotFoundError: there is no folder.
        AssetError: the model cannot be read.
        ConfigError: this kind of model, or its tokenizer, cannot be pre-trained here.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder}: there is no language model here")
    place = transformer_folder(folder)
    try:
        with quietly():
            config = AutoConfig.from_pretrained(place, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
            objective = _objective(folder, config.model_type)
            model = objective.model.from_pretrained(place, local_files_only=True).float()
    except (OSError, ValueError, SafetensorError) as error:
        raise AssetError(f"{folder}: the language model cannot be read: {error}") from error
    if not tokenizer.is_fast:
        raise ConfigError(f"{folder}: its tokenizer has no tokenizer.json: save it as a fast one")
    ends = (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
    if objective is MASKED and None in (tokenizer.mask_token_id, *ends):
        raise ConfigError(f"{folder}: its tokenizer lacks one of [MASK], [CLS], [SEP] and [PAD]")
    return objective, model, tokenizer


def write(model: Any, source: Path, into: Path) -> None:
    """A copy of ``source`` with the weights and heads of ``model``, complete or absent."""
    with complete_or_absent(into) as new:
        shutil.copytree(source, new, dirs_exist_ok=True)
        place = transformer_folder(new)
        for stale in [path for pattern in STALE_FILES for path in place.glob(pattern)]:
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
        with quietly():
            model.save_pretrained(place)


def freeze(model: Any, layers: int) -> None:
    """Do not train the ``layers`` lowest layers, nor the embeddings; 0 freezes nothing.

    Raises:
        ConfigError: no layer would be left to train.
    """
    base = model.base_model
    stack = next(module for module in base.modules() if isinstance(module, nn.ModuleList))
    if not 0 <= layers < len(stack):
        raise ConfigError(f"{layers} frozen layers: 0 to {len(stack) - 1} of this model can be")
    first = next(stack[layers].parameters())
    for parameter in base.parameters() if layers else ():
        if parameter is first:
            return
        parameter.requires_grad = False


def _objective(folder: Path, kind: str) -> PretrainingObjective:
    if kind in (special := {"bert": MASKED, "xlnet": PERMUTATION}):
        return special[kind]
    if kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        return CAUSAL
    raise ConfigError(
        f"{folder}: a model of type {kind!r} cannot be pre-trained: bert, xlnet and causal models "
        "such as gpt2 can"
    )


@contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings of transformers about weights that are new or not used."""
    level = logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
