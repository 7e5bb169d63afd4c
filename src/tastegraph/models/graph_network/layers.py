"""The convolutions of PyTorch Geometric that the graph network may have, over CSR matrices.

Each takes x, float32[N, d] of the nodes that have a vector so far, and gives float32[M, d] of the
nodes that the next layer reads. All but :class:`LinearLayer` have parameters and are followed by
:func:`activation`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import GATConv, GCNConv, LGConv, RGCNConv
from torch_geometric.nn.conv import MessagePassing
from torch_geometric.typing import OptPairTensor

from tastegraph.models.graph_network.adjacency import RelationMatrices, SparseMatrix
from tastegraph.models.graph_network.parameters import NetworkSettings

NEGATIVE_SLOPE = 0.2
"""Of the leaky rectifier after a layer with parameters (as NGCF has it, Wang et al. 2019)."""
N_BASES = 8
"""Matrices that the relations of an RGCN share; each relation has its own mixture of them."""


def convolution_layers(settings: NetworkSettings, n_relations: int) -> nn.ModuleList:
    """One layer for each of ``settings.layers``.

    Args:
        settings: which convolution, and its size.
        n_relations: R, relations of the graph; an RGCN has 2R + 2, as
            :func:`~tastegraph.models.graph_network.adjacency.relation_matrices`.
    """
    width = settings.heads * settings.dimensions

    def layer() -> nn.Module:
        if settings.convolution == "GCNConv":
            return GCNLayer(width, width, normalize=False)
        if settings.convolution == "RGCNConv":
            return RGCNLayer(width, width, 2 * n_relations + 2, num_bases=N_BASES)
        if settings.convolution == "GATConv":
            return GATLayer(width, settings.dimensions, heads=settings.heads, add_self_loops=False)
        return LinearLayer(normalize=False)

    return nn.ModuleList(layer() for _ in range(settings.layers))


def activation(settings: NetworkSettings, x: Tensor) -> Tensor:
    """What follows each layer: a leaky rectifier, or nothing where layers are linear."""
    return x if settings.is_linear else functional.leaky_relu(x, NEGATIVE_SLOPE)


class _SparseMessages(MessagePassing):  # type: ignore[misc]
    """A layer of PyG that sums messages by a CSR product, and their gradient by another."""

    _adjacency: SparseMatrix

    def forward(self, x: Tensor, step: SparseMatrix) -> Tensor:
        """float32[N, d] → float32[M, d]."""
        self._adjacency = step
        output: Tensor = super().forward(x, step.matrix)
        return output

    def message_and_aggregate(self, adj_t: Tensor, x: Tensor) -> Tensor:
        """float32[M, d]."""
        return self._adjacency @ x


class LinearLayer(_SparseMessages, LGConv):  # type: ignore[misc]
    """x → Â x, the convolution of LightGCN (He et al. 2020)."""


class GCNLayer(_SparseMessages, GCNConv):  # type: ignore[misc]
    """x → Â x W + b (Kipf & Welling 2017)."""


class RGCNLayer(_SparseMessages, RGCNConv):  # type: ignore[misc]
    """x → x W₀ + Σᵣ Aᵣ x Wᵣ + b, Aᵣ the mean over neighbours of relation r.

    Wᵣ is a mixture of ``N_BASES`` shared matrices (Schlichtkrull et al. 2018, equation 3). PyG's
    own forward pass selects the edges of each relation every time, and gathers their messages.
    """

    def forward(  # type: ignore[override]
        self, x: Tensor, step: RelationMatrices
    ) -> Tensor:
        """float32[N, d] → float32[M, d]."""
        weights = torch.einsum("rb,bio->rio", self.comp, self.weight)
        output: Tensor = rows_of(x, step.n_rows) @ self.root + self.bias
        for relation, rows, matrix in zip(step.relations, step.rows, step.matrices, strict=True):
            self._adjacency = matrix
            means = self.propagate(matrix.matrix, x=x, edge_type_ptr=None)
            output = output.index_add(0, rows, means @ weights[relation])
        return output


class GATLayer(GATConv):  # type: ignore[misc]
    """x → the mean of x W over neighbours and the node itself, weighted by attention.

    Attention is a softmax over them (Veličković et al. 2018); weights of edges play no role.
    """

    _adjacency: SparseMatrix

    def forward(self, x: Tensor, step: SparseMatrix) -> Tensor:
        """float32[N, d] → float32[M, d]."""
        self._adjacency = step
        targets = rows_of(x, step.matrix.shape[0])
        output: Tensor = super().forward((x, targets), step.matrix)
        return output

    def message_and_aggregate(self, adj_t: Tensor, x: OptPairTensor, alpha: Tensor) -> Tensor:
        """float32[M, heads, d]: sums of x[0] (float32[N, heads, d]), weighted by ``alpha``."""
        products = [
            self._adjacency.weighted_product(alpha[:, head], x[0][:, head])
            for head in range(self.heads)
        ]
        return torch.stack(products, dim=1)


def rows_of(x: Tensor, n_rows: int) -> Tensor:
    """The first ``n_rows`` rows of ``x``, with rows of zeros after its last where it has fewer."""
    return functional.pad(x, (0, 0, 0, max(n_rows - len(x), 0)))[:n_rows]
