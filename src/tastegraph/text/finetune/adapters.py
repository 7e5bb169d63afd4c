"""Small low-rank weights that are trained in place of a large model's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from tastegraph.core.errors import TastegraphError

LARGE = 100_000_000
"""Parameters from which a model is trained through LoRA unless told otherwise."""


@dataclass(frozen=True)
class LoRA:
    """Low-rank adaptation of all linear layers (Hu et al. 2022).

    Attributes:
        rank: r of the two matrices.
        alpha: what they add is scaled by alpha / rank.
    """

    rank: int = 8
    alpha: int = 16


def size(model: nn.Module) -> int:
    """Parameters of a model."""
    return sum(parameter.numel() for parameter in model.parameters())


def adapt(transformer: Any, lora: LoRA) -> Any:
    """Put adapters into ``transformer``; they alone require a gradient then.

    Returns:
        What :func:`merge` takes.

    Raises:
        TastegraphError: peft is not installed.
    """
    try:
        from peft import LoraConfig, LoraModel
    except ImportError:
        raise TastegraphError("LoRA needs peft: pip install 'tastegraph[lora]'") from None
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules="all-linear",
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in transformer.modules()),
    )
    return LoraModel(transformer, config, "default")


def merge(adapted: Any) -> None:
    """Add the adapters to the weights they stand beside, and take them out."""
    adapted.merge_and_unload()
