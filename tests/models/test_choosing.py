"""What validation data decide: the filter, the network, and a search within a time budget."""

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
from tastegraph.models import choice as choice_module
from tastegraph.models import filters
from tastegraph.models import learned as learned_module
from tastegraph.models.behaviour import CoEngagement, Ease
from tastegraph.models.choice import UNTUNED, choose, reweighed
from tastegraph.models.filter_choice import _climb, best_filter
from tastegraph.models.fit import fit, gather, partial_fit, task_of
from tastegraph.models.graph_network import training as network_training
from tastegraph.models.graph_network import tuning
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import NextItem, SetCompletion
from tastegraph.models.graph_network.training import GraphData, NetworkVectors, train
from tastegraph.models.graph_network.tuning import best_network, default_size
from tastegraph.models.learned import ItemFeatures, aligned, no_words
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import Interactions
from tests.support.small_graphs import graph_of

N_USERS, N_ITEMS = 60, 24


def world(seed: int = 0) -> tuple[ItemFeatures, Interactions, sparse.csr_array]:
    """People like items of their colour; a fact names the colour. What is left out is asked for."""
    rng = np.random.default_rng(seed)
    same = np.arange(N_ITEMS) % 2 == np.arange(N_USERS)[:, None] % 2
    users, items = np.nonzero((rng.random((N_USERS, N_ITEMS)) < 0.6) & same)
    shown = rng.random(len(users)) < 0.7
    training = Interactions(
        [str(user) for user in range(N_USERS)], N_ITEMS, users[shown].astype(np.int32),
        items[shown].astype(np.int32), np.full(shown.sum(), np.nan),
        np.ones(shown.sum(), np.float32), np.full(shown.sum(), -1, np.int8),
    )  # fmt: skip
    cells = (np.ones((~shown).sum(), bool), (users[~shown], items[~shown]))
    wanted = sparse.csr_array(cells, shape=(N_USERS, N_ITEMS))
    edges = [(k, 0, N_ITEMS + k % 2) for k in range(N_ITEMS)]
    graph = graph_of(N_ITEMS, edges, N_ITEMS + 2)
    return (
        ItemFeatures(graph, np.zeros((N_ITEMS + 2, 4), np.float32), no_words(N_ITEMS)),
        training,
        wanted,
    )


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_climb_ends_at_the_only_peak(start: int, peak: int) -> None:
    def near(option: int) -> range:
        return range(max(option - 1, 0), min(option + 2, 21))

    assert _climb(start, lambda k: iter(near(k)), lambda k: -abs(k - peak)) == (0, peak)


def test_the_filter_is_the_best_of_those_near_it() -> None:
    item_features, training, wanted = world()
    validation = Validation.of(training, wanted, ModelConfig())
    assert validation is not None
    told = best_filter(training.user_items(), item_features.groups, validation, [Recency()])
    table = told.table(training.user_items(), item_features.groups)
    dense = table if isinstance(table, np.ndarray) else table.toarray()
    colour = np.arange(N_ITEMS) % 2
    alike = colour[:, None] == colour
    assert dense[alike & ~np.eye(N_ITEMS, dtype=bool)].mean() > dense[~alike].mean()


@pytest.mark.parametrize("asked", [True, False])
def test_without_an_order_every_event_of_a_history_counts_alike(asked: bool) -> None:
    item_features, training, wanted = world()
    config = ModelConfig(dimensions=8, epochs=2)
    hyperparameters = choose(
        item_features, training, wanted if asked else wanted * False, config
    ).hyperparameters
    assert {recency.half_life for recency in hyperparameters.attention.values()} == {None}


def test_a_budget_tries_more_networks_and_takes_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    item_features, training, wanted = world()
    config = ModelConfig(dimensions=8, epochs=2)
    validation = Validation.of(training, wanted, config)
    assert validation is not None
    evidence, task = (
        gather(item_features, training, config),
        task_of(item_features, training, config),
    )
    tried = []

    def watched(*told, of=tuning.train):
        tried.append(of(*told))
        return tried[-1]

    monkeypatch.setattr(tuning, "train", watched)
    first = best_network(evidence, task, validation, config)
    assert sorted(network.settings.temperature for network in tried) == [0.1, 0.2]
    assert first.valid == max(network.valid for network in tried)
    again = best_network(evidence, task, validation, config)
    for name, array in first.parameters.items():
        np.testing.assert_array_equal(array, again.parameters[name])
    tried.clear()
    longer = best_network(evidence, task, validation, config.model_copy(update={"budget": 0.5}))
    assert len(tried) > 2
    assert longer.valid == max(network.valid for network in tried)


def test_durations_are_read() -> None:
    assert [duration(text) for text in ("90", "90s", "10m", "1.5h")] == [90, 90, 600, 5400]
    for text in ("", "ten", "-5m", "5 d"):
        with pytest.raises(typer.BadParameter):
            duration(text)


