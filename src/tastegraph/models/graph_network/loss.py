"""The training loss: a softmax over cosines with a temperature (Wu et al. 2024), in blocks."""

from __future__ import annotations

import itertools
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


def sampled_items(n_items: int, task: TrainingTask, rng: np.random.Generator) -> Tensor | None:
    """int64[n], the items that one softmax runs over; ``None`` for all."""
    size = softmax_items(n_items, task)
    return None if size == n_items else torch.from_numpy(rng.integers(0, n_items, size))


def softmax_loss(
    batch: Batch,
    items: Tensor,
    settings: NetworkSettings,
    n_items: int,
    sample: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of the targets among all items, of cosine / temperature, mean over heads.

    With a ``sample``, the sum over all is estimated from it (sampled softmax with a uniform
    proposal, Bengio & Senécal 2008).

    Args:
        batch: embeddings, and targets as rows of ``items``.
        items: float32[R, heads · d], of all items, or of those of targets and sample.
        settings: temperature and heads.
        n_items: I, of all items.
        sample: int64[n], rows of ``items``; by default the sum runs over all.
    """
    embeddings = by_head(batch.user_embeddings, settings.heads) / settings.temperature
    unit = by_head(items, settings.heads)
    own = (embeddings[:, batch.rows] * unit[:, batch.targets]).sum(dim=-1)
    if sample is None:
        return cross_entropy(embeddings, unit, own, batch.rows)
    surplus = math.log(n_items / len(sample))
    return cross_entropy(embeddings, unit[:, sample], own, batch.rows, surplus)


def by_head(vectors: Tensor, heads: int) -> Tensor:
    """float32[R, heads · d] → float32[heads, R, d], rows of length 1."""
    split = vectors.reshape(len(vectors), heads, -1).transpose(0, 1)
    return functional.normalize(split, dim=-1)


def cross_entropy(
    embeddings: Tensor, items: Tensor, own: Tensor, rows: Tensor, surplus: float | None = None
) -> Tensor:
    """Mean over heads and targets of log Σᵢ exp(embeddingᵣ · itemᵢ) − own.

    With ``surplus`` the sum is of a sample, and the mean is of softplus(log Σ + surplus − own). The
    products are computed block by block, each with its gradient, so that they are computed once and
    never held.

    Args:
        embeddings: float32[heads, R, d].
        items: float32[heads, I, d].
        own: float32[heads, T], embedding · item of each target.
        rows: int64[T] in rising order, the row of each target.
        surplus: log of how many items each one of the sample stands for.
    """
    loss: Tensor = _CrossEntropy.apply(embeddings, items, own, rows, surplus)  # type: ignore[no-untyped-call]
    return loss


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, embeddings: Tensor, items: Tensor, own: Tensor, rows: Tensor,
        surplus: float | None,
    ) -> Tensor:  # fmt: skip
        """The softmax of a block weighs items for its embeddings, and embeddings for items."""
        of_embeddings, of_items = torch.empty_like(embeddings), torch.zeros_like(items)
        of_own = torch.full_like(own, -1 / max(own.numel(), 1))
        total, n_rows = own.new_zeros(()), embeddings.shape[1]
        starts = torch.arange(0, n_rows + SOFTMAX_BLOCK_ROWS, SOFTMAX_BLOCK_ROWS)
        ends = torch.searchsorted(rows.cpu(), starts).tolist()
        for block, (first, last) in enumerate(itertools.pairwise(ends)):
            at = slice(block * SOFTMAX_BLOCK_ROWS, (block + 1) * SOFTMAX_BLOCK_ROWS)
            rows_of_block = embeddings[:, at]
            share = rows_of_block @ items.mT
            largest = share.amax(dim=-1, keepdim=True)
            sums = share.sub_(largest).exp_().sum(dim=-1, keepdim=True)
            lead = (largest + sums.log()).squeeze(-1)[:, rows[first:last] - at.start]
            lead = lead - own[:, first:last]
            if surplus is not None:
                lead = lead + surplus
                of_own[:, first:last] *= lead.sigmoid()
                lead = functional.softplus(lead)
            total += lead.sum()
            weight = torch.zeros_like(sums).squeeze(-1)
            weight.index_add_(1, rows[first:last] - at.start, -of_own[:, first:last])
            share.mul_(weight[:, :, None] / sums)
            of_embeddings[:, at] = share @ items
            of_items += share.mT @ rows_of_block
        ctx.save_for_backward(of_embeddings, of_items, of_own)
        return total / max(own.numel(), 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        return (*(gradient * gradients[0] for gradient in ctx.saved_tensors), None, None)
