"""What a build of a large catalogue does is bounded, and a bound that nothing reaches is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.config import Config
from tastegraph.models import (
    co_engagement,
    cold_start,
    decomposition,
    item_knn,
    text,
    tower_training,
    tuning,
    validation,
)
from tastegraph.models.base import KNOWN, NEW
from tastegraph.models.cold_start import (
    FOLDS,
    blind_components,
    blind_scores,
    cold_trials,
    fit_cold_weights,
)
from tastegraph.models.decomposition import affordable_dimensions, joined
from tastegraph.models.fit import training_data
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.tuning import _max_weight_cells, tune_and_fit
from tastegraph.profiles.interactions import Interactions
from tests.models.test_cold_start import CONFIG, catalogue, purchases


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any catalogue is a large one."""
    monkeypatch.setattr(validation, "LARGE_CATALOGUE", 10)


@pytest.fixture
def shop() -> tuple:
    """What cold trials take."""
    events = purchases(400, 1)
    last = np.append(np.diff(events.users) != 0, True)
    data = training_data(catalogue(), events.select(~last), CONFIG)
    return data, events.select(last).user_items()


def test_a_large_catalogue_has_one_trial_with_the_users_of_five(shop, large, monkeypatch):
    data, valid = shop
    monkeypatch.setattr(validation, "MIN_COLD_USERS", 2)
    monkeypatch.setattr(validation, "MIN_VALIDATION_USERS", 1)
    monkeypatch.setattr(validation, "MAX_COLD_CELLS", 6 * data.n_items)
    (trial,) = cold_trials(data, valid, CONFIG)
    assert 0 < len(trial.validation.histories) <= FOLDS * 6
    assert len(trial.validation.histories) > 6
    assert not trial.cold[trial.data.interactions.items].any()
    assert not trial.cold[np.concatenate([h.items for h in trial.validation.histories])].any()


def test_weights_by_the_first_items_of_each_are_those_by_all(shop, large, monkeypatch):
    data, valid = shop
    trials = cold_trials(data, valid, CONFIG)
    hyperparameters = default_hyperparameters()
    names = set(blind_components(trials[0].data, hyperparameters, 1))
    few = fit_cold_weights(trials, hyperparameters, names, 1)
    monkeypatch.setattr(validation, "LARGE_CATALOGUE", data.n_items)
    assert set(few) == {KNOWN, NEW}
    assert few == fit_cold_weights(trials, hyperparameters, names, 1)


def test_scores_of_users_in_blocks_are_those_of_all(shop, monkeypatch):
    data, valid = shop
    (trial, *_) = cold_trials(data, valid, CONFIG)
    components = blind_components(trial.data, default_hyperparameters(), 1)
    arguments = components, trial.warm, trial.cold, trial.validation.histories
    whole = blind_scores(*arguments)
    monkeypatch.setattr(cold_start, "MAX_VALIDATION_CELLS", 7 * data.n_items)
    for name, scores in blind_scores(*arguments).items():
        np.testing.assert_allclose(scores, whole[name], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_build_of_a_large_catalogue_teaches_three_towers(large, monkeypatch):
    """Without the cold items of the trial, without validation data, and of all events."""
    numbers: list[int] = []
    tower_vectors = tower_training.tower_vectors

    def counting(features, events: Interactions, history, seed):
        numbers.append(len(events))
        return tower_vectors(features, events, history, seed)

    monkeypatch.setattr(tower_training, "tower_vectors", counting)
    events = purchases(400, 1)
    fitted_model, model = tune_and_fit(catalogue(), events, Config(model=CONFIG))
    assert len(numbers) == 3
    assert numbers[0] < numbers[1] < numbers[2] == len(events)
    assert any(model.blend.cold[KNOWN].values())
    assert model.blend.cold is fitted_model.cold


def test_users_that_weights_are_fitted_to_are_bounded(monkeypatch):
    monkeypatch.setattr(tuning, "MAX_VALIDATION_CELLS", 60_000_000)
    assert _max_weight_cells(10_000, 20_000) == 10_000 * 20_000
    assert _max_weight_cells(10_000, 100_000) == 600 * 100_000
    assert _max_weight_cells(10_000, 1_000_000) == 500 * 1_000_000
    assert _max_weight_cells(300, 1_000_000) == 300 * 1_000_000


def test_a_table_of_co_engagement_has_a_bounded_number_of_entries(monkeypatch):
    likes = sparse.csr_array(np.ones((3, 40), dtype=np.bool_))
    assert co_engagement.co_engagement_table(likes, 0.5, 0.5, 0.5).nnz == 40 * 39
    monkeypatch.setattr(co_engagement, "MAX_ENTRIES", 40 * 7)
    monkeypatch.setattr(co_engagement, "MIN_NEIGHBOURS", 1)
    assert co_engagement.co_engagement_table(likes, 0.5, 0.5, 0.5).nnz == 40 * 7


def test_nearest_neighbours_in_blocks_are_those_of_all(monkeypatch):
    rng = np.random.default_rng(3)
    likes = sparse.csr_array(rng.random((30, 25)) < 0.3)
    whole = item_knn.item_knn_table(likes, 5).toarray()
    monkeypatch.setattr(item_knn, "BLOCK_ITEMS", 4)
    np.testing.assert_array_equal(item_knn.item_knn_table(likes, 5).toarray(), whole)


def test_dimensions_follow_the_number_of_items():
    assert affordable_dimensions(1_000) == 2_048
    assert affordable_dimensions(100_000) == 250
    assert affordable_dimensions(1_000_000) == decomposition.MIN_DIMENSIONS
    assert affordable_dimensions(1_000, 512) == 512


def test_products_of_joined_rows_are_the_sums_of_both_sides():
    rng = np.random.default_rng(1)
    left, right = (rng.standard_normal((50, d)).astype(np.float32) for d in (6, 9))
    whole = left @ left.T + right @ right.T
    rows = joined(left, right, 15)
    assert rows @ rows.T == pytest.approx(whole, abs=1e-3)
    values, vectors = np.linalg.eigh(whole.astype(np.float64))
    best = (vectors[:, -4:] * values[-4:]) @ vectors[:, -4:].T
    few = joined(left, right, 4)
    assert few.shape == (50, 4)
    assert few @ few.T == pytest.approx(best, abs=1e-3)


def test_text_features_of_a_large_catalogue_compare_as_those_of_a_small_one(monkeypatch):
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((60, 8)).astype(np.float32)
    words = sparse.random_array((60, 20), density=0.2, rng=rng, dtype=np.float32, format="csr")
    small = text.text_features(vectors, words)
    monkeypatch.setattr(text, "MAX_JOINT_ITEMS", 10)
    monkeypatch.setattr(text, "BLOCK_ROWS", 16)
    many = text.text_features(vectors, words)
    assert many @ many.T == pytest.approx(small @ small.T, abs=1e-3)