def test_a_table_that_no_longer_fits_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings were chosen for fewer items than there are now."""
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    hyperparameters = replace(UNTUNED, filter=Ease(250.0, grouped=False))
    assert isinstance(fit(item_features, training, hyperparameters, config).table, np.ndarray)
    monkeypatch.setattr(filters, "DENSE_ITEMS", N_ITEMS - 1)
    now = fit(item_features, training, hyperparameters, config)
    assert isinstance(now.hyperparameters.filter, CoEngagement)
    assert isinstance(now.table, sparse.csr_array)


def test_a_table_among_too_many_items_is_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    table, rows = np.arange(4, dtype=np.float32).reshape(2, 2), np.array([1, -1, 0])
    whole = aligned(table, rows)
    assert whole.tolist() == [[3, 0, 2], [0, 0, 0], [1, 0, 0]]
    monkeypatch.setattr(learned_module, "DENSE_ITEMS", 2)
    few = aligned(table, rows)
    assert isinstance(few, sparse.csr_array)
    assert few.toarray().tolist() == whole.tolist()


def test_what_knew_no_order_teaches_no_attention() -> None:
    """From parameters that are all 0 attention would never be learned."""
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    evidence = gather(item_features, training, config)
    settings = NetworkSettings(0.2, 1, 8, heads=1, learning_rate=0.01, epochs=1)
    start = train(evidence, task_of(item_features, training, config), settings, 1)
    assert not start.parameters["query"].any()
    ordered = replace(training, times=np.arange(len(training), dtype=float))
    now = train(evidence, task_of(item_features, ordered, config), settings, 1, start=start)
    assert now.parameters["query"].any()
    assert now.parameters["key"].any()


def test_a_network_goes_on_from_half_of_its_vectors() -> None:
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    evidence, task = (
        gather(item_features, training, config),
        task_of(item_features, training, config),
    )
    settings = NetworkSettings(0.2, 1, 8, heads=1, learning_rate=0.01, epochs=1)
    start = train(evidence, task, settings, 1)
    still = replace(settings, learning_rate=0.0)
    now = train(evidence, task, still, 1, start=start)
    for name in ("node", "event", "text"):
        assert now.parameters[name] == pytest.approx(start.parameters[name] / 2, abs=1e-6)


def test_what_goes_on_keeps_settings_and_weights() -> None:
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    before = training.select(training.users < N_USERS // 2)
    found = fit(item_features, before, UNTUNED, config)
    now = partial_fit(item_features, training, before, found, config)
    assert (now.hyperparameters, now.cold) == (found.hyperparameters, found.cold)
    assert now.warm.sum() >= found.warm.sum()
    assert not np.array_equal(now.network.parameters["node"], found.network.parameters["node"])


def test_weights_in_service_stay_without_what_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    item_features, training, wanted = world()
    config = ModelConfig(dimensions=8)
    silent = {who: {**told, "behaviour": 0.02} for who, told in UNTUNED.weights.items()}
    found = fit(item_features, training, replace(UNTUNED, weights=silent), config)
    moved = []
    for errors in (0.0, 1e9):
        monkeypatch.setattr(choice_module, "SURE", errors)
        told = reweighed(item_features, training, wanted, found, config).weights
        moved.append(
            [
                (who, part)
                for who, parts in told.items()
                for part, weight in parts.items()
                if weight != silent[who].get(part, 0.0)
            ]
        )
    assert moved[0]
    assert not moved[1]


@pytest.mark.parametrize(("rival", "epochs"), [((), 5), ([0.1], 5), ([0.9], 1)])
def test_who_lags_behind_a_rival_gives_up(
    rival: Sequence[float], epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_training, "RACE_BATCHES", 1)
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8)
    evidence, task = (
        gather(item_features, training, config),
        task_of(item_features, training, config),
    )
    settings = NetworkSettings(0.2, 2, 8, heads=1, learning_rate=0.01, epochs=5)
    reached: list[float] = []

    def quality(_: NetworkVectors) -> float:
        reached.append(0.5 + len(reached) / 100)
        return reached[-1]

    assert train(evidence, task, settings, 1, quality, rival).valid == reached[-1]
    assert len(reached) == epochs


def test_how_large_a_network_is_by_default() -> None:
    """By whether events have an order, then by people and nodes."""

    def size(people: int, *, ordered: bool) -> tuple[int, int, int]:
        likes = sparse.csr_array((people, 2), dtype=bool)
        graph = graph_of(2, [(0, 0, 1)], 2)
        evidence = GraphData(graph, np.zeros((2, 1), np.float32), likes, np.ones(0, np.float32))
        task = NextItem([], 5) if ordered else SetCompletion(likes)
        told = default_size(evidence, task)
        return told.heads, told.layers, told.dimensions

    assert size(10**6, ordered=True) == (2, 1, 64)
    assert size(49_998, ordered=False) == (4, 2, 64)
    assert size(49_999, ordered=False) == (1, 2, 256)
    assert size(249_999, ordered=False) == (1, 2, 64)
