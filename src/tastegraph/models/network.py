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
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing

from tastegraph.core.arrays import CSR
from tastegraph.kg.graph import KnowledgeGraph

KNOWLEDGE_WEIGHT = 0.5


def propagation_matrix(graph: KnowledgeGraph, likes: CSR, kind_weights: NDArray[np.float32]) -> CSR:
    """D^(-½) A D^(-½), float32 CSR[N + U, N + U], over the graph's nodes and then the people.

    Args:
        graph: nodes and typed edges.
        likes: CSR[U, I].
        kind_weights: float32[2R], weight of each (relation, direction); an edge takes the larger.
    """
    n_nodes, (n_users, _) = graph.n_nodes, likes.shape
    by_relation = np.ones(len(graph.relations), dtype=np.float32)
    padded = np.zeros(2 * len(graph.relations), dtype=np.float32)
    padded[: len(kind_weights)] = kind_weights
    if len(kind_weights):
        by_relation = padded.reshape(-1, 2).max(axis=1)
    users = np.repeat(np.arange(n_users), np.diff(likes.indptr)) + n_nodes
    rows = np.concatenate([graph.heads, likes.indices])
    columns = np.concatenate([graph.tails, users])
    knowledge = KNOWLEDGE_WEIGHT * by_relation[graph.relation] * graph.confidence
    values = np.concatenate([knowledge, np.ones(len(users), dtype=np.float32)])
    size = n_nodes + n_users
    half = sparse.csr_array((values.astype(np.float32), (rows, columns)), shape=(size, size))
    whole = sparse.csr_array(half + half.T)
    degree: NDArray[np.float32] = np.asarray(whole.sum(axis=1), dtype=np.float32).reshape(-1)
    scale = np.where(degree > 0, np.maximum(degree, 1e-12) ** -0.5, 0.0).astype(np.float32)
    whole.data *= np.repeat(scale, np.diff(whole.indptr)) * scale[whole.indices]
    whole.sort_indices()
    return whole


def as_tensor(matrix: CSR) -> Tensor:
    """The same matrix as a torch CSR tensor."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return _csr(matrix.sorted_indices())


def _csr(matrix: CSR) -> Tensor:
    return torch.sparse_csr_tensor(
        torch.from_numpy(matrix.indptr.astype(np.int64)),
        torch.from_numpy(matrix.indices.astype(np.int64)),
        torch.from_numpy(matrix.data),
        size=matrix.shape,
        check_invariants=True,
    )


@dataclass(frozen=True)
class Step:
    """One step of propagation, without what is known to be zero or is not asked for.

    Attributes:
        matrix: CSR[M, N].
        transposed: CSR[N, M], for the gradient.
    """

    matrix: Tensor
    transposed: Tensor

    @classmethod
    def of(cls, symmetric: CSR, rows: int, columns: int, device: torch.device | None) -> Step:
        """To the first ``rows`` nodes from the first ``columns``, of a symmetric matrix."""
        there = as_tensor(sparse.csr_array(symmetric[:rows, :columns])).to(device)
        if rows == columns:
            return cls(there, there)
        return cls(there, as_tensor(sparse.csr_array(symmetric[:columns, :rows])).to(device))


def steps(
    symmetric: CSR, n_nodes: int, n_items: int, layers: int, device: torch.device | None = None
) -> list[Step]:
    """Â, as often as there are layers: people start as nothing, and items alone are asked for."""
    size = symmetric.shape[0]
    return [
        Step.of(
            symmetric,
            n_items if layer == layers - 1 else size,
            n_nodes if layer == 0 else size,
            device,
        )
        for layer in range(layers)
    ]


class GraphConv(MessagePassing):  # type: ignore[misc]
    """One step x → Â x as a CSR product, and its gradient as another."""

    def forward(self, x: Tensor, step: Step) -> Tensor:
        """float32[N, d] → float32[M, d]."""
        out: Tensor = self.propagate(step.matrix, x=x, transposed=step.transposed)
        return out

    def message_and_aggregate(self, adj_t: Tensor, x: Tensor, transposed: Tensor) -> Tensor:
        """The product of matrix and features."""
        out: Tensor = SparseProduct.apply(adj_t, transposed, x)  # type: ignore[no-untyped-call]
        return out


class SparseProduct(torch.autograd.Function):
    """``(M, Mᵀ, x) → M x``; the gradient is a CSR product too."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transposed: Tensor, x: Tensor) -> Tensor:
        """float32[N, M] CSR, its transpose, float32[M, d] → float32[N, d]."""
        ctx.transposed = transposed
        return matrix @ x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, Tensor]:
        """Of x alone: the matrix is given."""
        return None, None, ctx.transposed @ gradients[0]


@dataclass(frozen=True)
class Inputs:
    """What the network sees of one graph.

    Attributes:
        steps: of :func:`propagation_matrix`, one for each layer.
        text: float32[N, t], text vectors; rows of zeros where there is no text.
        known: float32[N, 1], 1 where a node's learned vector may be used, else 0.
        n_items: the first nodes are items.
    """

    steps: Sequence[Step]
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

    def forward(self, inputs: Inputs) -> Tensor:
        """float32[I, d]: one vector for each item, from its L-hop content graph."""
        return self.propagated(self.node * inputs.known + inputs.text @ self.text, inputs)

    def propagated(self, h: Tensor, inputs: Inputs) -> Tensor:
        """float32[I, d]: the mean over layers, linear in the first one, ``h`` (float32[N, d])."""
        total = h[: inputs.n_items]
        for step in inputs.steps:
            h = self.convolve(h, step)
            total = total + h[: inputs.n_items]
        return total / (len(inputs.steps) + 1)

    def events(self, items: Tensor, inputs: Inputs) -> Tensor:
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
