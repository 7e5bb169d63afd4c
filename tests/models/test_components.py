"""What must hold of every component that is registered, and of those inside the behaviour one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tastegraph.models.base import KNOWN, NEW, Component, Prior, SimilarityComponent
from tastegraph.models.co_engagement import CoEngagement
from tastegraph.models.ease import EASE
from tastegraph.models.graph_network.component import GraphNetworkComponent
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.item_knn import ItemKNN
from tastegraph.models.popularity import RecentPopularity, RecentPopularityParams
from tastegraph.models.registry import COMPONENTS, by_name
from tastegraph.models.training_data import TrainingData
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tests.support.small_graphs import graph_of

N_USERS, N_ITEMS, N_OLD = 60, 20, 17
"""The last items are newer than the model: they have facts and a text, and no event."""
ALL = [*COMPONENTS, EASE, CoEngagement, ItemKNN]
SETTINGS = NetworkSettings(0.2, 1, 8, heads=1, learning_rate=0.01, epochs=2)
HISTORY = History(np.array([0, 3, 6, 3], np.int32), np.array([1.0, -0.5, 0.7, 1.0], np.float32))
each_component = pytest.mark.parametrize("component", ALL, ids=lambda each: each.name)


def item_features(n_items: int) -> ItemFeatures:
    """Items of two colours; a fact, a word and a text vector name the colour."""
    rng = np.random.default_rng(0)
    colour = np.arange(n_items) % 2
    edges = [(k, 0, n_items + int(colour[k])) for k in range(n_items)]
    edges += [(k, 1, n_items + 2 + k % 3) for k in range(n_items)]
    graph = graph_of(n_items, edges, n_items + 5)
    text = np.zeros((graph.n_nodes, 6), np.float32)
    text[:n_items] = rng.normal(size=(N_ITEMS, 6))[:n_items] + 3 * np.eye(6)[colour]
    text /= np.maximum(np.linalg.norm(text, axis=1, keepdims=True), 1e-9)
    words = sparse.csr_array(np.eye(2, dtype=np.float32)[colour])
    return ItemFeatures(graph, text, words)


def events(n_items: int) -> Interactions:
    """Users like items of their colour, in order; a few dislike one of the other."""
    rng = np.random.default_rng(1)
    rows = []
    for user in range(N_USERS):
        own = np.arange(user % 2, N_OLD, 2)
        liked = rng.permutation(own)[: rng.integers(3, 7)].tolist()
        rows += [(user, item, len(rows) + k, 1.0) for k, item in enumerate(liked)]
        rows.append((user, 1 - user % 2, len(rows) + 1, -1.0))
    users, items, times, weights = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(
        [f"u{k}" for k in range(N_USERS)], n_items, users.astype(np.int32),
        items.astype(np.int32), times.astype(float), weights.astype(np.float32),
        np.full(len(rows), -1, np.int8),
    )  # fmt: skip


def training_data(n_items: int = N_OLD) -> TrainingData:
    """What components are fitted to."""
    return TrainingData.of(item_features(n_items), events(n_items), 50, 1)


def params_of(component: type[Component]) -> object:
    """Its defaults, small where they are large."""
    if component is GraphNetworkComponent:
        return SETTINGS
    return RecentPopularityParams(50.0) if component is RecentPopularity else component.default


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return training_data()


@pytest.fixture(scope="module")
def fitted(data: TrainingData) -> dict[str, Component]:
    """Every component, fitted once."""
    components = {each.name: each.fit(data, params_of(each)) for each in ALL}
    return {name: each.with_recency(Recency(2.0, 0.5)) for name, each in components.items()}


def test_names_are_unique() -> None:
    assert len(by_name()) == len(COMPONENTS)


@each_component
def test_contributions_sum_to_the_score(component, fitted) -> None:
    one = fitted[component.name]
    scores = one.score([HISTORY])[0]
    for item in range(N_OLD):
        total = sum(each.share for each in one.contributions(HISTORY, item))
        assert total == pytest.approx(scores[item], abs=2e-3 * float(np.abs(scores).max()))


@each_component
def test_contributions_name_events_of_the_history(component, fitted) -> None:
    one = fitted[component.name]
    events_of = {each.event for k in range(N_OLD) for each in one.contributions(HISTORY, k)}
    assert events_of <= ({None} if issubclass(component, Prior) else set(range(len(HISTORY))))
    assert all(each.kind for k in range(N_OLD) for each in one.contributions(HISTORY, k))


@each_component
def test_an_item_says_nothing_of_itself(component, fitted) -> None:
    if not issubclass(component, SimilarityComponent):
        pytest.skip("a prior compares no items")
    own = [
        each for each in fitted[component.name].contributions(HISTORY, 3) if each.event in (1, 3)
    ]
    assert not own


@each_component
def test_the_same_seed_learns_the_same_arrays(component, data) -> None:
    first, again = (component.learn(data, params_of(component), 3) for _ in range(2))
    assert first.keys() == again.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])


@each_component
def test_a_component_gives_back_the_arrays_it_was_made_of(component, data) -> None:
    learned = component.learn(data, params_of(component), 3)
    arrays = component.from_arrays(learned, params_of(component), data).to_arrays()
    assert arrays.keys() == learned.keys()
    for name, values in learned.items():
        np.testing.assert_array_equal(values, arrays[name])


@each_component
def test_candidates_score_as_in_the_whole(component, fitted) -> None:
    candidates = np.arange(N_OLD) % 3 == 0
    histories = [HISTORY, HISTORY.newest(2)]
    whole = fitted[component.name].score(histories)
    assert whole.shape == (2, N_OLD)
    few = fitted[component.name].score(histories, candidates)
    assert few == pytest.approx(whole[:, candidates], abs=1e-5)


@each_component
def test_a_saved_component_scores_as_before(component, fitted, data) -> None:
    one = fitted[component.name]
    arrays = {
        **component.learned_names(component.learn(data, params_of(component), 1)),
        **component.served_names(one.served_arrays()),
        **shared_arrays(data),
    }
    opened = component.open(arrays, Recency(2.0, 0.5), np.arange(N_OLD))
    np.testing.assert_array_equal(opened.score([HISTORY]), one.score([HISTORY]))


def shared_arrays(data: TrainingData) -> dict[str, np.ndarray]:
    """Arrays of a snapshot that several components read."""
    strength = data.item_features.associations.strength
    return {
        "associations.indptr": strength.indptr, "associations.indices": strength.indices,
        "associations.node": data.item_features.associations.node,
        "associations.features": data.ties.data,
        "model.popularity": np.bincount(data.user_items.indices, minlength=N_OLD),
    }  # fmt: skip


@each_component
def test_what_was_learned_serves_items_that_came_later(component, data) -> None:
    learned = component.learn(data, params_of(component), 1)
    later = replace(
        training_data(N_ITEMS), events=None, learned_ids=data.item_features.graph.item_ids
    )
    one = component.from_arrays(learned, params_of(component), later)
    assert one.n_items == N_ITEMS
    scores = one.score([HISTORY])
    assert scores.shape == (1, N_ITEMS)
    assert np.isfinite(scores).all()
    assert bool(scores[0, N_OLD:].any()) == (
        component.ranks_new_items or component.learns_attention
    )


@each_component
def test_a_new_user_has_scores(component, fitted) -> None:
    nobody = History(np.zeros(0, np.int32), np.zeros(0, np.float32))
    newcomer = History(np.array([1], np.int32), np.ones(1, np.float32))
    scores = fitted[component.name].score([nobody, newcomer])
    assert np.isfinite(scores).all()
    assert bool(scores[0].any()) == issubclass(component, Prior)
    assert scores[1].any()


@each_component
def test_a_subset_of_items_keeps_their_learned_rows(component, data) -> None:
    learned = component.learn(data, params_of(component), 1)
    rows = np.array([4, 0, 9])
    few = component.subset(learned, rows)
    assert few.keys() == learned.keys()
    again = component.subset(few, np.arange(3))
    for name, values in few.items():
        np.testing.assert_array_equal(values, again[name])


@each_component
def test_parameters_survive_json(component, data) -> None:
    for params in component.grid(data):
        assert component.params_from_json(component.params_to_json(params)) == params


def test_a_blend_is_the_sum_of_weighted_contributions(fitted) -> None:
    """What the model ranks by can be taken apart component by component."""
    components = {each.name: fitted[each.name] for each in COMPONENTS}
    weights = {segment: dict.fromkeys(components, 0.5) for segment in (KNOWN, NEW)}
    model = HybridModel(
        components, Blend(weights, weights), np.ones(N_OLD, bool), np.arange(N_OLD),
        np.arange(N_OLD),
    )  # fmt: skip
    ranked = model.rank(HISTORY)
    for item in range(N_OLD):
        total = 0.0
        for component in components.values():
            spread = model.inverse_spread(component.score([HISTORY]))[0]
            shares = (each.share for each in component.contributions(HISTORY, item))
            total += 0.5 * spread * sum(shares)
        assert total == pytest.approx(ranked.scores[item], abs=1e-2)
