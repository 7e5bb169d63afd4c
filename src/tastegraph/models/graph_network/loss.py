"""The training loss: a softmax over cosines with a temperature (Wu et al. 2024), in blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import Batch, TrainingTask

MAX_FULL_SOFTMAX_ITEMS = 4_096
"""Up to this many items the softmax runs over all; beyond, over a sample that a batch shares."""
SOFTMAX_BLOCK_ROWS = 256
"""User embeddings at a time: their products with some thousand items fit a processor's cache."""


def softmax_items(n_items: int, task: TrainingTask) -> int:
    """How many of ``n_items`` the softmax runs over: all, or a sample."""
    return (
        n_items
        if n_items <= max(MAX_FULL_SOFTMAX_ITEMS, task.sampled_items)
        else task.sampled_items
    )


def softmax_loss(
    batch: Batch,
    items: Tensor,
    settings: NetworkSettings,
    n_softmax_items: int,
    rng: np.random.Generator,
) -> Tensor:
    """Cross-entropy of the targets among all items, of cosine / temperature, mean over heads.

    Where there are more items than ``n_softmax_items``, the sum over all is estimated from a sample
    (sampled softmax with a uniform proposal, Bengio & Senécal 2008).

    Args:
        batch: embeddings and targets.
        items: float32[I, heads · d].
        settings: temperature and heads.
        n_softmax_items: items that the sum runs over, from :func:`softmax_items`.
        rng: draws the sample.
    """
    embeddings = by_head(batch.user_embeddings, settings.heads) / settings.temperature
    unit = by_head(items, settings.heads)
    rows, targets = batch.rows, batch.targets
    own = (embeddings[:, rows] * unit[:, targets]).sum(dim=-1)
    if n_softmax_items == len(items):
        return (log_sum_exp(embeddings, unit)[:, rows] - own).mean()
    sample = torch.from_numpy(rng.integers(0, len(items), n_softmax_items)).to(items.device)
    rest = log_sum_exp(embeddings, unit[:, sample]) + math.log(len(items) / n_softmax_items)
    return functional.softplus(rest[:, rows] - own).mean()


def by_head(vectors: Tensor, heads: int) -> Tensor:
    """float32[R, heads · d] → float32[heads, R, d], rows of length 1."""
    split = vectors.reshape(len(vectors), heads, -1).transpose(0, 1)
    return functional.normalize(split, dim=-1)


def log_sum_exp(embeddings: Tensor, items: Tensor) -> Tensor:
    """log Σᵢ exp(embeddingᵣ · itemᵢ), float32[heads, R].

    The products are computed block by block, and again for the gradient: that takes half the time
    of keeping them, and none of their memory.

    Args:
        embeddings: float32[heads, R, d].
        items: float32[heads, I, d].
    """
    sums: Tensor = _LogSumExp.apply(embeddings, items)  # type: ignore[no-untyped-call]
    return sums


class _LogSumExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, embeddings: Tensor, items: Tensor) -> Tensor:
        blocks = torch.split(embeddings, SOFTMAX_BLOCK_ROWS, dim=1)
        sums = torch.cat([(block @ items.mT).logsumexp(dim=-1) for block in blocks], dim=1)
        ctx.save_for_backward(embeddings, items, sums)
        return sums

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """The softmax of a block weighs items for its embeddings, and embeddings for items."""
        embeddings, items, sums = ctx.saved_tensors
        of_embeddings, of_items = torch.empty_like(embeddings), torch.zeros_like(items)
        for start in range(0, embeddings.shape[1], SOFTMAX_BLOCK_ROWS):
            rows = slice(start, start + SOFTMAX_BLOCK_ROWS)
            block = embeddings[:, rows]
            share = (block @ items.mT).sub_(sums[:, rows, None]).exp_()
            share.mul_(gradients[0][:, rows, None])
            of_embeddings[:, rows] = share @ items
            of_items += share.mT @ block
        return of_embeddings, of_items
