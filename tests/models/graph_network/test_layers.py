"""The network's layers, each against a dense computation, and what is cut off from them."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch.nn import functional

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Convolution
from tastegraph.models.graph_network.adjacency import (
    KNOWLEDGE_WEIGHT,
    SparseMatrix,
    propagation_matrix,
    propagation_steps,
    relation_matrices,
)
from tastegraph.models.graph_network.layers import NEGATIVE_SLOPE, convolution_layers
from tastegraph.models.graph_network.network import GraphNetwork, GraphTensors
from tastegraph.models.graph_network.parameters import NetworkSettings
from tests.support.small_graphs import graph_of, nodes_within, random_graph

CONVOLUTIONS = get_args(Convolution)
N_ITEMS, N_NODES, N_USERS, WIDTH = 12, 30, 5, 8


def random_user_items() -> CSR:
    return sparse.csr_array(np.random.default_rng(1).random((N_USERS, N_ITEMS)) < 0.3)


def settings_of(convolution: Convolution, layers: int = 1, heads: int = 2) -> NetworkSettings:
    return NetworkSettings(0.2, layers, WIDTH // heads, heads, 0.01, 1, convolution)


def test_the_propagation_matrix_is_the_normalized_adjacency() -> None:
    """One item, one entity, one user: degrees 1.5, .5 and 1."""
    graph = graph_of(1, [(0, 0, 1)], 2)
    likes, weights = sparse.csr_array(np.array([[True]])), np.ones(2, np.float32)
    fact, like = 0.5 / np.sqrt(1.5 * 0.5), 1 / np.sqrt(1.5)
    linear = propagation_matrix(graph, likes, weights).toarray()
    np.testing.assert_allclose(linear, [[0, fact, like], [fact, 0, 0], [like, 0, 0]], atol=1e-6)
    # Every edge counts 1: degrees 2, 1 and 1.
    even, half = propagation_matrix(graph, likes, weights, "LGConv").toarray(), np.sqrt(0.5)
    np.testing.assert_allclose(even, [[0, half, half], [half, 0, 0], [half, 0, 0]], atol=1e-6)
    # With loops: degrees 2.5, 1.5 and 2.
    loops = propagation_matrix(graph, likes, weights, "GCNConv").toarray()
    expected = np.array([[1, 0.5, 1], [0.5, 1, 0], [1, 0, 1]])
    scale = np.array([2.5, 1.5, 2]) ** -0.5
    np.testing.assert_allclose(loops, expected * scale * scale[:, None], atol=1e-6)


def test_the_relation_matrices_are_means_over_neighbours() -> None:
    """Item 0 has entities 2 and 3 by r0; items 0 and 1 are liked by user 4, who is the last."""
    graph = graph_of(2, [(0, 0, 2), (0, 0, 3), (1, 0, 3)], 4)
    likes = sparse.csr_array(np.array([[True, True]]))
    to_tail, to_head, to_item, to_user = (
        matrix.toarray() for matrix in relation_matrices(graph, likes)
    )
    assert to_tail[2].tolist() == [1, 0, 0, 0, 0]
    assert to_tail[3].tolist() == [0.5, 0.5, 0, 0, 0]
    assert to_head[:2].tolist() == [[0, 0, 0.5, 0.5, 0], [0, 0, 0, 1, 0]]
    assert to_item[:2].tolist() == [[0, 0, 0, 0, 1]] * 2
    assert to_user[4].tolist() == [0.5, 0.5, 0, 0, 0]
    assert not to_tail[:2].any()
    assert not to_head[2:].any()


def dense_layer(
    convolution: Convolution, layer: torch.nn.Module, x: torch.Tensor, users_send: bool
) -> torch.Tensor:
    """One layer over all nodes and users as its paper writes it, with dense matrices alone."""
    graph, likes, weights = random_graph(), random_user_items(), np.ones(6, np.float32)
    if convolution in ("linear", "LGConv", "GCNConv"):
        a = np.zeros((len(x), len(x)))
        for head, tail in zip(graph.heads, graph.tails, strict=True):
            a[head, tail] += KNOWLEDGE_WEIGHT
            a[tail, head] += KNOWLEDGE_WEIGHT
        users, items = likes.nonzero()
        a[users + N_NODES, items] = a[items, users + N_NODES] = 1
        if convolution == "LGConv":
            a = (a > 0).astype(float)
        if convolution == "GCNConv":
            a += np.eye(len(x))
        scale = np.where(a.any(axis=1), np.maximum(a.sum(axis=1), 1e-9) ** -0.5, 0)
        product = torch.from_numpy((a * scale * scale[:, None]).astype(np.float32)) @ x
        if convolution == "GCNConv":
            return product @ layer.lin.weight.T + layer.bias
        return product
    if convolution == "RGCNConv":
        output = x @ layer.root + layer.bias
        for relation, matrix in enumerate(relation_matrices(graph, likes)):
            mixed = sum(layer.comp[relation, b] * layer.weight[b] for b in range(len(layer.weight)))
            output = output + torch.from_numpy(matrix.toarray()) @ x @ mixed
        return output
    joined = propagation_matrix(graph, likes, weights, "GATConv").toarray() > 0
    joined = torch.from_numpy(joined)
    if not users_send:
        joined[:, N_NODES:] = False
    values = (x @ layer.lin.weight.T).reshape(len(x), 2, -1)
    outputs = []
    for head in range(2):
        source = values[:, head] @ layer.att_src[0, head]
        target = values[:, head] @ layer.att_dst[0, head]
        logits = functional.leaky_relu(target[:, None] + source[None, :], 0.2)
        attention = logits.masked_fill(~joined, -torch.inf).softmax(dim=1).nan_to_num()
        outputs.append(attention @ values[:, head])
    return torch.cat(outputs, dim=1) + layer.bias


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_an_items_vector_is_the_mean_over_dense_layers(
    convolution: Convolution, layers: int
) -> None:
    """And so the rows and columns that are cut off a layer change nothing."""
    torch.manual_seed(1)
    graph, likes, weights = random_graph(), random_user_items(), np.ones(6, np.float32)
    settings = settings_of(convolution, layers)
    network = GraphNetwork(N_NODES, N_ITEMS, 5, settings, 5, len(graph.relations))
    for parameter in network.convolutions.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    text = torch.randn(N_NODES, 5)
    steps = propagation_steps(graph, likes, weights, layers, convolution)
    tensors = GraphTensors(steps, text, torch.ones(N_NODES, 1), N_ITEMS)
    with torch.no_grad():
        start = network.node + text @ network.text
        h = total = torch.cat([start, torch.zeros(N_USERS, WIDTH)])
        for number, layer in enumerate(network.convolutions):
            h = dense_layer(convolution, layer, h, users_send=number > 0)
            if not settings.is_linear:
                h = functional.leaky_relu(h, NEGATIVE_SLOPE)
            total = total + h
        torch.testing.assert_close(network(tensors), total[:N_ITEMS] / (layers + 1))


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_every_parameter_has_the_gradient_of_the_dense_layer(convolution: Convolution) -> None:
    torch.manual_seed(1)
    graph, likes = random_graph(), random_user_items()
    (layer,) = convolution_layers(settings_of(convolution), len(graph.relations))
    (step,) = propagation_steps(graph, likes, np.ones(6, np.float32), 1, convolution)
    x = torch.randn(N_NODES, WIDTH, requires_grad=True)
    weight = torch.randn(N_ITEMS, WIDTH)
    leaves = [x, *layer.parameters()]
    gradients = torch.autograd.grad((layer(x, step) * weight).sum(), leaves)
    every_node = torch.cat([x, torch.zeros(N_USERS, WIDTH)])
    dense = dense_layer(convolution, layer, every_node, users_send=False)[:N_ITEMS]
    expected = torch.autograd.grad((dense * weight).sum(), leaves)
    for gradient, dense_gradient in zip(gradients, expected, strict=True):
        assert gradient.abs().sum() > 0
        torch.testing.assert_close(gradient, dense_gradient, atol=1e-4, rtol=1e-4)


def test_the_gradient_of_a_sparse_product_is_that_of_the_dense_one() -> None:
    matrix = SparseMatrix.of(sparse.csr_array(np.array([[1.0, 0, 2], [0, 3, 0]])))
    x = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: matrix @ x, (x,))


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_the_content_graph_cut_out_gives_the_same_vector(layers: int) -> None:
    """An item's vector depends on its L-hop ego graph alone, to 1e-5."""
    graph = random_graph(3)
    likes = sparse.csr_array((4, graph.n_items), dtype=bool)
    matrix = propagation_matrix(graph, likes, np.ones(6, np.float32))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(matrix.shape[0], 8)).astype(np.float32)

    def propagate(matrix: CSR, start: NDArray[np.float32]) -> NDArray[np.float32]:
        h = total = start
        for _ in range(layers):
            h = matrix @ h
            total = total + h
        return total / (layers + 1)

    of_all = propagate(matrix, x)
    for item in range(graph.n_items):
        nodes = nodes_within(graph, item, layers)
        cut_out = propagate(matrix[nodes][:, nodes], x[nodes])
        np.testing.assert_allclose(cut_out[0], of_all[item], atol=1e-5)
