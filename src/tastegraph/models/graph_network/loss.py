"""The sum under a softmax over very many products, which are never all held."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import ALL_ITEMS, Batch, TrainingTask

BLOCK = 256
"""So many tastes at a time: their products with some thousand items fit a processor's cache."""


def softmax_items(n_items: int, task: TrainingTask) -> int:
    """How many of ``n_items`` a softmax runs over: all, or the shared ones."""
    return n_items if n_items <= max(ALL_ITEMS, task.shared) else task.shared


def loss(
    questions: Batch,
    items: Tensor,
    settings: NetworkSettings,
    among: int,
    rng: np.random.Generator,
) -> Tensor:
    """Cross-entropy of the wanted items among all, of cosine / temperature, mean over heads.

    The sum over all items is estimated from some where there are more (sampled softmax with a
    uniform proposal, Bengio & Senécal 2008).

    Args:
        questions: of one batch.
        items: float32[I, heads · d].
        settings: temperature and heads.
        among: the sum runs over so many, of :func:`softmax_items`.
        rng: what the shared items are drawn with.
    """
    tastes = of_heads(questions.tastes, settings.heads) / settings.temperature
    unit = of_heads(items, settings.heads)
    asked, wanted = questions.asked, questions.wanted
    own = (tastes[:, asked] * unit[:, wanted]).sum(dim=-1)
    if among == len(items):
        return (log_sum_exp(tastes, unit)[:, asked] - own).mean()
    shared = torch.from_numpy(rng.integers(0, len(items), among)).to(items.device)
    rest = log_sum_exp(tastes, unit[:, shared]) + math.log(len(items) / among)
    return functional.softplus(rest[:, asked] - own).mean()


def of_heads(vectors: Tensor, heads: int) -> Tensor:
    """float32[R, heads · d] → float32[heads, R, d], rows of length 1."""
    apart = vectors.reshape(len(vectors), heads, -1).transpose(0, 1)
    return functional.normalize(apart, dim=-1)


def log_sum_exp(tastes: Tensor, items: Tensor) -> Tensor:
    """log Σᵢ exp(tasteᵣ · itemᵢ), float32[heads, R].

    Products are made block by block, and once more for the gradient: half the time of holding them,
    and none of their memory.

    Args:
        tastes: float32[heads, R, d].
        items: float32[heads, I, d].
    """
    found: Tensor = _LogSumExp.apply(tastes, items)  # type: ignore[no-untyped-call]
    return found


class _LogSumExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tastes: Tensor, items: Tensor) -> Tensor:
        blocks = [(some @ items.mT).logsumexp(dim=-1) for some in torch.split(tastes, BLOCK, dim=1)]
        sums = torch.cat(blocks, dim=1)
        ctx.save_for_backward(tastes, items, sums)
        return sums

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """The softmax of a block weighs items for its tastes, and its tastes for items."""
        tastes, items, sums = ctx.saved_tensors
        of_tastes, of_items = torch.empty_like(tastes), torch.zeros_like(items)
        for start in range(0, tastes.shape[1], BLOCK):
            block = slice(start, start + BLOCK)
            some = tastes[:, block]
            share = (some @ items.mT).sub_(sums[:, block, None]).exp_()
            share.mul_(gradients[0][:, block, None])
            of_tastes[:, block] = share @ items
            of_items += share.mT @ some
        return of_tastes, of_items
