"""What validation data decide: parameters, the graph network, weights."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.cli.terminal import duration
from tastegraph.core.config import ModelConfig
from tastegraph.models import tables
from tastegraph.models import tuning as models_tuning
from tastegraph.models.base import BEHAVIOUR, NETWORK
from tastegraph.models.behaviour import Behaviour, best_params, climb
from tastegraph.models.co_engagement import CoEngagementParams
from tastegraph.models.ease import EASEParams
from tastegraph.models.fit import fit, partial_fit, training_data
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.graph_network import training as network_training
from tastegraph.models.graph_network import tuning
from tastegraph.models.graph_network.component import graph_data, training_task
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import NextItem, SetCompletion
from tastegraph.models.graph_network.training import GraphData, NetworkVectors, train
from tastegraph.models.graph_network.tuning import best_network, default_size
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.tables import align_table
from tastegraph.models.tuning import choose, update_weights
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import Interactions
from tests.support.small_graphs import graph_of

DEFAULT = default_hyperparameters()

N_USERS, N_ITEMS = 60, 24


def world(seed: int = 0) -> tuple[ItemFeatures, Interactions, sparse.csr_array]:
    """Users like items of their colour; a fact names the colour. What is left out is valid."""
    rng = np.random.default_rng(seed)
    same = np.arange(N_ITEMS) % 2 == np.arange(N_USERS)[:, None] % 2
    users, items = np.nonzero((rng.random((N_USERS, N_ITEMS)) < 0.6) & same)
    is_training = rng.random(len(users)) < 0.7
    training = Interactions(
        [str(user) for user in range(N_USERS)], N_ITEMS, users[is_training].astype(np.int32),
        items[is_training].astype(np.int32), np.full(is_training.sum(), np.nan),
        np.ones(is_training.sum(), np.float32), np.full(is_training.sum(), -1, np.int8),
    )  # fmt: skip
    cells = (np.ones((~is_training).sum(), bool), (users[~is_training], items[~is_training]))
    targets = sparse.csr_array(cells, shape=(N_USERS, N_ITEMS))
    edges = [(k, 0, N_ITEMS + k % 2) for k in range(N_ITEMS)]
    graph = graph_of(N_ITEMS, edges, N_ITEMS + 2)
    return (
        ItemFeatures(graph, np.zeros((N_ITEMS + 2, 4), np.float32), no_words(N_ITEMS)),
        training,
        targets,
    )


@given(st.integers(0, 20), st.integers(0, 20))
def test_climb_ends_at_the_only_peak(start: int, peak: int) -> None:
    def near(option: int) -> range:
        return range(max(option - 1, 0), min(option + 2, 21))

    assert climb(start, lambda k: iter(near(k)), lambda k: -abs(k - peak)) == (0, peak)


def test_behaviour_parameters_separate_the_colours() -> None:
    item_features, training, targets = world()
    validation = Validation.of(training, targets, ModelConfig())
    assert validation is not None
    params = best_params(training.user_items(), item_features.groups, validation, [Recency()])
    table = Behaviour.table(training_data(item_features, training, ModelConfig()), params)
    dense = table if isinstance(table, np.ndarray) else table.toarray()
    colour = np.arange(N_ITEMS) % 2
    alike = colour[:, None] == colour
    assert dense[alike & ~np.eye(N_ITEMS, dtype=bool)].mean() > dense[~alike].mean()


@pytest.mark.parametrize("has_targets", [True, False])
def test_without_an_order_attention_is_even(has_targets: bool) -> None:
    item_features, training, targets = world()
    config = ModelConfig(dimensions=8, epochs=2)
    hyperparameters = choose(
        item_features, training, targets if has_targets else targets * False, config
    ).hyperparameters
    assert {recency.half_life for recency in hyperparameters.attention.values()} == {None}


def test_budget_trains_more_networks_and_keeps_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    item_features, training, targets = world()
    config = ModelConfig(dimensions=8, epochs=2, shrinkage="off")
    validation = Validation.of(training, targets, config)
    assert validation is not None
    data = training_data(item_features, training, config)
    graph, task = graph_data(data), training_task(data)
    networks = []

    def recording(*arguments, train=tuning.train, **options):
        networks.append(train(*arguments, **options))
        return networks[-1]

    monkeypatch.setattr(tuning, "train", recording)
    first = best_network(graph, task, validation, config)
    assert sorted(network.settings.temperature for network in networks) == [0.1, 0.2]
    assert first.valid == max(network.valid for network in networks)
    again = best_network(graph, task, validation, config)
    for name, array in first.parameters.items():
        np.testing.assert_array_equal(array, again.parameters[name])
    networks.clear()
    longer = best_network(graph, task, validation, config.model_copy(update={"budget": 0.5}))
    assert len(networks) > 2
    assert longer.valid == max(network.valid for network in networks)


def test_durations_are_read() -> None:
    assert [duration(text) for text in ("90", "90s", "10m", "1.5h")] == [90, 90, 600, 5400]
    for text in ("", "ten", "-5m", "5 d"):
        with pytest.raises(typer.BadParameter):
            duration(text)


def test_ease_gives_way_to_co_engagement_beyond_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings were chosen for fewer items than there are now."""
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    hyperparameters = DEFAULT.with_params(behaviour=EASEParams(250.0))
    before = fit(item_features, training, hyperparameters, config)
    assert before.learned[BEHAVIOUR].keys() == {"table"}
    monkeypatch.setattr(tables, "MAX_DENSE_ITEMS", N_ITEMS - 1)
    now = fit(item_features, training, hyperparameters, config)
    assert isinstance(now.hyperparameters.params[BEHAVIOUR], CoEngagementParams)
    assert now.learned[BEHAVIOUR].keys() == {"data", "indices", "indptr"}


