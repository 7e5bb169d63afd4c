"""Continued pre-training of a language model on documents, each kind by its own objective."""

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
from tastegraph.text.finetune.corpus import TextDocument, split_documents
from tastegraph.text.finetune.loop import TrainingSchedule, train
from tastegraph.text.finetune.prediction import PretrainingExamples, PretrainingObjective, Tensors
from tastegraph.text.folders import fingerprint, remove

MIN_EXAMPLE_TOKENS = 8
"""Of the setting ``max_tokens``."""
MAX_MEASURED_EXAMPLES = 256
"""Held-out examples on which a model is measured."""


@dataclass(frozen=True)
class PretrainingQuality:
    """How well a model predicts held-out documents.

    Attributes:
        perplexity: exp of the mean −log p of the target tokens: the masked ones, all, or those of
            the permutation, by the kind of model.
        following: share of the pairs of sentences of which it predicts rightly whether the second
            follows the first; ``None`` without such pairs.
    """

    perplexity: float
    following: float | None


@dataclass(frozen=True)
class PretrainingReport:
    """What a pre-training did.

    Attributes:
        objective: ``masked``, ``causal`` or ``permutation``.
        trained: documents of the training part.
        held_out: documents of the held-out part.
        before: quality before training; ``None`` without held-out documents.
        after: quality after training; likewise.
        steps: number of batches.
        seconds: since the run was started or resumed.
    """

    objective: str
    trained: int
    held_out: int
    before: PretrainingQuality | None
    after: PretrainingQuality | None
    steps: int
    seconds: float


def pretrain(
    source: Path,
    documents: Sequence[TextDocument],
    schedule: TrainingSchedule,
    into: Path,
    *,
    entity_masking: bool,
    batch_size: int = 32,
    max_tokens: int = 64,
    frozen_layers: int = 0,
    checkpoint: Path | None = None,
) -> PretrainingReport:
    """Pre-train the model in ``source`` further on ``documents``, and write it to ``into``.

    BERT predicts masked tokens and whether a sentence follows (Devlin et al. 2019), XLNet tokens in
    any order (Yang et al. 2019), causal models the next token. With a single document there is no
    prediction of the next sentence, and nothing is held out.

    Args:
        source: a folder of transformers or sentence-transformers.
        documents: to train on; a tenth is held out.
        schedule: steps, learning rate and seed.
        into: a new folder like ``source``, with heads; it is complete or absent.
        entity_masking: whether names are predicted as one (ERNIE, Sun et al. 2019); without effect
            on causal models.
        batch_size: examples of a step.
        max_tokens: of an example; longer texts are cut.
        frozen_layers: the lowest layers, with the embeddings, are not trained.
        checkpoint: folder of the state from which an interrupted run resumes; removed at the end.

    Raises:
        ConfigError: a setting does not fit the model.
        NotFoundError: there is no ``source``.
        AssetError: ``source`` cannot be read.
        TastegraphError: ``into`` exists, no text has tokens of the vocabulary, or the loss is not
            finite.
    """
    if into.exists():
        raise TastegraphError(f"{into} is there already: remove it, or name another folder")
    start = time.monotonic()
    torch.manual_seed(schedule.seed)
    objective, model, tokenizer = pretrained.read(source)
    _check(max_tokens, batch_size, model.config)
    pretrained.freeze(model, frozen_layers)
    model.to(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    parts = split_documents(documents, schedule.seed)
    training, held_out = (
        objective.examples(part, tokenizer, max_tokens, entity_masking) for part in parts
    )
    if not len(training):
        raise TastegraphError("nothing to learn from: no document has a text the model can read")
    before = _quality(objective, model, held_out, batch_size, schedule.seed)

    def loss(step: int, rng: np.random.Generator) -> torch.Tensor:
        rows = rng.choice(len(training), batch_size, replace=batch_size > len(training))
        return objective.loss(model, _on_device(training.batch(rows, rng), model)).mean

    settings = (entity_masking, batch_size, max_tokens, frozen_layers)
    identity = _identity(source, documents, schedule, settings)
    train(model, loss, schedule, "pre-training", checkpoint, identity)
    after = _quality(objective, model, held_out, batch_size, schedule.seed)
    pretrained.write(model, source, into)
    if checkpoint is not None:
        remove(checkpoint)
    seconds = time.monotonic() - start
    trained, measured = map(len, parts)
    return PretrainingReport(
        objective.name, trained, measured, before, after, schedule.steps, seconds
    )


def _check(max_tokens: int, batch_size: int, config: Any) -> None:
    positions = getattr(config, "max_position_embeddings", -1)
    longest = positions if positions > 0 else max_tokens
    if not MIN_EXAMPLE_TOKENS <= max_tokens <= longest:
        raise ConfigError(
            f"max_tokens {max_tokens}: {MIN_EXAMPLE_TOKENS} to {longest} fit this model"
        )
    if batch_size < 1:
        raise ConfigError(f"batch_size {batch_size}: 1 or more expected")


@torch.inference_mode()
def _quality(
    objective: PretrainingObjective,
    model: Any,
    examples: PretrainingExamples,
    batch_size: int,
    seed: int,
) -> PretrainingQuality | None:
    """On the same examples, masks and pairs in every call."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(examples))[:MAX_MEASURED_EXAMPLES]
    token_loss, tokens, correct_pairs, pairs = 0.0, 0, 0, 0
    model.eval()
    with progress("measuring", len(rows)) as advance:
        for start in range(0, len(rows), batch_size):
            chunk = rows[start : start + batch_size]
            losses = objective.loss(model, _on_device(examples.batch(chunk, rng), model))
            token_loss += losses.token_loss.item()
            tokens += losses.tokens
            correct_pairs += losses.correct_pairs
            pairs += losses.pairs
            advance(len(chunk))
    if not tokens:
        return None
    return PretrainingQuality(
        math.exp(min(token_loss / tokens, 700)), correct_pairs / pairs if pairs else None
    )


def _on_device(batch: Tensors, model: Any) -> Tensors:
    return {name: tensor.to(model.device) for name, tensor in batch.items()}


def _identity(
    source: Path,
    documents: Sequence[TextDocument],
    schedule: TrainingSchedule,
    settings: Sequence[object],
) -> str:
    steps = asdict(schedule) | {"save_every": None}
    texts = [asdict(document) for document in documents]
    content = json.dumps([fingerprint(source).hex(), steps, list(settings), texts])
    return sha256(content.encode("utf-8")).hexdigest()
