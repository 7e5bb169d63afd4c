"""The sum under a softmax over very many products, which are never all held."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

BLOCK = 256
"""So many tastes at a time: their products with some thousand items fit a processor's cache."""


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
