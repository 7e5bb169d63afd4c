"""Predicted clicks: the area under the curve, scores of pairs, calibrated probabilities."""

import numpy as np
import pytest
from benchmarks.published.clicks import Calibrated, ClickEvaluator, auc_by_user, scores_of_pairs
from benchmarks.published.sets.ctr import lastfm_ctr
from sklearn.metrics import f1_score, roc_auc_score

from tastegraph.core.config import ModelConfig
from tastegraph.evaluation.evaluator import TRAIN_ONLY, Run
from tastegraph.models.baselines import popularity
from tests.support import benchmark_folders as folders


def test_the_area_by_hand():
    """Scores .9 .4 clicked, .6 .4 .1 not: placements (3 + 1.5) / 6."""
    scores, labels = np.array([0.9, 0.4, 0.6, 0.4, 0.1]), np.array([1, 1, 0, 0, 0], dtype=np.bool_)
    shares = auc_by_user(scores, labels, np.array([0, 1, 0, 1, 2]), 4)
    assert shares.mean() == pytest.approx(4.5 / 6)
    # 0: placement 3 of the clicked one, 1 of the other (.9 lies above .6): (3 + 1) / 6 · 4 / 2
    assert shares.tolist() == pytest.approx([4 / 3, (1.5 + 1.5) / 3, 2 / 3, 0])


def test_the_area_is_the_usual_one_whoever_the_users_are():
    rng = np.random.default_rng(2)
    scores, labels = rng.integers(0, 9, 300).astype(float), rng.random(300) < 0.3
    areas = auc_by_user(scores, labels, rng.integers(0, 40, 300), 50)
    assert areas.shape == (50,)
    assert areas.mean() == pytest.approx(roc_auc_score(labels, scores))


def test_pairs_get_their_own_score_and_a_probability_in_the_same_order(tmp_path):
    folders.ctr(tmp_path)
    dataset = lastfm_ctr(tmp_path)
    ranker = popularity(dataset.events.user_items())
    histories = dataset.events.histories()
    users, items = np.array([3, 1, 3, 9]), np.array([0, 5, 2, 0])
    expected = ranker.counts[items]
    assert scores_of_pairs(ranker, histories, users, items).tolist() == expected.tolist()
    clicks = Calibrated.of(ranker, histories, dataset.pairs.select(1))
    probabilities = clicks.probabilities(dataset.pairs.users, dataset.pairs.items)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    of_items = ranker.counts[dataset.pairs.items]
    assert roc_auc_score(dataset.pairs.labels, probabilities) == roc_auc_score(
        dataset.pairs.labels, of_items
    )
    judged = ClickEvaluator(dataset, ModelConfig())(Run("p", TRAIN_ONLY, ranker, 1.0, 1.0), 1.0)
    tested = dataset.pairs.select(2)
    known = ranker.counts[tested.items]
    assert judged.values["auc"].mean() == pytest.approx(roc_auc_score(tested.labels, known))
    (f1,) = judged.values["f1"]
    yes = clicks.probabilities(tested.users, tested.items) >= 0.5
    assert f1 == pytest.approx(f1_score(tested.labels, yes))
