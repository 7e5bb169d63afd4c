"""The knowledge graph and the users as sparse matrices, cut to what each layer needs of them.

Nodes are numbered as in the graph (items, then entities and values), and users follow. A user has
no vector of their own: they start as zeros and only carry messages between the items they like.
So the first layer needs no column of a user, and of the last one only the rows of items are read.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Convolution
from tastegraph.kg.graph import KnowledgeGraph

KNOWLEDGE_WEIGHT = 0.5
"""Weight of a certain fact of the most telling relation, where a like has 1, by default."""


def adjacency(
    graph: KnowledgeGraph,
    user_items: CSR,
    kind_weights: NDArray[np.float32],
    knowledge_weight: float = KNOWLEDGE_WEIGHT,
) -> CSR:
    """Weighted, symmetric adjacency of nodes and users, float32 CSR[N + U, N + U].

    Args:
        graph: nodes and typed edges.
        user_items: bool CSR[U, I], likes.
        kind_weights: float32[2R], weight of each (relation, direction); an edge has the larger.
        knowledge_weight: of a certain fact of the most telling relation, where a like has 1.
    """
    n_nodes, (n_users, _) = graph.n_nodes, user_items.shape
    users = np.repeat(np.arange(n_users), np.diff(user_items.indptr)) + n_nodes
    rows = np.concatenate([graph.heads, user_items.indices])
    columns = np.concatenate([graph.tails, users])
    knowledge = np.float32(knowledge_weight) * edge_weights(graph, kind_weights)
    values = np.concatenate([knowledge, np.ones(len(users), dtype=np.float32)])
    size = n_nodes + n_users
    directed = sparse.csr_array((values.astype(np.float32), (rows, columns)), shape=(size, size))
    return sparse.csr_array(directed + directed.T)


def edge_weights(graph: KnowledgeGraph, kind_weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[E], what each edge weighs: the weight of its relation times its confidence.

    Args:
        graph: typed edges.
        kind_weights: float32[2R], weight of each (relation, direction); an edge has the larger.
    """
    padded = np.zeros(2 * len(graph.relations), dtype=np.float32)
    padded[: len(kind_weights)] = kind_weights
    by_relation = np.ones(len(graph.relations), dtype=np.float32)
    if len(kind_weights):
        by_relation = padded.reshape(-1, 2).max(axis=1)
    return np.asarray(by_relation[graph.relation] * graph.confidence, dtype=np.float32)


def symmetric_normalized(matrix: CSR) -> CSR:
    """D^(-½) A D^(-½) of a symmetric A, where D has the sums of its rows (Kipf & Welling 2017)."""
    degree: NDArray[np.float32] = np.asarray(matrix.sum(axis=1), dtype=np.float32).reshape(-1)
    scale = np.where(degree > 0, np.maximum(degree, 1e-12) ** -0.5, 0.0).astype(np.float32)
    normalized = matrix.copy()
    normalized.data *= np.repeat(scale, np.diff(matrix.indptr)) * scale[matrix.indices]
    normalized.sort_indices()
    return normalized


def propagation_matrix(
    graph: KnowledgeGraph,
    user_items: CSR,
    kind_weights: NDArray[np.float32],
    convolution: Convolution = "linear",
    knowledge_weight: float = KNOWLEDGE_WEIGHT,
) -> CSR:
    """What one layer of ``convolution`` multiplies with, float32 CSR[N + U, N + U].

    ``linear``: the normalized weighted adjacency. ``LGConv``: the same with every edge counted
    once, whatever its relation. ``GCNConv``: the weighted one with a loop at each node.
    ``GATConv``: that too, of which only the places of its entries matter.
    """
    matrix = adjacency(graph, user_items, kind_weights, knowledge_weight)
    if convolution == "LGConv":
        matrix.data[:] = 1
    elif convolution in ("GCNConv", "GATConv"):
        loops = sparse.eye_array(matrix.shape[0], dtype=np.float32, format="csr")
        matrix = sparse.csr_array(matrix + loops)
    return symmetric_normalized(matrix)


def relation_matrices(graph: KnowledgeGraph, user_items: CSR) -> Iterator[CSR]:
    """One matrix for each relation and direction, then item from user and user from item.

    Each is float32 CSR[N + U, N + U]; a row has the mean over the neighbours of that relation,
    weighted by the facts' confidence, so that the matrices are 2R + 2.
    """
    n_nodes, (n_users, _) = graph.n_nodes, user_items.shape
    size = n_nodes + n_users
    for relation in range(len(graph.relations)):
        edges = np.flatnonzero(graph.relation == relation)
        heads, tails = graph.heads[edges], graph.tails[edges]
        for rows, columns in ((tails, heads), (heads, tails)):
            yield _row_means(rows, columns, graph.confidence[edges], size)
    users = np.repeat(np.arange(n_users), np.diff(user_items.indptr)) + n_nodes
    ones = np.ones(len(users), dtype=np.float32)
    yield _row_means(user_items.indices, users, ones, size)
    yield _row_means(users, user_items.indices, ones, size)


def _row_means(
    rows: NDArray[Any], columns: NDArray[Any], weights: NDArray[np.float32], size: int
) -> CSR:
    matrix = sparse.csr_array((weights.astype(np.float32), (rows, columns)), shape=(size, size))
    matrix.sum_duplicates()
    sums = np.asarray(matrix.sum(axis=1), dtype=np.float32).reshape(-1)
    matrix.data /= np.repeat(sums, np.diff(matrix.indptr))
    return matrix


