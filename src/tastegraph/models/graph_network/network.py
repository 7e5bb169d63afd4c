"""The graph network: item vectors by propagation, and attention over a user's events.

Nodes are items, entities and values; users are added (:mod:`adjacency`). A node starts as

    h⁽⁰⁾ = learned vector (where the node was trained) + W · text vector (where it has a text)

and each layer makes h⁽ˡ⁺¹⁾ of h⁽ˡ⁾ by a convolution, by default

    h⁽ˡ⁺¹⁾ᵥ = Σᵤ h⁽ˡ⁾ᵤ wᵣ / √(cᵥ cᵤ),   c the weighted degree, wᵣ the weight of the edge's relation

which is the graph convolution of Kipf & Welling (2017) in the linear form of LightGCN (He et al.
2020); others are in :mod:`layers`. The mean over layers is the item's vector. A user's embedding is
a function of their history alone: attention of the newest event over all
(:class:`~tastegraph.profiles.attention.SequenceAttention`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from tastegraph.core.arrays import CSR
from tastegraph.models.graph_network.adjacency import PropagationStep, SparseMatrix
from tastegraph.models.graph_network.layers import activation, convolution_layers
from tastegraph.models.graph_network.parameters import NetworkSettings


@dataclass(frozen=True)
class GraphTensors:
    """One graph, or what some items need of it, as the network reads it.

    Attributes:
        steps: what each layer multiplies with.
        text: float32[N, t], text vectors; rows of zeros where there is no text.
        known: float32[N, 1], 1 where a node's learned vector may be used, else 0; ``None`` where
            all may be.
        n_items: the first nodes are items.
        matrices: the matrices of ``steps``; empty where a layer is more than a product with one.
        nodes: int64[N], which nodes of the network these are; ``None`` for all.
        items: int64[I], which items the first of them are, ascending; ``None`` for all.
    """

    steps: Sequence[PropagationStep]
    text: Tensor
    known: Tensor | None
    n_items: int
    matrices: Sequence[CSR] = ()
    nodes: Tensor | None = None
    items: Tensor | None = None

    def of_items(self, items: Tensor) -> GraphTensors:
        """What some items (int64[R], ascending) alone need of a whole graph.

        The items come first in every layer, so that the mean over layers is one over first rows.
        """
        if len(self.matrices) < len(self.steps):
            return self
        rows = items.numpy()
        nodes, steps = rows, []
        for matrix in reversed(self.matrices):
            cut = matrix[nodes]
            place = np.full(matrix.shape[1], -1, dtype=np.int64)
            place[rows] = np.arange(len(rows))
            others = np.unique(cut.indices[place[cut.indices] < 0])
            place[others] = np.arange(len(rows), len(rows) + len(others))
            nodes = np.concatenate([rows, others])
            cells = (cut.data, place[cut.indices], cut.indptr)
            shape = (cut.shape[0], len(nodes))
            steps.append(SparseMatrix.of(sparse.csr_array(cells, shape=shape), self.text.device))
        at = torch.from_numpy(nodes).to(self.text.device)
        return GraphTensors(
            steps[::-1],
            self.text[at],
            None if self.known is None else self.known[at],
            n_items=len(rows),
            nodes=at,
            items=items.to(self.text.device),
        )

    def places(self, items: Tensor) -> Tensor:
        """int64[n], the row of each of ``items`` (int64[n])."""
        items = items.to(self.text.device)
        return items if self.items is None else torch.searchsorted(self.items, items)


class GraphNetwork(nn.Module):
    """Item vectors from the graph, and the attention that turns histories into user embeddings.

    Args:
        n_nodes: N, nodes with a learned vector.
        n_items: the first of them that are items.
        text_dimensions: t.
        settings: its layers, and d = heads · dimensions.
        history: L, newest events that are attended to.
        n_relations: relations of the graph; only ``RGCNConv`` needs them.
    """

    def __init__(
        self,
        n_nodes: int,
        n_items: int,
        text_dimensions: int,
        settings: NetworkSettings,
        history: int,
        n_relations: int = 0,
    ) -> None:
        super().__init__()
        width = settings.heads * settings.dimensions
        self.settings = settings
        self.node = nn.Parameter(torch.empty(n_nodes, width))
        self.event = nn.Parameter(torch.empty(n_items, width))
        self.text = nn.Parameter(torch.empty(text_dimensions, width))
        self.query = nn.Parameter(torch.empty(width, width))
        self.query_bias = nn.Parameter(torch.empty(width))
        self.key = nn.Parameter(torch.empty(width, width))
        self.position = nn.Parameter(torch.empty(history))
        self.decay = nn.Parameter(torch.empty(()))
        self.convolutions = convolution_layers(settings, n_relations)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Small random vectors; attention starts out even over the whole history."""
        for parameter in (self.node, self.event):
            nn.init.normal_(parameter, std=0.1)
        for parameter in (self.text, self.query, self.key):
            nn.init.normal_(parameter, std=0.02)
        for parameter in (self.query_bias, self.position, self.decay):
            nn.init.zeros_(parameter)
        for convolution in self.convolutions:
            convolution.reset_parameters()  # type: ignore[operator]

    def forward(self, graph: GraphTensors) -> Tensor:
        """float32[I, d]: one vector for each item, from its L-hop content graph."""
        return self.propagate(self.start(graph), graph)

    def start(self, graph: GraphTensors) -> Tensor:
        """float32[N, d]: what each node starts as."""
        own = self.node if graph.nodes is None else self.node.index_select(0, graph.nodes)
        if graph.known is not None:
            own = own * graph.known
        return own + graph.text @ self.text

    def propagate(self, h: Tensor, graph: GraphTensors) -> Tensor:
        """float32[I, d]: the mean over layers, where ``h`` (float32[N, d]) is the first."""
        total = h[: graph.n_items]
        for convolution, step in zip(self.convolutions, graph.steps, strict=True):
            h = activation(self.settings, convolution(h, step))
            total = total + h[: graph.n_items]
        return total / (len(graph.steps) + 1)

    def event_vectors(self, items: Tensor, graph: GraphTensors) -> Tensor:
        """float32[I, d]: what an event on each item contributes to a user embedding."""
        own = self.event if graph.items is None else self.event.index_select(0, graph.items)
        return items + (own if graph.known is None else own * graph.known[: graph.n_items])

    @torch.no_grad()
    def add_shrinkage(self, strength: float) -> None:
        """Add to the gradients that of what items and events have of their own.

        It is that of ``strength`` times their mean squared length.
        """
        n_items = len(self.event)
        for parameter in (self.node, self.event):
            assert parameter.grad is not None
            parameter.grad[:n_items].add_(parameter[:n_items], alpha=2 * strength / n_items)

    def bias(self) -> Tensor:
        """float32[L]: the attention's bias by events back."""
        back = torch.arange(len(self.position), device=self.position.device)
        return self.position + self.decay * torch.log1p(back.float())

    def attend_evenly(self) -> None:
        """Fix the attention to the same for every event, for histories without an order."""
        for name in ("query", "query_bias", "key", "position", "decay"):
            nn.init.zeros_(getattr(self, name))
            getattr(self, name).requires_grad_(False)

    def user_embeddings(self, sequences: Tensor, present: Tensor) -> Tensor:
        """The user's embedding after each event, from it and the events before it.

        Args:
            sequences: float32[B, T, d], vectors of events, oldest first, padded at the end.
            present: bool[B, T], false for padding.

        Returns:
            float32[B, T, d].
        """
        length = sequences.shape[1]
        queries = sequences @ self.query + self.query_bias
        logits = queries @ (sequences @ self.key).transpose(1, 2) / math.sqrt(sequences.shape[2])
        position = torch.arange(length, device=sequences.device)
        back = position[:, None] - position[None, :]
        logits = logits + self.bias()[back.clamp(0, len(self.position) - 1)]
        hidden = (back < 0) | (back >= len(self.position)) | ~present[:, None, :]
        return logits.masked_fill(hidden, -1e9).softmax(dim=-1) @ sequences
