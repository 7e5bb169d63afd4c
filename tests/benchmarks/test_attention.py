"""Attention to events and to facts, as the benchmark of details tries it: values by hand."""

import math

import numpy as np
import pytest
from benchmarks.details.attention_tables import content_tables, target_table
from benchmarks.details.content_attention import TODAY, VARIANTS, entity_attention
from benchmarks.details.halves import cross_chosen, gain, halves
from benchmarks.details.target_attention import NORMALISATIONS, SHARPNESS, sharpened
from scipy import sparse

from tastegraph.models.knowledge import knowledge_features, relation_weights
from tastegraph.profiles.association import associate
from tests.profiles.test_profiles import SMALL, graph_of


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_without_sharpness_a_score_is_that_of_today(normalisation):
    rng = np.random.default_rng(3)
    attention, entries = rng.random(5), rng.normal(size=(5, 7))
    scores = sharpened(attention, entries, normalisation)
    np.testing.assert_allclose(scores[0], attention @ entries)
    np.testing.assert_allclose(scores.std(axis=1), scores[0].std())


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_one_event_speaks_for_every_item_whatever_the_sharpness(normalisation):
    entries = np.array([[0.2, 0.5, 0.1], [3.0, -1.0, 2.0]])
    scores = sharpened(np.array([2.0, 0.0]), entries, normalisation)
    np.testing.assert_allclose(scores, np.tile(2 * entries[0], (len(SHARPNESS), 1)))


def test_the_nearer_event_speaks_more():
    """The entries' deviation is .5, so the farther event lies 2 below the nearer one."""
    scores = sharpened(np.ones(2), np.eye(2), "even")
    assert scores[SHARPNESS.index(1.0)] == pytest.approx([2 / (1 + math.exp(-2))] * 2)
    attended = sharpened(np.array([3.0, 1.0]), np.eye(2), "attended")[SHARPNESS.index(1.0)]
    far = math.exp(-2)
    sharp = np.array([3 / (0.75 + 0.25 * far), 1 / (0.75 * far + 0.25)])
    assert attended == pytest.approx(sharp * np.std([3, 1]) / sharp.std())


def test_each_half_is_judged_by_what_the_other_chose():
    first, second = halves(100)
    assert first.sum() == 50
    assert (first != second).all()
    values = [np.zeros(100), np.where(first, 1.0, -1.0)]
    chosen, settings = cross_chosen(values)
    assert settings == [1, 0]
    assert chosen[second].tolist() == [-1.0] * 50
    assert gain(chosen, values[0]) == {"gain": -0.5, "error": pytest.approx(0.05)}


def test_today_is_what_the_product_does():
    rng = np.random.default_rng(1)
    user_items = sparse.csr_array(rng.random((40, 3)) < 0.6)
    associations = associate(SMALL)
    weights = relation_weights(associations, user_items, 1)
    ties = TODAY.ties(TODAY.associations(associations), weights, user_items)
    np.testing.assert_allclose(
        ties.toarray(), knowledge_features(associations, weights).toarray(), atol=1e-6
    )
    assert VARIANTS[0] == TODAY
    assert len(set(VARIANTS)) == len(VARIANTS)


def likes(*users):
    """bool CSR[users, 4] of the items that each likes."""
    matrix = np.zeros((len(users), 4), dtype=bool)
    for row, items in enumerate(users):
        matrix[row, list(items)] = True
    return sparse.csr_array(matrix)


TWO_CASTS = associate(graph_of((0, 0, 4), (1, 0, 4), (2, 0, 5), (3, 0, 5), n_items=4))
"""Items 0 and 1 have one actor, items 2 and 3 another."""


def test_an_entity_whose_items_are_liked_together_says_more():
    """O = 20 and 0, E = 20/3 each, λ = 1.5, and the method of moments gives a rate of .3509."""
    attention = entity_attention(TWO_CASTS, likes(*[(0, 1)] * 20, *[(2,)] * 20, *[(3,)] * 20))
    assert attention == pytest.approx([(20 + 0.5263) / (20 / 3 + 0.3509) / 1.5, 0.1], abs=1e-3)


def test_what_chance_explains_is_no_attention():
    attention = entity_attention(TWO_CASTS, likes((0, 1), (0, 1), (2,), (3,)))
    assert attention == pytest.approx([1.0, 1.0])


def test_tables_have_a_row_for_each_component_and_each_way():
    of_one = {"gain": 0.001, "error": 0.002, "sharpness": [0.0, 2.0]}
    of_one["by_sharpness"] = {"0.5": {"gain": -0.1, "error": 0.1}, "4": {"gain": 0.2, "error": 0.1}}
    together = {"gain": 0.0, "error": 0.0, "sharpness": [{}, {"network": 2.0}]}
    both = {"network": of_one, "all": together}
    table = target_table({"toy": {"users": 9, "ndcg": 0.5, "even": both, "attended": both}})
    assert "| toy | network | +0.0010 ± 0.0020 | 0, 2 |" in table
    assert "| 4 | +0.2000 ± 0.1000 |" in table
    assert "0 above 0, 1 above 0" in table
    judged = {"knowledge": {"ndcg": 0.5, "gain": 0.0, "error": 0.0}}
    ways = {TODAY.name: judged, "specificity 2, relations 1": judged}
    first, users, verdict = content_tables({"toy": {"users": 9, "cold_users": 8, **ways}})
    assert "| today | 0.5000 |" in first
    assert "| specificity 2, relations 1 | +0.0000 ± 0.0000 |" in first
    assert users == "9 users on warm items, 8 on cold ones."
    assert verdict.startswith("No way gains")


def test_a_way_must_gain_clearly_on_two_sets():
    clear, noise = {"gain": 0.03, "error": 0.01}, {"gain": 0.02, "error": 0.01}
    of_today = {TODAY.name: {"text": {"ndcg": 0.5, "gain": 0.0, "error": 0.0}}}
    both = {"users": 1, "cold_users": 1, **of_today}
    sets = {"a": {**both, "way": {"text": clear}}, "b": {**both, "way": {"text": noise}}}
    *_, verdict = content_tables(sets)
    assert verdict.startswith("No way gains")
    *_, verdict = content_tables({**sets, "c": {**both, "way": {"text": clear}}})
    assert verdict == "What gains more than two standard errors on two sets: way (text: a, c)."
