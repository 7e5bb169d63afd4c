"""The sum under a softmax, made in blocks, against the one that is made at once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.models.graph_network import loss
from tastegraph.models.graph_network.loss import log_sum_exp


@given(st.integers(1, 3), st.integers(1, 700), st.integers(1, 9), st.integers(0, 100))
def test_blocks_add_up(heads: int, rows: int, items: int, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    tastes = torch.randn(heads, rows, 4, generator=draw)
    unit = torch.randn(heads, items, 4, generator=draw)
    torch.testing.assert_close(log_sum_exp(tastes, unit), (tastes @ unit.mT).logsumexp(dim=-1))


def test_the_gradient_is_that_of_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "BLOCK", 2)
    draw = torch.Generator().manual_seed(1)
    tastes, items = (
        torch.randn(2, n, 3, generator=draw, dtype=torch.float64, requires_grad=True)
        for n in (5, 4)
    )
    assert torch.autograd.gradcheck(log_sum_exp, (tastes, items))
