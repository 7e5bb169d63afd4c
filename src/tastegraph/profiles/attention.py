"""Attention over a behaviour sequence: how much each event of a history speaks now.

Both kinds return one number for each event. Everything that ranks is linear in these numbers,
which is what makes the share of every reason exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, without_rounding
from tastegraph.profiles.interactions import History

FLOOR = 0.05
Weights = NDArray[np.float32]


class Attention(Protocol):
    """Anything that weighs the events of a history."""

    def __call__(self, history: History) -> Weights:
        """float32[T], one weight for each event."""
        ...


@dataclass(frozen=True)
class Recency:
    """w · (½^(b/h) + .05) for an event that b likes came after, w the weight of its kind.

    Where no event of a history has a time, all count alike.

    Attributes:
        half_life: h, in likes; ``None`` weighs old and new alike.
        against: factor on events that count against; 0 ignores them.
    """

    half_life: float | None = None
    against: float = 0.0

    def __call__(self, history: History) -> Weights:
        """float32[T]."""
        weights = np.where(history.weights < 0, self.against * history.weights, history.weights)
        if self.half_life is not None and history.ordered:
            liked = np.cumsum(history.weights > 0, dtype=np.float32)
            back = liked[-1:] - liked
            weights = weights * (np.exp2(-back / np.float32(self.half_life)) + np.float32(FLOOR))
        return weights.astype(np.float32)


@dataclass(frozen=True)
class SequenceAttention:
    """Scaled dot-product attention of the newest event over all of them (Vaswani et al. 2017).

    αₜ = softmax((h_newest Q + q) · (hₜ K) + bias(events back)), over the newest L events that count
    for their item; the others get 0. The result is divided by |Σ αₜ hₜ|, so that a score taken with
    it is a cosine; where the hₜ cancel, all get 0. Where no event of a history has a time, all have
    the same weight.

    Attributes:
        values: float32[items, d], what an event contributes: hₜ.
        query, key: float32[d, d], Q and K, already scaled by d^(-1/4) each.
        query_bias: float32[d], q, scaled alike.
        bias: float32[L], by events back.
    """

    values: Weights
    query: Weights
    key: Weights
    query_bias: Weights
    bias: Weights

    def __call__(self, history: History) -> Weights:
        """float32[T]."""
        weights = np.zeros(len(history), dtype=np.float32)
        liked = np.flatnonzero(history.weights > 0)[-len(self.bias) :]
        if not len(liked):
            return weights
        values = self.values[history.items[liked]]
        if history.ordered:
            query = values[-1] @ self.query + self.query_bias
            logits = values @ (self.key @ query) + self.bias[: len(liked)][::-1]
            alpha = np.exp(logits - logits.max())
        else:
            alpha = np.ones(len(liked), dtype=np.float32)
        alpha /= alpha.sum()
        norm = np.linalg.norm(without_rounding(alpha @ values, alpha @ np.abs(values)))
        if norm > 0:
            weights[liked] = alpha / norm
        return weights


def attend(histories: Sequence[History], attention: Attention, n_items: int) -> CSR:
    """float32 CSR[histories, items]: the attention each item of each history gets, summed.

    An item whose events for and against it cancel gets 0, not what rounding leaves.
    """
    return attended(histories, [attention(history) for history in histories], n_items)


def attended(histories: Sequence[History], weights: Sequence[Weights], n_items: int) -> CSR:
    """:func:`attend` from the weights of the events of each history, float32[T]."""
    if not histories:
        return sparse.csr_array(np.zeros((0, n_items), dtype=np.float32))
    values = np.concatenate(weights)
    rows = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    items = np.concatenate([history.items for history in histories])
    shape = len(histories), n_items
    matrix = sparse.csr_array((values, (rows, items)), shape=shape)
    if (values < 0).any():
        sizes = sparse.csr_array((np.abs(values), (rows, items)), shape=shape)
        matrix.data = without_rounding(matrix.data, sizes.data)
    return matrix
