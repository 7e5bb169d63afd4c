"""The graph network: typed propagation, and attention over a behaviour sequence.

Nodes are items, entities, values and people. A node starts as

    h⁽⁰⁾ = learned vector (where the node was trained) + W · text vector (where it has a text)

a person as nothing: people only carry messages between the items they like. Each layer sends

    h⁽ˡ⁺¹⁾ᵥ = Σᵤ h⁽ˡ⁾ᵤ wᵣ / √(cᵥ cᵤ),   c the weighted degree, wᵣ the weight of the edge's relation

which is the graph convolution of Kipf & Welling (2017) in the linear form of LightGCN (He et al.
2020); the mean over layers is the item's vector. A person's taste is a function of history
alone: attention of the newest liked item over all (:class:`SequenceAttention`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from tastegraph.models.graph_network.adjacency import PropagationStep, SparseProduct


class GraphConv(MessagePassing):  # type: ignore[misc]
    """One step x → Â x as a CSR product, and its gradient as another."""

    def forward(self, x: Tensor, step: PropagationStep) -> Tensor:
        """float32[N, d] → float32[M, d]."""
        out: Tensor = self.propagate(step.matrix, x=x, transposed=step.transposed)
        return out

    def message_and_aggregate(self, adj_t: Tensor, x: Tensor, transposed: Tensor) -> Tensor:
        """The product of matrix and features."""
        out: Tensor = SparseProduct.apply(adj_t, transposed, x)  # type: ignore[no-untyped-call]
        return out


@dataclass(frozen=True)
class GraphTensors:
    """What the network sees of one graph.

    Attributes:
        steps: of :func:`propagation_matrix`, one for each layer.
        text: float32[N, t], text vectors; rows of zeros where there is no text.
        known: float32[N, 1], 1 where a node's learned vector may be used, else 0.
        n_items: the first nodes are items.
    """

    steps: Sequence[PropagationStep]
    text: Tensor
    known: Tensor
    n_items: int


class GraphNetwork(nn.Module):
    """Item vectors from the graph, and the attention that turns histories into tastes.

    Args:
        n_nodes: N, nodes with a learned vector.
        n_items: the first of them that are items.
        text_dimensions: t.
        dimensions: d.
        history: L, newest likes that are attended to.
    """

    def __init__(
        self,
        n_nodes: int,
        n_items: int,
        text_dimensions: int,
        dimensions: int,
        history: int,
    ) -> None:
        super().__init__()
        self.node = nn.Parameter(torch.empty(n_nodes, dimensions))
        self.event = nn.Parameter(torch.empty(n_items, dimensions))
        self.text = nn.Parameter(torch.empty(text_dimensions, dimensions))
        self.query = nn.Parameter(torch.empty(dimensions, dimensions))
        self.query_bias = nn.Parameter(torch.empty(dimensions))
        self.key = nn.Parameter(torch.empty(dimensions, dimensions))
        self.position = nn.Parameter(torch.empty(history))
        self.decay = nn.Parameter(torch.empty(()))
        self.convolve = GraphConv(aggr="add")
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random vectors; attention starts out even over the whole history."""
        for parameter in (self.node, self.event):
            nn.init.normal_(parameter, std=0.1)
        for parameter in (self.text, self.query, self.key):
            nn.init.normal_(parameter, std=0.02)
        for parameter in (self.query_bias, self.position, self.decay):
            nn.init.zeros_(parameter)

    def forward(self, inputs: GraphTensors) -> Tensor:
        """float32[I, d]: one vector for each item, from its L-hop content graph."""
        return self.propagated(self.node * inputs.known + inputs.text @ self.text, inputs)

    def propagated(self, h: Tensor, inputs: GraphTensors) -> Tensor:
        """float32[I, d]: the mean over layers, linear in the first one, ``h`` (float32[N, d])."""
        total = h[: inputs.n_items]
        for step in inputs.steps:
            h = self.convolve(h, step)
            total = total + h[: inputs.n_items]
        return total / (len(inputs.steps) + 1)

    def events(self, items: Tensor, inputs: GraphTensors) -> Tensor:
        """float32[I, d]: what an event on each item contributes to a taste."""
        return items + self.event * inputs.known[: inputs.n_items]

    def bias(self) -> Tensor:
        """float32[L]: the attention's bias by events back."""
        back = torch.arange(len(self.position), device=self.position.device)
        return self.position + self.decay * torch.log1p(back.float())

    def forget_order(self) -> None:
        """Attend to every event alike, whatever came first."""
        for name in ("query", "query_bias", "key", "position", "decay"):
            nn.init.zeros_(getattr(self, name))
            getattr(self, name).requires_grad_(False)

    def tastes(self, sequences: Tensor, present: Tensor) -> Tensor:
        """The taste after each event, from it and the events before it.

        Args:
            sequences: float32[B, T, d], events, oldest first, padded at the end.
            present: bool[B, T].

        Returns:
            float32[B, T, d].
        """
        length = sequences.shape[1]
        queries = sequences @ self.query + self.query_bias
        logits = queries @ (sequences @ self.key).transpose(1, 2) / math.sqrt(sequences.shape[2])
        at = torch.arange(length, device=sequences.device)
        back = at[:, None] - at[None, :]
        logits = logits + self.bias()[back.clamp(0, len(self.position) - 1)]
        hidden = (back < 0) | (back >= len(self.position)) | ~present[:, None, :]
        return logits.masked_fill(hidden, -1e9).softmax(dim=-1) @ sequences