@dataclass(frozen=True)
class SparseMatrix:
    """A constant CSR tensor and its transpose, which the gradient of a product needs.

    Attributes:
        matrix: CSR[M, N].
        transposed: CSR[N, M].
        source: the SciPy matrix, whose entries they share.
    """

    matrix: Tensor
    transposed: Tensor
    source: CSR

    @classmethod
    def of(cls, matrix: CSR, device: torch.device | None = None) -> SparseMatrix:
        """The tensors of a SciPy matrix."""
        transposed = sparse.csr_array(matrix.T)
        return cls(as_tensor(matrix).to(device), as_tensor(transposed).to(device), matrix)

    def __matmul__(self, x: Tensor) -> Tensor:
        """The product with float32[N, d], float32[M, d]; it has a gradient for ``x``.

        PyTorch's own gradient transposes the matrix again each time, and needs MKL to do so.
        """
        product: Tensor = _SparseProduct.apply(self.matrix, self.transposed, x)  # type: ignore[no-untyped-call]
        return product

    def weighted_product(self, weights: Tensor, x: Tensor) -> Tensor:
        """The product with ``x`` where the entries are ``weights``, float32[M, d].

        It has a gradient for both, for which no message is held: those of GAT would be one vector
        for each edge.

        Args:
            weights: float32[E], in the order of the entries of ``matrix``.
            x: float32[N, d].
        """
        product: Tensor = _WeightedProduct.apply(self, weights, x)  # type: ignore[no-untyped-call]
        return product

    @cached_property
    def transposed_order(self) -> Tensor:
        """int64[E], which entry of ``matrix`` each entry of ``transposed`` is."""
        return torch.argsort(self.matrix.col_indices(), stable=True)


class _SparseProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transposed: Tensor, x: Tensor) -> Tensor:
        ctx.transposed = transposed
        return matrix @ x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, Tensor]:
        return None, None, ctx.transposed @ gradients[0]


class _WeightedProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pattern: SparseMatrix, weights: Tensor, x: Tensor) -> Tensor:
        ctx.pattern = pattern
        ctx.save_for_backward(weights, x)
        return _with_values(pattern.matrix, weights) @ x

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, Tensor]:
        pattern, (weights, x), (gradient,) = ctx.pattern, ctx.saved_tensors, gradients
        transposed = _with_values(pattern.transposed, weights[pattern.transposed_order])
        entries = torch.sparse.sampled_addmm(pattern.matrix, gradient, x.T, beta=0.0)
        return None, entries.values(), transposed @ gradient


def _with_values(matrix: Tensor, values: Tensor) -> Tensor:
    return torch.sparse_csr_tensor(
        matrix.crow_indices(),
        matrix.col_indices(),
        values.contiguous(),
        size=matrix.shape,
        check_invariants=False,
    )


@dataclass(frozen=True)
class RelationMatrices:
    """What one layer multiplies with where each relation has a matrix, without empty rows.

    Attributes:
        relations: which one of :func:`relation_matrices` each matrix is; empty ones are left out.
        rows: for each matrix int64[K], the nodes that its K rows are of.
        matrices: CSR[K, columns] each.
        n_rows: M, nodes that the layer computes.
    """

    relations: Sequence[int]
    rows: Sequence[Tensor]
    matrices: Sequence[SparseMatrix]
    n_rows: int


PropagationStep = SparseMatrix | RelationMatrices
"""What one layer multiplies with."""


def products(steps: Sequence[PropagationStep]) -> list[CSR]:
    """The matrices of steps that are one product each; empty where one is more."""
    matrices = [step.source for step in steps if isinstance(step, SparseMatrix)]
    return matrices if len(matrices) == len(steps) else []


def propagation_steps(
    graph: KnowledgeGraph,
    user_items: CSR,
    kind_weights: NDArray[np.float32],
    layers: int,
    convolution: Convolution = "linear",
    device: torch.device | None = None,
    knowledge_weight: float = KNOWLEDGE_WEIGHT,
) -> list[PropagationStep]:
    """What each of ``layers`` layers multiplies with, cut to the rows and columns it needs."""
    cuts = _cuts(graph, user_items, layers)
    if convolution == "RGCNConv":
        matrices = list(relation_matrices(graph, user_items))
        return [_relation_step(matrices, rows, columns, device) for rows, columns in cuts]
    matrix = propagation_matrix(graph, user_items, kind_weights, convolution, knowledge_weight)
    return [
        SparseMatrix.of(sparse.csr_array(matrix[:rows, :columns]), device) for rows, columns in cuts
    ]


def _relation_step(
    matrices: Sequence[CSR], rows: int, columns: int, device: torch.device | None
) -> RelationMatrices:
    relations, used_rows, cut_matrices = [], [], []
    for relation, matrix in enumerate(matrices):
        cut = sparse.csr_array(matrix[:rows, :columns])
        used = np.flatnonzero(np.diff(cut.indptr))
        if len(used):
            relations.append(relation)
            used_rows.append(torch.from_numpy(used).to(device))
            cut_matrices.append(SparseMatrix.of(sparse.csr_array(cut[used]), device))
    return RelationMatrices(relations, used_rows, cut_matrices, rows)


def _cuts(graph: KnowledgeGraph, user_items: CSR, layers: int) -> list[tuple[int, int]]:
    """(rows, columns) of each layer: users start as zeros, and of the last only items are read."""
    size = graph.n_nodes + user_items.shape[0]
    return [
        (
            graph.n_items if layer == layers - 1 else size,
            graph.n_nodes if layer == 0 else size,
        )
        for layer in range(layers)
    ]


def as_tensor(matrix: CSR) -> Tensor:
    """The same matrix as a torch CSR tensor, float32."""
    matrix = matrix.sorted_indices()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data),
            size=matrix.shape,
            check_invariants=True,
        )
