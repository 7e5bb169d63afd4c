"""Pre-training of a language model on the texts of a graph, each kind by its own objective."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.core.progress import progress
from tastegraph.text.finetune import pretrained
from tastegraph.text.finetune.corpus import Document, divided
from tastegraph.text.finetune.loop import Plan, train
from tastegraph.text.finetune.objectives import Batch, Examples, Objective
from tastegraph.text.folders import fingerprint, remove

SHORTEST = 8
"""Fewest tokens an example may have."""
MEASURED = 256
"""Most held-out examples a model is measured on."""


@dataclass(frozen=True)
class Quality:
    """How well a model reads held-out documents.

    Attributes:
        perplexity: exp of the mean −log p of the tokens it is to predict: the masked ones, all, or
            those of the permutation, by its kind.
        following: share of pairs of which it says rightly whether one follows the other; ``None``
            where it is not asked.
    """

    perplexity: float
    following: float | None


@dataclass(frozen=True)
class Report:
    """What a pre-training did.

    Attributes:
        objective: ``masked``, ``causal`` or ``permutation``.
        trained: documents it learned from.
        held_out: documents it was measured on.
        before: ``None`` where there was nothing to hold out.
        after: likewise.
        steps: batches.
        seconds: since it was started or went on.
    """

    objective: str
    trained: int
    held_out: int
    before: Quality | None
    after: Quality | None
    steps: int
    seconds: float


def pretrain(
    source: Path,
    documents: Sequence[Document],
    plan: Plan,
    into: Path,
    *,
    entity_masking: bool,
    batch_size: int = 32,
    max_tokens: int = 64,
    frozen_layers: int = 0,
    checkpoint: Path | None = None,
) -> Report:
    """Go on pre-training the model in ``source`` on ``documents``, and keep it in ``into``.

    BERT learns masked tokens and which sentence follows (Devlin et al. 2019), XLNet its tokens in
    any order (Yang et al. 2019), causal models the next token. One document has no other to take
    a false sentence from: masked tokens are then all that is learned, and nothing is held out.

    Args:
        source: a folder of transformers or sentence-transformers.
        documents: what it learns from; a tenth is held out.
        plan: how long and how fast.
        into: a new folder like ``source``, heads inside; it is there whole or not at all.
        entity_masking: whole names are predicted (ERNIE, Sun et al. 2019); no difference to
            causal models.
        batch_size: examples to a step.
        max_tokens: longest example; longer texts are read in parts.
        frozen_layers: the lowest layers that stay, with the embeddings, as they are.
        checkpoint: folder of the state an interrupted run goes on from; removed at the end.

    Raises:
        ConfigError: a setting does not fit the model.
        NotFoundError: there is no ``source``.
        AssetError: ``source`` cannot be read.
        TastegraphError: ``into`` is taken, the texts hold nothing the model can read, or it
            diverges.
    """
    if into.exists():
        raise TastegraphError(f"{into} is there already: remove it, or name another folder")
    began = time.monotonic()
    torch.manual_seed(plan.seed)
    objective, model, tokenizer = pretrained.read(source)
    _check(max_tokens, batch_size, model.config)
    pretrained.freeze(model, frozen_layers)
    model.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    parts = divided(documents, plan.seed)
    learned, held_out = (
        objective.examples(part, tokenizer, max_tokens, entity_masking) for part in parts
    )
    if not len(learned):
        raise TastegraphError("nothing to learn from: no document has a text the model can read")
    before = _quality(objective, model, held_out, batch_size, plan.seed)

    def loss(step: int, rng: np.random.Generator) -> torch.Tensor:
        rows = rng.choice(len(learned), batch_size, replace=batch_size > len(learned))
        return objective.outcome(model, _placed(learned.batch(rows, rng), model)).loss

    settings = (entity_masking, batch_size, max_tokens, frozen_layers)
    identity = _identity(source, documents, plan, settings)
    train(model, loss, plan, "pre-training", checkpoint, identity)
    after = _quality(objective, model, held_out, batch_size, plan.seed)
    pretrained.write(model, source, into)
    if checkpoint is not None:
        remove(checkpoint)
    seconds = time.monotonic() - began
    trained, held = map(len, parts)
    return Report(objective.name, trained, held, before, after, plan.steps, seconds)


def _check(max_tokens: int, batch_size: int, config: Any) -> None:
    positions = getattr(config, "max_position_embeddings", -1)
    longest = positions if positions > 0 else max_tokens
    if not SHORTEST <= max_tokens <= longest:
        raise ConfigError(f"max_tokens {max_tokens}: {SHORTEST} to {longest} fit this model")
    if batch_size < 1:
        raise ConfigError(f"batch_size {batch_size}: 1 or more expected")


@torch.inference_mode()
def _quality(
    objective: Objective, model: Any, examples: Examples, batch_size: int, seed: int
) -> Quality | None:
    """On the same examples, masks and pairs however often it is called."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(examples))[:MEASURED]
    surprise, predicted, right, asked = 0.0, 0, 0, 0
    model.eval()
    with progress("measuring", len(rows)) as advance:
        for start in range(0, len(rows), batch_size):
            some = rows[start : start + batch_size]
            outcome = objective.outcome(model, _placed(examples.batch(some, rng), model))
            surprise += outcome.surprise.item()
            predicted += outcome.predicted
            right, asked = right + outcome.right, asked + outcome.asked
            advance(len(some))
    if not predicted:
        return None
    return Quality(math.exp(min(surprise / predicted, 700)), right / asked if asked else None)


def _placed(batch: Batch, model: Any) -> Batch:
    return {name: tensor.to(model.device) for name, tensor in batch.items()}


def _identity(
    source: Path, documents: Sequence[Document], plan: Plan, settings: Sequence[object]
) -> str:
    told = asdict(plan) | {"save_every": None}
    texts = [asdict(document) for document in documents]
    everything = json.dumps([fingerprint(source).hex(), told, list(settings), texts])
    return sha256(everything.encode("utf-8")).hexdigest()
