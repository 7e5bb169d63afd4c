"""Training: worlds with one right answer, seeds, and networks that meet another graph."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Convolution
from tastegraph.core.top_k import top_k
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.graph_network.network import GraphNetwork, GraphTensors
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.tasks import NextItem, SetCompletion
from tastegraph.models.graph_network.training import GraphData, item_vectors, train
from tastegraph.profiles.attention import attend
from tastegraph.profiles.interactions import History
from tests.support.small_graphs import graph_of, random_graph

CONVOLUTIONS = get_args(Convolution)


def random_histories() -> list[History]:
    rng = np.random.default_rng(2)
    return [
        History(rng.integers(0, 12, 7).astype(np.int32), np.ones(7, np.float32)) for _ in range(20)
    ]


def user_items_of(histories: list[History], n_items: int) -> CSR:
    rows = np.repeat(np.arange(len(histories)), [len(history.items) for history in histories])
    items = np.concatenate([history.items for history in histories])
    cells = (np.ones(len(items), bool), (rows, items))
    user_items = sparse.csr_array(cells, shape=(len(histories), n_items))
    user_items.sum_duplicates()
    return user_items


def random_data() -> GraphData:
    text = np.random.default_rng(3).normal(size=(30, 5)).astype(np.float32)
    likes = user_items_of(random_histories(), 12)
    return GraphData.of(random_graph(), text, likes, np.ones(6, np.float32))


def trained(
    convolution: Convolution = "linear", seed: int = 1, start: TrainedNetwork | None = None
) -> TrainedNetwork:
    settings = NetworkSettings(0.2, 2, 4, 2, 0.01, 3, convolution)
    task = NextItem(random_histories(), 5)
    return train(random_data(), task, settings, seed, start=start)


def test_numpy_attends_as_torch_does() -> None:
    network, data = trained(), random_data()
    vectors = item_vectors(network, data)
    module = GraphNetwork(data.graph.n_nodes, 12, 5, network.settings, 5)
    module.load_state_dict({k: torch.from_numpy(v) for k, v in network.parameters.items()})
    events = torch.from_numpy(vectors.attention.values)
    for history in random_histories()[:5]:
        newest = torch.from_numpy(history.items[-5:].astype(np.int64))
        present = torch.ones(1, len(newest), dtype=torch.bool)
        with torch.no_grad():
            embedding = module.user_embeddings(events[newest][None], present)[0, -1]
        by_head = torch.nn.functional.normalize(embedding, dim=0).numpy()
        ours = vectors.attention(history) @ vectors.attention.values[history.items]
        np.testing.assert_allclose(ours, by_head, atol=1e-5)


def test_a_user_embedding_depends_on_no_later_event() -> None:
    module = GraphNetwork(12, 12, 5, NetworkSettings(0.2, 0, 8, 1, 0.01, 1), 5)
    sequence = torch.randn(1, 6, 8)
    changed = sequence.clone()
    changed[0, 4:] += 10
    present = torch.ones(1, 6, dtype=torch.bool)
    before, after = (module.user_embeddings(each, present)[0, :4] for each in (sequence, changed))
    torch.testing.assert_close(before, after)


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_the_same_seed_gives_the_same_network(convolution: Convolution) -> None:
    first, second, other = (trained(convolution, seed).parameters for seed in (1, 1, 2))
    for name, array in first.items():
        assert np.isfinite(array).all()
        np.testing.assert_array_equal(array, second[name])
    assert not np.array_equal(first["node"], other["node"])


def test_sequences_teach_which_item_is_next() -> None:
    """On a ring every film is followed by the next one."""
    n_items = 10
    graph = graph_of(n_items, [(k, 0, n_items) for k in range(n_items)], n_items + 1)
    histories = [
        History(((start + np.arange(6)) % n_items).astype(np.int32), np.ones(6, np.float32))
        for start in np.random.default_rng(0).integers(0, n_items, 80)
    ]
    likes, no_text = user_items_of(histories, n_items), np.zeros((n_items + 1, 1), np.float32)
    data = GraphData.of(graph, no_text, likes, np.ones(2, np.float32))
    settings = NetworkSettings(0.2, 2, 16, 1, 0.01, 30)
    vectors = item_vectors(train(data, NextItem(histories, 200), settings, seed=1), data)
    scores = vectors.kernel.score(attend(histories, vectors.attention, n_items))
    best = top_k(scores, likes, 1)[:, 0]
    following = np.array([(history.items[-1] + 1) % n_items for history in histories])
    assert (best == following).mean() > 0.9


def checkerboard() -> tuple[GraphData, CSR]:
    """Users like squares of one colour, which a fact names."""
    rng = np.random.default_rng(0)
    same = np.arange(20) % 2 == np.arange(60)[:, None] % 2
    likes = sparse.csr_array((rng.random((60, 20)) < 0.4) & same)
    graph = graph_of(20, [(k, 0, 20 + k % 2) for k in range(20)], 22)
    return GraphData.of(graph, np.zeros((22, 1), np.float32), likes, np.ones(2, "f4")), likes


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_sets_teach_a_checkerboard(convolution: Convolution) -> None:
    """Black squares go with black ones, whatever the layers are."""
    data, likes = checkerboard()
    settings = NetworkSettings(0.2, 2, 8, 2, 0.02, 100, convolution)
    vectors = item_vectors(train(data, SetCompletion(likes), settings, seed=1), data)
    histories = [History(row.indices, np.ones(row.nnz, np.float32)) for row in likes]
    scores = vectors.kernel.score(attend(histories, vectors.attention, 20))
    assert (np.arange(20)[top_k(scores, likes, 2)] % 2 == np.arange(60)[:, None] % 2).all()


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_a_score_is_attention_times_cosines(convolution: Convolution) -> None:
    """Whatever made the vectors."""
    data = random_data()
    vectors, history = item_vectors(trained(convolution), data), random_histories()[0]
    scores = vectors.kernel.score(attend([history], vectors.attention, 12))[0]
    attention = vectors.attention(history)
    for target in range(12):
        shares = attention * vectors.kernel.between(history.items, np.array([target]))[:, 0]
        assert shares.sum() == pytest.approx(scores[target], abs=1e-5)
    lengths = np.linalg.norm(vectors.kernel.right.reshape(12, 2, 4), axis=2)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_items_alone_have_the_vectors_and_gradients_of_the_whole_graph(
    layers: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sizes = NetworkSettings(0.2, layers, 4, 2, 0.01, 3)
    data = random_data()
    torch.manual_seed(seed % 2**31)
    network = GraphNetwork(data.graph.n_nodes, 12, 5, sizes, 5)
    known = None if seed % 2 else rng.random(data.graph.n_nodes) < 0.7
    tensors = data.tensors(sizes, known)
    items = torch.from_numpy(np.unique(rng.integers(0, 12, int(rng.integers(1, 9)))))
    weights = torch.from_numpy(rng.normal(size=(len(items), 8)).astype(np.float32))

    def computed(graph: GraphTensors) -> tuple[torch.Tensor, list[torch.Tensor]]:
        network.zero_grad()
        vectors = network(graph)
        places = graph.places(items)
        events = network.event_vectors(vectors, graph)[places]
        ((vectors[places] + 2 * events) * weights).sum().backward()  # type: ignore[no-untyped-call]
        return events, [p.grad for p in (network.node, network.event, network.text)]

    whole, alone = computed(tensors), computed(tensors.of_items(items))
    torch.testing.assert_close(alone, whole, rtol=1e-4, atol=1e-5)
    assert tensors.of_items(items).n_items == len(items)


def test_the_gradient_of_shrinkage_is_that_of_mean_squared_lengths() -> None:
    data = random_data()
    network = GraphNetwork(data.graph.n_nodes, 12, 5, NetworkSettings(0.2, 1, 4, 2, 0.01, 3), 5)
    own = network.node[:12].square().sum(dim=1).mean() + network.event.square().sum(dim=1).mean()
    (0.3 * own).backward()  # type: ignore[no-untyped-call]
    expected = [network.node.grad.clone(), network.event.grad.clone()]
    network.node.grad, network.event.grad = (
        torch.zeros_like(each) for each in (network.node, network.event)
    )
    network.add_shrinkage(0.3)
    torch.testing.assert_close([network.node.grad, network.event.grad], expected)


def renamed(graph: KnowledgeGraph, relations: list[str]) -> KnowledgeGraph:
    """The same graph with its relations in the order of ``relations``, one of them perhaps new."""
    at = np.array([relations.index(name) for name in graph.relations], dtype=np.int32)
    return replace(graph, relations=relations, relation=at[graph.relation])


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_relations_and_nodes_are_matched_by_name(convolution: Convolution) -> None:
    """The order of the relations does not matter, and one that no edge has changes nothing."""
    data, network = random_data(), trained(convolution)
    other = replace(
        data, graph=renamed(data.graph, ["r2", "new", "r0", "r1"]), kind_weights=np.ones(8, "f4")
    )
    before, after = item_vectors(network, data).kernel, item_vectors(network, other).kernel
    np.testing.assert_allclose(before.right, after.right, atol=1e-6)


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_a_new_item_has_the_vector_of_its_text_and_neighbours(convolution: Convolution) -> None:
    """It has no vector of its own: told apart from the known one with the same text and facts."""
    data, network = random_data(), trained(convolution)
    newer = replace(
        data, graph=replace(data.graph, item_ids=["unheard of", *data.graph.item_ids[1:]])
    )
    known, new = (item_vectors(network, each).kernel.right for each in (data, newer))
    assert np.isfinite(new).all()
    assert np.linalg.norm(new[0]) > 0.5
    assert not np.allclose(known[0], new[0], atol=1e-3)
    zeroed = replace(network, parameters={k: v.copy() for k, v in network.parameters.items()})
    zeroed.parameters["node"][0] = 0
    np.testing.assert_allclose(item_vectors(zeroed, data).kernel.right, new, atol=1e-6)


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_training_continues_from_the_parameters_of_another(convolution: Convolution) -> None:
    """Vectors are halved, layers and attention are as they were."""
    first = trained(convolution)
    settings = replace(first.settings, learning_rate=0.0, epochs=1)
    task = NextItem(random_histories(), 5)
    now = train(random_data(), task, settings, seed=5, start=first)
    for name, array in first.parameters.items():
        scale = 0.5 if name in ("node", "event", "text") else 1.0
        np.testing.assert_allclose(now.parameters[name], scale * array, atol=1e-6)


def test_a_network_of_other_layers_gives_its_vectors_alone() -> None:
    first = trained("linear")
    now = trained("GCNConv", start=first)
    assert now.settings.convolution == "GCNConv"
    assert {name.split(".")[0] for name in now.parameters} - set(first.parameters) == {
        "convolutions"
    }


def test_leaves_are_cut_off() -> None:
    """A value that one item alone has, from both sides, joins nothing; a shared one stays."""
    graph = graph_of(2, [(0, 0, 2), (2, 1, 0), (0, 0, 3), (1, 0, 3)], 4)
    likes = sparse.csr_array(np.ones((1, 2), dtype=bool))
    data = GraphData.of(graph, np.zeros((4, 1), np.float32), likes, np.ones(4, np.float32))
    assert data.graph.node_ids == ["e1"]


def test_settings_without_a_convolution_are_linear() -> None:
    """As in snapshots from before there was a choice."""
    settings = NetworkSettings(0.2, 2, 8, 1, 0.01, 3)
    assert "convolution" not in settings.to_json()
    assert NetworkSettings(**settings.to_json()) == settings
    other = replace(settings, convolution="GATConv")
    assert NetworkSettings(**other.to_json()) == other
