"""The training loop: an interrupted run resumes and ends with the same weights as one in one go.

The batch, the masks and the dropout of a step follow from the seed and the number of the step
alone, so that a checkpoint holds weights, the optimiser's moments and the number of steps. The
``Trainer`` of transformers is not used: its checkpoints contain pickled states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import progress
from tastegraph.text.finetune.checkpoints import Checkpoint, resume, save

MAX_GRADIENT_NORM = 1.0
"""Longer gradients are scaled down (Pascanu et al. 2013)."""


@dataclass(frozen=True)
class TrainingSchedule:
    """Steps, learning rate and seed of a training run.

    Attributes:
        steps: number of batches.
        learning_rate: at its highest; it rises linearly over ``warmup`` of the steps and falls
            linearly to 0 (Devlin et al. 2019, A.2).
        weight_decay: of matrices; biases and scales have none (Loshchilov & Hutter 2019).
        seed: decides every batch, mask and dropout.
        save_every: steps between checkpoints.
    """

    steps: int
    learning_rate: float
    warmup: float = 0.1
    weight_decay: float = 0.01
    seed: int = 1
    save_every: int = 50

    def rate(self, step: int) -> float:
        """The learning rate of ``step``, which counts from 0."""
        rising = max(int(self.warmup * self.steps), 1)
        falling = max(self.steps - rising, 1)
        return self.learning_rate * min((step + 1) / rising, (self.steps - step) / falling, 1.0)

    def rng(self, step: int) -> np.random.Generator:
        """The generator that draws the batch of ``step``."""
        return np.random.default_rng((self.seed, step))


def train(
    model: nn.Module,
    loss: Callable[[int, np.random.Generator], Tensor],
    schedule: TrainingSchedule,
    label: str,
    checkpoint: Path | None = None,
    identity: str = "",
) -> list[float]:
    """Train the parameters of ``model`` that require a gradient; it is left in training mode.

    Args:
        model: trained in place.
        loss: (step, generator that draws its batch) → float[].
        schedule: steps, learning rate and seed.
        label: beside the progress bar and in errors.
        checkpoint: folder of the state to resume from, written every ``schedule.save_every`` steps.
        identity: of this run; a checkpoint of another run is not used.

    Returns:
        The loss of every step since the run was started or resumed.

    Raises:
        TastegraphError: no parameter requires a gradient, or the loss is not finite.
    """
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not trained:
        raise TastegraphError(f"{label}: no parameter is to be trained: freeze fewer layers")
    optimiser = torch.optim.AdamW(_groups(trained.values(), schedule), lr=schedule.learning_rate)
    start = 0 if checkpoint is None else resume(checkpoint, identity, trained, optimiser)
    model.train()
    losses = []
    with progress(label, schedule.steps) as advance:
        advance(start)
        for step in range(start, schedule.steps):
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate(step)
            torch.manual_seed(schedule.seed * 1_000_003 + step)
            value = loss(step, schedule.rng(step))
            if not torch.isfinite(value):
                raise TastegraphError(
                    f"{label}: the loss of step {step} is {value.item()}: lower the learning rate"
                )
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained.values(), MAX_GRADIENT_NORM)
            optimiser.step()
            losses.append(value.item())
            advance(1)
            if checkpoint is not None and (step + 1) % schedule.save_every == 0:
                save(checkpoint, Checkpoint(identity, step + 1), trained, optimiser)
    return losses


def _groups(trained: Iterable[nn.Parameter], schedule: TrainingSchedule) -> list[dict[str, Any]]:
    trained = list(trained)
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
