"""Contrastive losses: a vector is to tell its own partner from all others."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(anchors: Tensor, positives: Tensor, allowed: Tensor, temperature: float) -> Tensor:
    """InfoNCE over the pairs of a batch, both ways (van den Oord et al. 2018, eq. 4; symmetric as
    in Radford et al. 2021, §2.3).

    Args:
        anchors: float[B, d]; of any length, since cosines are compared.
        positives: float[B, d]; row k belongs to row k of ``anchors``.
        allowed: bool[B, B], whether j may be a negative of i. What is known to belong together
            must not be (Chuang et al. 2020). The diagonal is not read.
        temperature: the lower, the more the nearest negatives count.

    Returns:
        The mean of both ways; 0 where no pair has a negative.
    """
    cosines = functional.normalize(anchors, dim=1) @ functional.normalize(positives, dim=1).T
    own = torch.arange(len(cosines), device=cosines.device)
    weights = allowed.to(cosines.dtype)
    there = _told_apart(cosines, own, weights, temperature)
    back = _told_apart(cosines.T, own, weights.T, temperature)
    return (there + back) / 2


def against_all(
    anchors: Tensor, bank: Tensor, own: Tensor, weights: Tensor, temperature: float
) -> Tensor:
    """InfoNCE of a batch against a whole bank of fixed vectors.

    Args:
        anchors: float[B, d]; of any length.
        bank: float[N, d]; of any length.
        own: int[B], the row of ``bank`` that belongs to each anchor.
        weights: float[B, N], how much a negative counts (Robinson et al. 2021): 0 is none,
            1 an ordinary one. That of an anchor's own row is not read.
        temperature: as in :func:`contrastive`.
    """
    cosines = functional.normalize(anchors, dim=1) @ functional.normalize(bank, dim=1).T
    return _told_apart(cosines, own, weights, temperature)


def _told_apart(cosines: Tensor, own: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Mean of −log(e^s⁺ / (e^s⁺ + Σ w e^s⁻)), s = cosine / temperature."""
    counted = weights.scatter(1, own[:, None], 1.0)
    return functional.cross_entropy(cosines / temperature + counted.log(), own)
