"""The softmax loss by hand, and its sum in blocks against the sum over all products."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.models.graph_network import loss
from tastegraph.models.graph_network.loss import log_sum_exp, softmax_items, softmax_loss
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import Batch, NextItem, SetCompletion


def test_the_loss_by_hand() -> None:
    """Two heads of two dimensions, one user, three items, temperature ½."""
    embedding = torch.tensor([[2.0, 0, 0, 3]], dtype=torch.float64, requires_grad=True)
    items = torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 0], [-1, 0, 0, -1]], dtype=torch.float64)
    settings = NetworkSettings(0.5, 0, 2, heads=2, learning_rate=0.01, epochs=1)
    first = torch.zeros(1, dtype=torch.int64)

    def loss_of(embeddings: torch.Tensor) -> torch.Tensor:
        rng = np.random.default_rng(0)
        return softmax_loss(Batch(embeddings, first, first), items, settings, len(items), rng)

    expected = -2 + np.log(np.exp([2, 0, -2]).sum())
    assert loss_of(embedding).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(loss_of, (embedding,))


@given(st.integers(1, 3), st.integers(1, 700), st.integers(1, 9), st.integers(0, 100))
def test_blocks_add_up(heads: int, rows: int, items: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(heads, rows, 4, generator=generator)
    unit = torch.randn(heads, items, 4, generator=generator)
    expected = (embeddings @ unit.mT).logsumexp(dim=-1)
    torch.testing.assert_close(log_sum_exp(embeddings, unit), expected)


def test_the_gradient_of_blocks_is_that_of_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "SOFTMAX_BLOCK_ROWS", 2)
    generator = torch.Generator().manual_seed(1)
    embeddings, items = (
        torch.randn(2, n, 3, generator=generator, dtype=torch.float64, requires_grad=True)
        for n in (5, 4)
    )
    assert torch.autograd.gradcheck(log_sum_exp, (embeddings, items))


@pytest.mark.parametrize(
    ("items", "of_sequences", "of_sets"),
    [(4_096, 4_096, 4_096), (5_000, 2_048, 5_000), (9_000, 2_048, 8_192)],
)
def test_a_softmax_runs_over_all_items_or_a_sample(
    items: int, of_sequences: int, of_sets: int
) -> None:
    likes = sparse.csr_array(np.ones((1, 2), dtype=bool))
    assert softmax_items(items, NextItem([], 5)) == of_sequences
    assert softmax_items(items, SetCompletion(likes)) == of_sets
