"""What would give the same result is not computed again."""

from __future__ import annotations

import numpy as np
import pytest

from tastegraph.core.config import ModelConfig
from tastegraph.models import tower_training
from tastegraph.models.base import KNOWLEDGE, NETWORK
from tastegraph.models.cold_start import cold_folds, cold_item_holdout, cold_trials
from tastegraph.models.fit import assemble, assembled, learn, training_data
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.knowledge import Knowledge
from tastegraph.models.text_tower import TextTower
from tastegraph.models.tuning import choose
from tastegraph.profiles.interactions import Interactions
from tests.models.test_cold_start import CONFIG, catalogue, purchases
from tests.models.test_tuning import world


@pytest.fixture
def assembled_components(monkeypatch):
    """How often the knowledge component is made."""
    calls = []
    similarity = Knowledge.similarity.__func__

    def counting(cls, arrays, params, data):
        calls.append(data)
        return similarity(cls, arrays, params, data)

    monkeypatch.setattr(Knowledge, "similarity", classmethod(counting))
    return calls


def test_components_that_stay_are_assembled_once(assembled_components):
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8, epochs=1)
    data = training_data(item_features, training, config)
    fitted_model = learn(data, default_hyperparameters(ordered=False), config)
    first, second = assembled(data, fitted_model), assembled(data, fitted_model)
    assert len(assembled_components) == 1
    anew = assemble(item_features, training.user_items(), fitted_model)
    histories = training.histories()
    for model in (second, anew):
        np.testing.assert_array_equal(first.score(histories), model.score(histories))
    assert first.components[NETWORK].kernel is second.components[NETWORK].kernel
    assert first.components[KNOWLEDGE].kernel is not anew.components[KNOWLEDGE].kernel


def test_events_without_the_same_items_are_the_same_data():
    item_features, training, _ = world()
    data = training_data(item_features, training, ModelConfig())
    cold = cold_item_holdout(item_features.graph.item_ids, 1)
    assert data.without_items(cold) is data.without_items(cold.copy())
    assert data.without_items(~cold) is not data.without_items(cold)


@pytest.mark.slow
def test_choosing_teaches_no_tower_twice(monkeypatch):
    """Each trial on cold items has its tower, and the model; scaling uses that of the first."""
    item_features, events = catalogue(), purchases(400, 1)
    last = np.append(np.diff(events.users) != 0, True)
    training, valid = events.select(~last), events.select(last).user_items()
    learned_from = []
    tower_vectors = tower_training.tower_vectors

    def counting(features, learned: Interactions, history, seed):
        learned_from.append(learned.items.tobytes())
        return tower_vectors(features, learned, history, seed)

    monkeypatch.setattr(tower_training, "tower_vectors", counting)
    choose(item_features, training, valid, CONFIG)
    data = training_data(item_features, training, CONFIG)
    trials = cold_trials(data, valid, CONFIG)
    folds = cold_folds(item_features.graph.item_ids, CONFIG.seed)
    assert (trials[0].cold == (folds == 0)).all()
    assert len(learned_from) == len(set(learned_from)) == len(trials) + 1


def test_controls_of_the_graph_learn_no_tower_anew(monkeypatch):
    """The texts are the same, and so are the vectors; other texts have others."""
    item_features, training, _ = world()
    config = ModelConfig(dimensions=8, epochs=1)

    def tower(features, events):
        data = training_data(features, events, config)
        return TextTower.learn(data, TextTower.default, config.seed)["vectors"]

    first = tower(item_features, training)
    fewer = training.select(np.arange(len(training)) > 0)
    assert tower(item_features, fewer) is not first
    assert tower(item_features.text_shuffled(1), training) is not first
    monkeypatch.setattr(tower_training, "tower_vectors", None)
    assert tower(item_features, training) is first
    assert tower(item_features.graph_off(), training) is first
    assert tower(item_features.graph_shuffled(1), training) is first


def test_a_control_of_texts_has_the_associations_of_the_graph(monkeypatch):
    item_features, _, _ = world()
    first = item_features.associations
    assert item_features.graph_off().associations.strength.nnz == 0
    monkeypatch.setattr("tastegraph.models.item_features.associate", None)
    assert item_features.text_off().associations is first
    assert item_features.text_shuffled(1).associations is first
