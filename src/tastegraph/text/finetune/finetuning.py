"""Fine-tuning of a text encoder by lessons, into a folder like any other model's."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.text import folders
from tastegraph.text.finetune.adapters import LARGE, LoRA, adapt, merge, size
from tastegraph.text.finetune.lessons import Lesson, Taught
from tastegraph.text.finetune.loop import Plan, train
from tastegraph.text.finetune.pretrained import freeze
from tastegraph.text.folders import complete_or_absent, remove
from tastegraph.text.torch_model import load


@dataclass(frozen=True)
class Report:
    """What a fine-tuning did.

    Attributes:
        parameters: of the encoder.
        trained: how many of them, or of the adapters beside them, were trained.
        losses: of each step since it was started or went on.
        seconds: likewise.
    """

    parameters: int
    trained: int
    losses: list[float]
    seconds: float


def finetune(
    source: Path,
    texts: Sequence[str],
    lessons: Sequence[Lesson],
    plan: Plan,
    into: Path,
    *,
    max_tokens: int = 128,
    batch_size: int = 64,
    frozen_layers: int = 0,
    lora: LoRA | Literal["large"] | None = "large",
    checkpoint: Path | None = None,
) -> Report:
    """Teach the encoder in ``source`` all ``lessons`` at once, and keep it in ``into``.

    Each text of a batch is encoded once, whatever number of lessons and pairs it serves; the
    lessons' losses are added up. Frozen layers take no part in the backward pass.

    Args:
        source: a folder of sentence-transformers or transformers.
        texts: of item 0, 1, 2, …; those that no lesson draws are not encoded, those that one
            draws need words.
        lessons: what is taught.
        plan: how long and how fast.
        into: a new folder of sentence-transformers; it is there whole or not at all.
        max_tokens: longer texts are cut.
        batch_size: texts to a step.
        frozen_layers: the lowest layers that stay, with the embeddings, as they are.
        lora: adapters are trained in place of the weights and merged into them at the end;
            ``"large"``: only where the model has 100 million parameters or more.
        checkpoint: folder of the state an interrupted run goes on from; removed at the end.

    Raises:
        ConfigError: a setting does not fit the model, or there is no lesson.
        TastegraphError: the model is incomplete, ``into`` is taken, peft is missing or the loss is
            not finite.
    """
    if into.exists():
        raise TastegraphError(f"{into} is there already: remove it, or name another folder")
    if not lessons or batch_size < 2 or max_tokens < 1:
        raise ConfigError("at least a lesson, a batch of 2 texts and 1 token are expected")
    began = time.monotonic()
    encoder = load(source).to("cuda" if torch.cuda.is_available() else "cpu")
    longest = encoder.max_seq_length
    encoder.max_seq_length = min(max_tokens, longest or max_tokens)
    parameters = size(encoder)
    torch.manual_seed(plan.seed)
    if lora == "large":
        lora = LoRA() if parameters >= LARGE else None
    adapted = adapt(encoder[0].auto_model, lora) if lora else None
    freeze(encoder[0].auto_model, frozen_layers)
    taught = Taught(encoder, texts, lessons)

    def loss(step: int, rng: np.random.Generator) -> Tensor:
        value: Tensor = taught(rng, batch_size)
        return value

    trained = sum(p.numel() for p in encoder.parameters() if p.requires_grad)
    settings = [max_tokens, batch_size, frozen_layers, asdict(lora) if lora else None]
    identity = _identity(source, texts, lessons, plan, settings)
    losses = train(taught, loss, plan, "fine-tuning", checkpoint, identity)
    if adapted is not None:
        merge(adapted)
    encoder.max_seq_length = longest
    with complete_or_absent(into) as new:
        encoder.save_pretrained(str(new), create_model_card=False)
    if checkpoint is not None:
        remove(checkpoint)
    return Report(parameters, trained, losses, time.monotonic() - began)


def _identity(
    source: Path,
    texts: Sequence[str],
    lessons: Sequence[Lesson],
    plan: Plan,
    settings: Sequence[object],
) -> str:
    told = asdict(plan) | {"save_every": None}
    taught = [lesson.identity for lesson in lessons]
    weights = folders.fingerprint(source).hex()
    everything = json.dumps([weights, list(texts), taught, told, list(settings)])
    return sha256(everything.encode()).hexdigest()
