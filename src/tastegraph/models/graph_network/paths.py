"""What the vectors of a linear network are made of, by the last step of each path to an item.

With h⁽⁰⁾ what nodes start from, Â what a layer multiplies with and L layers, an item's vector is

    zᵢ = h⁽⁰⁾ᵢ/(L+1) + Σₙ Âᵢₙ mₙ,     mₙ = 1/(L+1) Σ_{l<L} (Âˡ h⁽⁰⁾)ₙ

so it is a sum of what the item starts from (its own vector and its text), and of the messages mₙ
of its neighbours: of users who like it, and of entities, values and items that facts tie to it.
Several facts that tie it to one neighbour share Âᵢₙ by their weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from tastegraph.core.arrays import CSR
from tastegraph.models.graph_network.adjacency import edge_weights, propagation_matrix
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.graph_network.network import GraphNetwork, GraphTensors
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.kernels import FactorKernel
from tastegraph.profiles.association import Associations, edges_of_items

if TYPE_CHECKING:
    from tastegraph.models.graph_network.training import GraphData


@torch.no_grad()
def path_kernel(
    kernel: FactorKernel,
    network: GraphNetwork,
    tensors: GraphTensors,
    data: GraphData,
    associations: Associations,
) -> NetworkKernel:
    """``kernel`` of a linear network with what its vectors are made of.

    Args:
        kernel: the network's vectors, those of items of length 1 in each head.
        network: its parameters.
        tensors: what it reads, from ``data``.
        data: the graph, likes and texts.
        associations: items × features of the whole graph.
    """
    heads = network.settings.heads
    parts = len(tensors.steps) + 1
    vectors = network(tensors)
    length = vectors.reshape(len(vectors), heads, -1).norm(dim=-1).clamp(min=1e-12)
    text = (tensors.text[: tensors.n_items] @ network.text) / parts
    unit_text = text.reshape(len(text), heads, -1) / length[:, :, None]
    messages = _messages(network, tensors, data.graph.n_nodes)
    weights = _feature_weights(network.settings, data, associations)
    sending = np.isin(data.nodes, associations.node[weights.indices[weights.data != 0]])
    places = np.searchsorted(data.nodes[sending], associations.node)
    places = np.minimum(places, max(int(sending.sum()) - 1, 0))
    known = np.isin(associations.node, data.nodes[sending])
    return NetworkKernel(
        kernel.left,
        kernel.right,
        text=_half_precision(unit_text.reshape(text.shape)),
        features=weights,
        messages=_half_precision(messages[torch.from_numpy(sending).to(messages.device)]),
        senders=np.where(known, places, -1).astype(np.int32),
        scale=(1 / length).cpu().numpy(),
    )


def _messages(network: GraphNetwork, tensors: GraphTensors, n_nodes: int) -> Tensor:
    """float32[N, d], mₙ of each node."""
    h = network.start(tensors)
    total = h if tensors.steps else torch.zeros_like(h)
    for convolution, step in zip(network.convolutions[:-1], tensors.steps[:-1], strict=True):
        h = convolution(h, step)
        total = total + h[:n_nodes]
    return total / (len(tensors.steps) + 1)


def _feature_weights(settings: NetworkSettings, data: GraphData, associations: Associations) -> CSR:
    """float32 CSR[I, features]: Âᵢₙ of each item and the node of each of its features."""
    graph, strength = data.graph, associations.strength
    n, (_, n_features) = graph.n_items, strength.shape
    item, node, edge, reverse = edges_of_items(graph)
    item, node = item.astype(np.int64), node.astype(np.int64)
    if not settings.layers or not len(edge):
        sums = np.zeros(strength.nnz, dtype=np.float32)
        return sparse.csr_array((sums, strength.indices, strength.indptr), shape=strength.shape)
    matrix = propagation_matrix(
        graph,
        data.user_items,
        data.kind_weights,
        settings.convolution,
        settings.knowledge_weight,
    )
    kind = 2 * graph.relation[edge].astype(np.int64) + reverse
    weight = edge_weights(graph, data.kind_weights)[edge].astype(np.float64)
    pairs, pair = np.unique(item * graph.n_nodes + node, return_inverse=True)
    whole = np.bincount(pair, weight)
    entries = np.asarray(matrix[np.divmod(pairs, graph.n_nodes)], dtype=np.float64)
    values = entries.reshape(-1)[pair] * weight / whole[pair]

    base = int(max(associations.node.max(), data.nodes.max())) + 1
    features = associations.kind.astype(np.int64) * base + associations.node
    column = np.searchsorted(features, kind * base + data.nodes[node])
    rows = np.repeat(np.arange(n, dtype=np.int64), np.diff(strength.indptr))
    place = np.searchsorted(rows * n_features + strength.indices, item * n_features + column)
    sums = np.bincount(place, values, minlength=strength.nnz).astype(np.float32)
    return sparse.csr_array((sums, strength.indices, strength.indptr), shape=strength.shape)


def _half_precision(vectors: Tensor) -> NDArray[np.float16]:
    """Rounded to float16; what rounding takes from a portion counts as behaviour."""
    largest = float(np.finfo(np.float16).max)
    return vectors.clamp(-largest, largest).cpu().numpy().astype(np.float16)
