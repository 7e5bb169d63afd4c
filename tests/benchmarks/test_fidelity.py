"""Deletion: a score falls by the share where all else is held; facts are removed from the graph."""

import numpy as np
import pytest
from benchmarks.details.details_page import page
from benchmarks.details.fidelity import Drops, claims_by_fact, held_drop, measured, without_fact
from benchmarks.published.sets.lastfm import lastfm_lightkg

from tastegraph.core.config import ModelConfig
from tastegraph.explain.explainer import Explainer
from tastegraph.models.fit import assemble, fit
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.splits import TRAIN
from tastegraph.text.words import word_features
from tests.support import benchmark_folders as folders

CONFIG = ModelConfig(seed=1, epochs=1)


@pytest.fixture
def fitted(tmp_path):
    """A small set, what is known of its items, and a model with a network, fitted on train."""
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    rng = np.random.default_rng(1)
    text = rng.normal(size=(dataset.graph.n_nodes, 2)).astype(np.float32)
    words = word_features([f"word {k % 3}" for k in range(dataset.graph.n_items)])
    item_features = ItemFeatures(dataset.graph, text, words)
    training = dataset.events.select(dataset.parts == TRAIN)
    fitted_model = fit(item_features, training, default_hyperparameters(), CONFIG)
    return item_features, training, fitted_model


@pytest.mark.slow
def test_the_score_falls_by_the_share_where_all_else_is_held(fitted):
    item_features, training, fitted_model = fitted
    model = assemble(item_features, training.user_items(), fitted_model)
    histories = training.histories()
    claims = claims_by_fact(model, item_features.associations, histories, list(range(6)), 100)
    assert claims
    for of_fact in claims.values():
        for claim in of_fact:
            ranked = model.rank(histories[claim.user])
            drop = held_drop(model, ranked, claim.item, claim.feature)
            assert drop == pytest.approx(claim.share, rel=5e-3, abs=1e-4)
            reasons = Explainer(model, item_features.associations, ranked).reasons(claim.item)
            of_feature = [r.share for r in reasons if r.feature == claim.feature]
            assert claim.share == pytest.approx(sum(of_feature))


@pytest.mark.slow
def test_every_deletion_assembles_a_model_without_the_fact(fitted):
    item_features, training, fitted_model = fitted
    drops = measured(item_features, training, fitted_model, CONFIG, pairs=4)
    assert len(drops.shares) == len(drops.held) == len(drops.assembled) == 4
    assert (drops.shares > 0).all()
    assert 1 <= drops.deletions <= 4
    assert (drops.assembled != 0).any()
    assert np.abs(drops.same_lengths - drops.shares).max() < drops.shares.max(), (
        "what knows no facts is no part of the fall"
    )


def test_a_fact_goes_with_what_states_the_same(tmp_path):
    folders.lastfm(tmp_path)
    graph = lastfm_lightkg(tmp_path).graph
    fewer = without_fact(graph, int(graph.facts[2]))
    assert len(fewer.heads) == len(graph.heads) - 1
    assert int(graph.facts[2]) not in fewer.facts.tolist()


def test_correlations_are_of_ranks():
    shares = np.array([1.0, 2.0, 4.0, 3.0])
    summary = Drops(shares, shares, shares**2, np.array([0.1, 0.2, 0.9, -0.3]), 2).summary()
    assert (summary["held"], summary["largest_error"]) == (pytest.approx(1), 0)
    # Ranks 1 2 4 3 of shares and 2 3 4 1 of falls: 1 − 6 · (1 + 1 + 0 + 4) / (4 · 15)
    assert summary["assembled"] == pytest.approx(0.4)
    assert (summary["lowered"], summary["pairs"], summary["deletions"]) == (0.75, 4, 2)
    assert summary["median_ratio"] == pytest.approx(0.1)
    results = {"fidelity": {"a": summary}, "machine": {"cpu": "", "threads": 1, "python": ""}}
    assert "| a | 4 | 2 | 1.000 | 0.0% | 1.000 | 0.400 | 75.0% | 10% |" in page(results)