def test_aligned_table_is_sparse_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    table, rows = np.arange(4, dtype=np.float32).reshape(2, 2), np.array([1, -1, 0])
    whole = align_table(table, rows)
    assert whole.tolist() == [[3, 0, 2], [0, 0, 0], [1, 0, 0]]
    monkeypatch.setattr(tables, "MAX_DENSE_ITEMS", 2)
    few = align_table(table, rows)
    assert isinstance(few, sparse.csr_array)
    assert few.toarray().tolist() == whole.tolist()


def test_attention_is_learned_after_a_start_without_order() -> None:
    """From parameters that are all 0 attention would never be learned."""
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    data = training_data(item_features, training, config)
    settings = NetworkSettings(0.2, 1, 8, heads=1, learning_rate=0.01, epochs=1)
    start = train(graph_data(data), training_task(data), settings, 1)
    assert not start.parameters["query"].any()
    ordered = replace(training, times=np.arange(len(training), dtype=float))
    ordered_task = training_task(training_data(item_features, ordered, config))
    now = train(graph_data(data), ordered_task, settings, 1, start=start)
    assert now.parameters["query"].any()
    assert now.parameters["key"].any()


def test_update_starts_from_half_of_the_vectors() -> None:
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    data = training_data(item_features, training, config)
    graph, task = graph_data(data), training_task(data)
    settings = NetworkSettings(0.2, 1, 8, heads=1, learning_rate=0.01, epochs=1)
    start = train(graph, task, settings, 1)
    still = replace(settings, learning_rate=0.0)
    now = train(graph, task, still, 1, start=start)
    for name in ("node", "event", "text"):
        assert now.parameters[name] == pytest.approx(start.parameters[name] / 2, abs=1e-6)


def test_partial_fit_keeps_hyperparameters_and_weights() -> None:
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    before = training.select(training.users < N_USERS // 2)
    fitted_model = fit(item_features, before, DEFAULT, config)
    now = partial_fit(item_features, training, before, fitted_model, config)
    assert (now.hyperparameters, now.cold) == (fitted_model.hyperparameters, fitted_model.cold)
    assert now.warm.sum() >= fitted_model.warm.sum()
    vectors = (each.learned[NETWORK]["learned.node"] for each in (now, fitted_model))
    assert not np.array_equal(*vectors)


def test_weights_change_only_where_the_gain_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    item_features, training, targets = world()
    config = ModelConfig(dimensions=8)
    faint = {segment: {**each, "behaviour": 0.02} for segment, each in DEFAULT.weights.items()}
    fitted_model = fit(item_features, training, replace(DEFAULT, weights=faint), config)
    moved = []
    for errors in (0.0, 1e9):
        monkeypatch.setattr(models_tuning, "MIN_GAIN_SE", errors)
        weights = update_weights(item_features, training, targets, fitted_model, config).weights
        moved.append(
            [
                (segment, name)
                for segment, by_name in weights.items()
                for name, weight in by_name.items()
                if weight != faint[segment].get(name, 0.0)
            ]
        )
    assert moved[0]
    assert not moved[1]


@pytest.mark.parametrize(("race_curve", "epochs"), [((), 5), ([0.1], 5), ([0.9], 1)])
def test_network_behind_the_race_curve_gives_up(
    race_curve: Sequence[float], epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_training, "RACE_BATCHES", 1)
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    data = training_data(item_features, training, config)
    graph, task = graph_data(data), training_task(data)
    settings = NetworkSettings(0.2, 2, 8, heads=1, learning_rate=0.01, epochs=5)
    qualities: list[float] = []

    def quality(_: NetworkVectors) -> float:
        qualities.append(0.5 + len(qualities) / 100)
        return qualities[-1]

    assert train(graph, task, settings, 1, quality, race_curve).valid == qualities[-1]
    assert len(qualities) == epochs


def test_default_size_follows_order_and_number_of_nodes() -> None:
    """By whether events have an order, then by users and nodes."""

    def size(n_users: int, *, ordered: bool) -> tuple[int, int, int]:
        likes = sparse.csr_array((n_users, 2), dtype=bool)
        graph = graph_of(2, [(0, 0, 1)], 2)
        data = GraphData.of(graph, np.zeros((2, 1), np.float32), likes, np.ones(0, np.float32))
        task = NextItem([], 5) if ordered else SetCompletion(likes)
        network_size = default_size(data, task)
        return network_size.heads, network_size.layers, network_size.dimensions

    assert size(10**6, ordered=True) == (2, 1, 64)
    assert size(49_998, ordered=False) == (4, 2, 64)
    assert size(49_999, ordered=False) == (1, 2, 256)
    assert size(249_999, ordered=False) == (1, 2, 64)
