"""Metrics of lists, by hand and against brute force."""

import math

import numpy as np
import pytest
from hypothesis import given

from tastegraph.core.top_k import top_k
from tastegraph.evaluation.metrics import coverage, gini, per_user
from tests.support.matrices import csr, few_examples, ints, random_lists, seeds


def test_metrics_by_hand():
    top = np.array([[3, 0, 1], [2, -1, -1], [0, 1, 2]], dtype=np.int32)
    relevant = csr([[1, 1, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 0]])
    popularity = np.array([3, 1, 0, 0])
    metrics = per_user(top, relevant, (1, 3), popularity)
    dcg = 1 / math.log2(3) + 1 / 2
    ideal = 1 + 1 / math.log2(3)
    expected = {
        "ndcg@1": (0, 1), "recall@1": (0, 1), "mrr@1": (0, 1), "hit@1": (0, 1), "map@1": (0, 1),
        "ndcg@3": (dcg / ideal, 1), "recall@3": (1, 1), "mrr@3": (1 / 2, 1), "hit@3": (1, 1),
        "map@3": ((1 / 2 + 2 / 3) / 2, 1),
        "novelty@1": (3, 3), "novelty@3": ((3 + 1 + 2) / 3, 3),
    }  # fmt: skip
    assert metrics.keys() == expected.keys()
    for name, values in expected.items():
        assert metrics[name][:2] == pytest.approx(values), name
        assert math.isnan(metrics[name][2]), name


def test_novelty_of_an_empty_list_is_unknown():
    metrics = per_user(ints(-1, -1)[None], csr([[1, 0]]), (2,), np.array([1, 1]))
    assert math.isnan(metrics["novelty@2"][0])
    assert metrics["ndcg@2"][0] == 0


def brute_force(ranked, relevant, k):
    hits = [float(item in relevant) for item in ranked[:k]]
    best = min(len(relevant), k)
    precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank in range(len(hits))]
    first = next((rank for rank, hit in enumerate(hits, 1) if hit), None)
    return {
        "ndcg": sum(hit / math.log2(rank + 2) for rank, hit in enumerate(hits))
        / sum(1 / math.log2(rank + 2) for rank in range(best)),
        "recall": sum(hits) / len(relevant),
        "mrr": 1 / first if first else 0.0,
        "hit": float(first is not None),
        "map": sum(p * hit for p, hit in zip(precisions, hits, strict=True)) / best,
    }


@few_examples
@given(seeds)
def test_metrics_agree_with_brute_force_in_any_order_of_users(seed):
    rng = np.random.default_rng(seed)
    scores, relevant, mask, k = random_lists(rng)
    top = top_k(scores, mask, k)
    popularity = rng.integers(0, 9, 12)
    metrics = per_user(top, relevant, (1, 3, 6), popularity)
    for user, is_relevant in enumerate(relevant.toarray()):
        items = set(np.flatnonzero(is_relevant).tolist())
        ranked = [item for item in top[user].tolist() if item >= 0]
        for cutoff in (1, 3, 6):
            if not items:
                assert math.isnan(metrics[f"ndcg@{cutoff}"][user])
                continue
            for name, value in brute_force(ranked, items, cutoff).items():
                assert metrics[f"{name}@{cutoff}"][user] == pytest.approx(value), name
    order = rng.permutation(len(top))
    shuffled = per_user(top[order], relevant[order], (1, 3, 6), popularity)
    for name, values in metrics.items():
        np.testing.assert_array_equal(shuffled[name], values[order])


def test_metrics_reject_wrong_input():
    relevant, popularity = csr([[1, 0, 0]]), np.zeros(3, dtype=np.int64)
    for top, cutoffs, message in (
        (ints(0, 0), (1,), "repeats"),
        (ints(0, 3), (1,), "items must be"),
        (ints(0, 1), (3,), "cutoffs"),
        (ints(0, 1), (), "cutoffs"),
    ):
        with pytest.raises(ValueError, match=message):
            per_user(top[None], relevant, cutoffs, popularity)
    with pytest.raises(ValueError, match="popularity"):
        per_user(ints(0)[None], relevant, (1,), popularity[:2])


def test_coverage_counts_items_once():
    top = np.array([[0, 1, 4], [1, 0, -1]])
    assert coverage(top, 5, 2) == pytest.approx(0.4)
    assert coverage(top, 5, 3) == pytest.approx(0.6)
    with pytest.raises(ValueError, match="k must be"):
        coverage(top, 5, 4)


def test_gini_by_hand() -> None:
    assert gini(np.ones(5)) == pytest.approx(0)
    assert gini(np.array([0.0, 0, 0, 7])) == pytest.approx(0.75)
    assert gini(np.array([1.0, 3])) == pytest.approx(0.25)
    assert gini(np.zeros(3)) == 0
