"""The softmax loss by hand, and its sum in blocks against the sum over all products."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from torch.nn import functional

from tastegraph.models.graph_network import loss
from tastegraph.models.graph_network.loss import cross_entropy, softmax_items, softmax_loss
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import Batch, NextItem, SetCompletion


def test_the_loss_by_hand() -> None:
    """Two heads of two dimensions, one user, three items, temperature ½."""
    embedding = torch.tensor([[2.0, 0, 0, 3]], dtype=torch.float64, requires_grad=True)
    items = torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 0], [-1, 0, 0, -1]], dtype=torch.float64)
    settings = NetworkSettings(0.5, 0, 2, heads=2, learning_rate=0.01, epochs=1)
    first = torch.zeros(1, dtype=torch.int64)

    def loss_of(embeddings: torch.Tensor) -> torch.Tensor:
        return softmax_loss(Batch(embeddings, first, first), items, settings, len(items))

    expected = -2 + np.log(np.exp([2, 0, -2]).sum())
    assert loss_of(embedding).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(loss_of, (embedding,))


def operands(
    heads: int, rows: int, items: int, targets: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = (heads, rows, 4), (heads, items, 4), (heads, targets)
    embeddings, unit, own = (
        torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in shapes
    )
    at = torch.randint(0, rows, (targets,), generator=generator).sort().values
    return embeddings, unit, own, at


@given(
    st.integers(1, 3), st.integers(1, 700), st.integers(1, 9), st.integers(1, 20),
    st.sampled_from([None, 0.7]), st.integers(0, 100),
)  # fmt: skip
def test_blocks_add_up(
    heads: int, rows: int, items: int, targets: int, surplus: float | None, seed: int
) -> None:
    """Loss and gradients are those of all products at once."""
    embeddings, unit, own, at = operands(heads, rows, items, targets, seed)
    lead = (embeddings @ unit.mT).logsumexp(dim=-1)[:, at] - own
    expected = (lead if surplus is None else functional.softplus(lead + surplus)).mean()
    gradients = torch.autograd.grad(expected, (embeddings, unit, own))
    actual = cross_entropy(embeddings, unit, own, at, surplus)
    torch.testing.assert_close(actual, expected)
    torch.testing.assert_close(torch.autograd.grad(actual, (embeddings, unit, own)), gradients)


@pytest.mark.parametrize("surplus", [None, 0.7])
def test_the_gradient_is_that_of_the_loss(
    monkeypatch: pytest.MonkeyPatch, surplus: float | None
) -> None:
    monkeypatch.setattr(loss, "SOFTMAX_BLOCK_ROWS", 2)
    *differentiable, at = operands(2, 5, 4, 6, seed=1)
    assert torch.autograd.gradcheck(
        lambda *tensors: cross_entropy(*tensors, at, surplus), tuple(differentiable)
    )


def test_a_sharp_softmax_does_not_overflow() -> None:
    """At a temperature of .01 cosines are up to 100, whose exponential no float32 holds."""
    embeddings = torch.tensor([[[100.0], [-100.0]]])
    items, own = torch.tensor([[[1.0], [-1.0]]]), torch.tensor([[100.0, -100.0]])
    value = cross_entropy(embeddings, items, own, torch.tensor([0, 1]))
    assert value.item() == pytest.approx(100.0)


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
