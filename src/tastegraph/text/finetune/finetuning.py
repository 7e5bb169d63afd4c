"""Fine-tuning of a text encoder by several objectives at once, in full or through LoRA."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.text import folders
from tastegraph.text.batching import encodable
from tastegraph.text.finetune.loop import TrainingSchedule, train
from tastegraph.text.finetune.pretrained import freeze
from tastegraph.text.torch_model import load

LARGE_MODEL = 100_000_000
"""Parameters from which a model is trained through LoRA by default."""
CHUNK_TEXTS = 16
"""Texts of similar length that are encoded at once: less padding, and they fit into the cache."""


@dataclass(frozen=True)
class LoRA:
    """Low-rank adaptation of all linear layers (Hu et al. 2022).

    Attributes:
        rank: r of the two matrices.
        alpha: their product is scaled by alpha / rank.
    """

    rank: int = 8
    alpha: int = 16


@dataclass(frozen=True)
class FinetuningReport:
    """What a fine-tuning did.

    Attributes:
        parameters: of the encoder.
        trained: parameters of the encoder, or of the adapters beside them, that were trained.
        losses: of each step since the run was started or resumed.
        seconds: likewise.
    """

    parameters: int
    trained: int
    losses: list[float]
    seconds: float


class FinetuningObjective(Protocol):
    """A loss on the vectors of items' texts."""

    @property
    def identity(self) -> str:
        """A digest of the objective and its data."""

    def head(self, dimensions: int) -> nn.Module:
        """The module between the text vectors and the loss; it is dropped after training."""

    def draw(
        self, rng: np.random.Generator, size: int, batch: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """About ``size`` items; those in ``batch``, drawn by other objectives, cost nothing."""

    def loss(self, items: NDArray[np.intp], vectors: Tensor) -> Tensor:
        """float[], of the items drawn and their vectors, outputs of the head."""


class MultiObjective(nn.Module):
    """The encoder and the heads of all objectives: everything that may be trained.

    Args:
        encoder: to be trained, in place.
        texts: of item 0, 1, 2, …
        objectives: whose losses are added.
    """

    def __init__(
        self,
        encoder: SentenceTransformer,
        texts: Sequence[str],
        objectives: Sequence[FinetuningObjective],
    ) -> None:
        super().__init__()
        self.encoder, self._texts, self._objectives = encoder, texts, objectives
        dimensions = int(encoder.get_embedding_dimension() or 0)
        heads = (objective.head(dimensions) for objective in objectives)
        self.heads = nn.ModuleList(heads).to(encoder.device)

    def forward(self, rng: np.random.Generator, size: int) -> Tensor:
        """float[]: the sum of the objectives' losses on one batch; each text is encoded once."""
        draws: list[NDArray[np.intp]] = []
        batch = np.zeros(0, dtype=np.intp)
        for objective in self._objectives:
            draws.append(objective.draw(rng, size, batch))
            batch = np.union1d(batch, draws[-1])
        vectors = self._vectors([self._texts[item] for item in batch.tolist()])
        losses = [
            objective.loss(items, head(vectors[np.searchsorted(batch, items)]))
            for objective, head, items in zip(self._objectives, self.heads, draws, strict=True)
        ]
        return torch.stack(losses).sum()

    def _vectors(self, texts: list[str]) -> Tensor:
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        vectors = []
        for start in range(0, len(order), CHUNK_TEXTS):
            chunk = [encodable(texts[row]) for row in order[start : start + CHUNK_TEXTS]]
            features: Any = self.encoder.preprocess(chunk)
            moved = {
                name: value.to(self.encoder.device) if isinstance(value, Tensor) else value
                for name, value in features.items()
            }
            vectors.append(self.encoder(moved)["sentence_embedding"])
        return torch.cat(vectors)[np.argsort(order)]


def finetune(
    source: Path,
    texts: Sequence[str],
    objectives: Sequence[FinetuningObjective],
    schedule: TrainingSchedule,
    into: Path,
    *,
    max_tokens: int = 128,
    batch_size: int = 64,
    frozen_layers: int = 0,
    lora: LoRA | Literal["large"] | None = "large",
    checkpoint: Path | None = None,
) -> FinetuningReport:
    """Train the encoder in ``source`` on the sum of ``objectives``, and write it to ``into``.

    Frozen layers take no part in the backward pass.

    Args:
        source: a folder of sentence-transformers or transformers.
        texts: of item 0, 1, 2, …; those that an objective draws must not be empty.
        objectives: whose losses are added.
        schedule: steps, learning rate and seed.
        into: a new folder of sentence-transformers; it is complete or absent.
        max_tokens: longer texts are cut.
        batch_size: texts of a step.
        frozen_layers: the lowest layers, with the embeddings, are not trained.
        lora: adapters are trained in place of the weights and merged into them at the end;
            ``"large"``: only where the model has 100 million parameters or more.
        checkpoint: folder of the state from which an interrupted run resumes; removed at the end.

    Raises:
        ConfigError: a setting does not fit the model, or there is no objective.
        TastegraphError: the model is incomplete, ``into`` exists, peft is missing or the loss is
            not finite.
    """
    if into.exists():
        raise TastegraphError(f"{into} is there already: remove it, or name another folder")
    if not objectives or batch_size < 2 or max_tokens < 1:
        raise ConfigError("at least an objective, a batch of 2 texts and 1 token are expected")
    start = time.monotonic()
    encoder = load(source).to("cuda" if torch.cuda.is_available() else "cpu")
    longest = encoder.max_seq_length
    encoder.max_seq_length = min(max_tokens, longest or max_tokens)
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    torch.manual_seed(schedule.seed)
    if lora == "large":
        lora = LoRA() if parameters >= LARGE_MODEL else None
    adapters = _add_adapters(encoder[0].auto_model, lora) if lora else None
    freeze(encoder[0].auto_model, frozen_layers)
    model = MultiObjective(encoder, texts, objectives)

    def loss(step: int, rng: np.random.Generator) -> Tensor:
        value: Tensor = model(rng, batch_size)
        return value

    trained = sum(p.numel() for p in encoder.parameters() if p.requires_grad)
    settings = [max_tokens, batch_size, frozen_layers, asdict(lora) if lora else None]
    identity = _identity(source, texts, objectives, schedule, settings)
    losses = train(model, loss, schedule, "fine-tuning", checkpoint, identity)
    if adapters is not None:
        adapters.merge_and_unload()
    encoder.max_seq_length = longest
    with folders.complete_or_absent(into) as new:
        encoder.save_pretrained(str(new), create_model_card=False)
    if checkpoint is not None:
        folders.remove(checkpoint)
    return FinetuningReport(parameters, trained, losses, time.monotonic() - start)


def _add_adapters(transformer: Any, lora: LoRA) -> Any:
    """Put adapters into ``transformer``, which alone require a gradient then."""
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


def _identity(
    source: Path,
    texts: Sequence[str],
    objectives: Sequence[FinetuningObjective],
    schedule: TrainingSchedule,
    settings: Sequence[object],
) -> str:
    weights = folders.fingerprint(source).hex()
    identities = [objective.identity for objective in objectives]
    steps = asdict(schedule) | {"save_every": None}
    content = json.dumps([weights, list(texts), identities, steps, list(settings)])
    return sha256(content.encode()).hexdigest()
