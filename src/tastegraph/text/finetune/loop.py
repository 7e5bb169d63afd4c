"""The one training loop: deterministic step by step, so that an interrupted run goes on as if it
had not been.

What a step does follows from the seed and the step's number alone: the batch, the masks and the
dropout. So a checkpoint needs weights, the optimiser's moments and the number of the step, and a
run that was killed gives the same weights as one that was not.
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

CLIP = 1.0
"""Longest gradient; longer ones are scaled down (Pascanu et al. 2013)."""


@dataclass(frozen=True)
class Plan:
    """How long and how fast.

    Attributes:
        steps: batches.
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
        """What decides the batch of ``step``."""
        return np.random.default_rng((self.seed, step))


def train(
    model: nn.Module,
    loss: Callable[[int, np.random.Generator], Tensor],
    plan: Plan,
    what: str,
    checkpoint: Path | None = None,
    identity: str = "",
) -> list[float]:
    """Train the parameters of ``model`` that require a gradient; it is left in training mode.

    Args:
        model: what is trained, in place.
        loss: (step, what decides its batch) → scalar.
        plan: how long and how fast.
        what: shown beside the progress.
        checkpoint: folder of the state to go on from, kept every ``plan.save_every`` steps.
        identity: tells this run from others: a checkpoint of another run is not used.

    Returns:
        The loss of every step since the one it went on from.

    Raises:
        TastegraphError: nothing is to be trained, or the loss is not finite.
    """
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not trained:
        raise TastegraphError(f"{what}: no parameter is to be trained: freeze fewer layers")
    optimiser = torch.optim.AdamW(_groups(trained.values(), plan), lr=plan.learning_rate)
    start = 0 if checkpoint is None else resume(checkpoint, identity, trained, optimiser)
    model.train()
    losses = []
    with progress(what, plan.steps) as advance:
        advance(start)
        for step in range(start, plan.steps):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate(step)
            torch.manual_seed(plan.seed * 1_000_003 + step)
            value = loss(step, plan.rng(step))
            if not torch.isfinite(value):
                raise TastegraphError(
                    f"{what}: the loss of step {step} is {value.item()}: lower the learning rate"
                )
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained.values(), CLIP)
            optimiser.step()
            losses.append(value.item())
            advance(1)
            if checkpoint is not None and (step + 1) % plan.save_every == 0:
                save(checkpoint, Checkpoint(identity, step + 1), trained, optimiser)
    return losses


def _groups(trained: Iterable[nn.Parameter], plan: Plan) -> list[dict[str, Any]]:
    trained = list(trained)
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
