"""The graph as sparse matrices: adjacency, what each propagation step needs of it, products."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

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
class PropagationStep:
    """One step of propagation, without what is known to be zero or is not asked for.

    Attributes:
        matrix: CSR[M, N].
        transposed: CSR[N, M], for the gradient.
    """

    matrix: Tensor
    transposed: Tensor

    @classmethod
    def of(
        cls, symmetric: CSR, rows: int, columns: int, device: torch.device | None
    ) -> PropagationStep:
        """To the first ``rows`` nodes from the first ``columns``, of a symmetric matrix."""
        there = as_tensor(sparse.csr_array(symmetric[:rows, :columns])).to(device)
        if rows == columns:
            return cls(there, there)
        return cls(there, as_tensor(sparse.csr_array(symmetric[:columns, :rows])).to(device))


def steps(
    symmetric: CSR, n_nodes: int, n_items: int, layers: int, device: torch.device | None = None
) -> list[PropagationStep]:
    """Â, as often as there are layers: people start as nothing, and items alone are asked for."""
    size = symmetric.shape[0]
    return [
        PropagationStep.of(
            symmetric,
            n_items if layer == layers - 1 else size,
            n_nodes if layer == 0 else size,
            device,
        )
        for layer in range(layers)
    ]


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
