"""Evaluation: splits, metrics, uncertainty, slices, the leak audit and its tables."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from scipy import sparse, stats

from tastegraph.core.arrays import binary, contains, pair_keys
from tastegraph.core.config import EvaluationConfig
from tastegraph.core.errors import ConfigError
from tastegraph.core.top_k import top_k, top_k_blocks
from tastegraph.evaluation.audit import ItemFacts, audit
from tastegraph.evaluation.evaluator import Result
from tastegraph.evaluation.metrics import coverage, per_user
from tastegraph.evaluation.report import to_json
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p
from tastegraph.evaluation.slices import standard_slices
from tastegraph.evaluation.tables import print_report, result_tables
from tastegraph.profiles.interactions import pair_hashes
from tastegraph.profiles.splits import TEST, TRAIN, VALID, split_events, split_sizes

EIGHTY = (0.8, 0.1, 0.1)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None)


def csr(rows):
    return sparse.csr_array(np.array(rows))


def ints(*values):
    return np.array(values, dtype=np.int32)


def random_lists(rng, users=7, items=12, k=6):
    scores = rng.integers(0, 4, (users, items)).astype(np.float32)
    relevant = csr(rng.random((users, items)) < 0.25)
    mask = csr((rng.random((users, items)) < 0.3) & ~relevant.toarray())
    return scores, relevant, mask, k


# Sparse cells


def test_pair_keys_ignore_stored_zeros_and_repeats():
    matrix = sparse.csr_array(
        (np.array([1.0, 0.0, 2.0, 3.0]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3)
    )
    assert pair_keys(matrix).tolist() == [2, 4]
    assert contains(pair_keys(matrix), np.array([[2, 3], [-1, 99]])).tolist() == [
        [True, False],
        [False, False],
    ]
    assert not contains(np.array([], dtype=np.int64), np.array([0])).any()
    assert binary([0, 0, 1], [1, 1, 0], (2, 2)).toarray().tolist() == [[0, 1], [1, 0]]


# Splits


def recbole_counts(n, ratios):
    counts = [int(r * n) for r in ratios]
    counts[0] = n - sum(counts[1:])
    for i in range(1, len(ratios)):
        if counts[0] <= 1:
            break
        if 0 < ratios[-i] * n < 1:
            counts[-i] += 1
            counts[0] -= 1
    return counts


def test_part_counts_by_hand():
    by_hand = {
        1: (1, 0, 0), 2: (1, 0, 1), 3: (1, 1, 1), 4: (2, 1, 1), 5: (3, 1, 1), 6: (4, 1, 1),
        7: (5, 1, 1), 8: (6, 1, 1), 9: (7, 1, 1), 10: (8, 1, 1), 11: (9, 1, 1), 15: (13, 1, 1),
        19: (17, 1, 1), 20: (16, 2, 2), 29: (25, 2, 2), 30: (24, 3, 3),
    }  # fmt: skip
    counts = split_sizes(np.array(list(by_hand)), EIGHTY)
    assert [tuple(row) for row in counts.tolist()] == list(by_hand.values())


@pytest.mark.parametrize("fractions", [EIGHTY, (0.7, 0.2, 0.1), (0.6, 0.0, 0.4), (0.5, 0.25, 0.25)])
def test_part_counts_as_recbole(fractions):
    sizes = np.arange(1, 200)
    expected = [recbole_counts(n, fractions) for n in sizes.tolist()]
    assert split_sizes(sizes, fractions).tolist() == expected


def test_fractions_are_scaled_and_checked():
    assert split_sizes(np.array([20]), (8, 1, 1)).tolist() == [[16, 2, 2]]
    with pytest.raises(ConfigError, match="fractions"):
        split_sizes(np.array([20]), (0.0, 0.5, 0.5))
    with pytest.raises(ConfigError, match="fractions"):
        split_sizes(np.array([20]), (1.2, -0.1, -0.1))


@st.composite
def event_logs(draw):
    events = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1))
    users, times = np.array(events).T
    return users.astype(np.int32), times.astype(np.float64)


def hashes_of(users, seed=0):
    """Distinct, in an order that has nothing to do with that of the rows."""
    return np.random.default_rng(seed).permutation(len(users)).astype(np.uint64)


@quick
@given(event_logs(), st.sampled_from(["user-temporal", "random", "leave-last-out"]), seeds)
def test_split_gives_each_person_their_counts(log, strategy, seed):
    users, times = log
    parts = split_events(users, hashes_of(users, seed), times, EvaluationConfig(split=strategy))
    assert parts.dtype == np.int8
    for user in np.unique(users):
        own = parts[users == user]
        n = len(own)
        expected = recbole_counts(n, EIGHTY)
        if strategy == "leave-last-out":
            expected = [n - 2, 1, 1] if n >= 3 else [n, 0, 0]
        assert np.bincount(own, minlength=3).tolist() == expected


@quick
@given(event_logs(), st.sampled_from(["user-temporal", "leave-last-out"]), seeds)
def test_split_follows_time_then_hash(log, strategy, seed):
    users, times = log
    hashes = hashes_of(users, seed)
    parts = split_events(users, hashes, times, EvaluationConfig(split=strategy))
    for user in np.unique(users):
        rows = np.flatnonzero(users == user)
        in_order = sorted(rows, key=lambda row: (times[row], hashes[row]))
        assert (np.diff(parts[in_order]) >= 0).all()


@quick
@given(event_logs(), st.sampled_from(["user-temporal", "random", "leave-last-out"]), seeds)
def test_the_order_of_rows_decides_nothing_in_a_split(log, strategy, seed):
    users, times = log
    times[::3] = np.nan
    hashes, config = hashes_of(users, seed), EvaluationConfig(split=strategy)
    rows = np.random.default_rng(seed).permutation(len(users))
    parts = split_events(users, hashes, times, config)
    assert (split_events(users[rows], hashes[rows], times[rows], config) == parts[rows]).all()


def test_events_without_a_time_are_never_the_newest():
    users = ints(0, 0, 0, 1, 1, 1)
    times = np.array([np.nan, np.nan, np.nan, 9, np.nan, 1])
    hashes = np.array([2, 0, 1, 0, 1, 2], dtype=np.uint64)
    parts = split_events(users, hashes, times, EvaluationConfig(split="leave-last-out"))
    assert parts.tolist() == [TEST, TRAIN, VALID, TEST, TRAIN, VALID]


def test_random_split_depends_on_the_hash_alone():
    users = np.zeros(50, dtype=np.int32)
    times = np.arange(50.0)
    config = EvaluationConfig(split="random")
    first, again, other = (
        split_events(users, hashes_of(users, k), times, config) for k in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert (split_events(users, hashes_of(users, 1), -times, config) == first).all()


@quick
@given(event_logs())
def test_global_split_cuts_the_time_line(log):
    users, times = log
    times[0] = -1.0
    try:
        parts = split_events(
            users, hashes_of(users), times, EvaluationConfig(split="global-temporal")
        )
    except ConfigError:
        train = recbole_counts(len(times), EIGHTY)[0]
        assert sorted(times)[train] == -1
        return
    assert (np.diff(parts[np.argsort(times)]) >= 0).all()
    assert all(len(set(parts[times == time])) == 1 for time in times)


def test_global_split_by_hand():
    times = np.array([3, 1, 2, 5, 4, 6, 7, 8, 9, 10.0])
    users = np.zeros(10, dtype=np.int32)
    hashes, config = hashes_of(users), EvaluationConfig(split="global-temporal")
    assert split_events(users, hashes, times, config).tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    with pytest.raises(ConfigError, match="1 of 10"):
        split_events(users, hashes, np.where(times == 3, np.nan, times), config)
    with pytest.raises(ConfigError, match="one timestamp"):
        split_events(users, hashes, times * 0, config)


def test_given_split_is_used_or_its_lack_named():
    users, times = ints(0, 0, 1), np.zeros(3)
    hashes, config = hashes_of(users), EvaluationConfig(split="given")
    parts = np.array([0, 2, 1], dtype=np.int8)
    assert split_events(users, hashes, times, config, parts).tolist() == [0, 2, 1]
    with pytest.raises(ConfigError, match="carry no split"):
        split_events(users, hashes, times, config)
    with pytest.raises(ConfigError, match="1 of 3"):
        split_events(users, hashes, times, config, np.array([0, -1, 1], dtype=np.int8))
    with pytest.raises(ValueError, match="2 published"):
        split_events(users, hashes, times, config, parts[:2])
    with pytest.raises(ValueError, match="2 times"):
        split_events(users, hashes, times[:2], config, parts)


def test_split_of_nothing():
    empty = np.array([], dtype=np.int32)
    for strategy in ("user-temporal", "global-temporal", "random", "leave-last-out"):
        config = EvaluationConfig(split=strategy)
        assert len(split_events(empty, hashes_of(empty), np.array([]), config)) == 0


@pytest.mark.skipif("TASTEGRAPH_DATA" not in os.environ, reason="needs MovieLens 100K")
def test_split_of_movielens_as_recbole():
    file = Path(os.environ["TASTEGRAPH_DATA"]) / "ml100k/recbole/ml-100k.inter"
    frame = pl.read_csv(file, separator="\t", new_columns=["user", "item", "rating", "time"])
    frame = frame.filter(pl.col("rating") >= 4)
    users = frame["user"].to_numpy().astype(np.int32)
    items = frame["item"].to_numpy().astype(np.int32)
    hashes = pair_hashes(users.astype(np.uint64), items)
    parts = split_events(
        users, hashes, frame["time"].to_numpy().astype(np.float64), EvaluationConfig()
    )
    assert len(np.unique(users)) == 942
    assert np.bincount(parts).tolist() == [45_063, 5_156, 5_156]


# Top of the list


def test_top_k_breaks_ties_by_index_and_pads():
    scores = np.array([[1, 3, 3, -np.inf, 0, -0.0], [-1, -2, -3, -4, np.inf, -1]], dtype=np.float32)
    mask = csr([[0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    assert top_k(scores, mask, 2).tolist() == [[1, 2], [4, 5]]
    assert top_k(scores, mask, 8).tolist() == [
        [1, 2, 0, 4, 5, -1, -1, -1],
        [4, 5, 1, 2, 3, -1, -1, -1],
    ]
    assert top_k(scores, None, 3).dtype == np.int32
    assert top_k(scores.astype(np.float64), None, 3).tolist() == [[1, 2, 0], [4, 0, 5]]


def test_top_k_refuses_nonsense():
    with pytest.raises(ValueError, match="1 scores are nan"):
        top_k(np.array([[0, np.nan]], dtype=np.float32), None, 1)
    with pytest.raises(ValueError, match="shape"):
        top_k(np.zeros((1, 2), dtype=np.float32), csr([[1, 0, 0]]), 1)
    with pytest.raises(ValueError, match="k ≥ 1"):
        top_k(np.zeros((1, 2), dtype=np.float32), None, 0)


@quick
@given(seeds, st.integers(1, 15), st.integers(1, 9))
def test_top_k_is_a_full_sort(seed, k, block):
    scores, _, mask, _ = random_lists(np.random.default_rng(seed))
    scores[scores == 3] *= -1
    hidden = mask.toarray()
    expected = []
    for row in range(len(scores)):
        order = sorted(range(12), key=lambda item: (-scores[row, item], item))
        best = [item for item in order if not hidden[row, item]][:k]
        expected.append(best + [-1] * (k - len(best)))
    assert top_k(scores, mask, k).tolist() == expected
    blocks = top_k_blocks(lambda rows: scores[rows], len(scores), mask, k, block)
    assert blocks.tolist() == expected
    assert not contains(pair_keys(mask), np.arange(7)[:, None] * 12 + blocks)[blocks >= 0].any()


@quick
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_top_k_orders_every_float(values):
    scores = np.array([values], dtype=np.float32)
    top = top_k(scores, None, len(values))[0]
    order = sorted(range(len(values)), key=lambda item: (-values[item], item))
    kept = [item for item in order if values[item] != -math.inf]
    assert top[: len(kept)].tolist() == kept
    assert (top[len(kept) :] == -1).all()


# Metrics


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


@quick
@given(seeds)
def test_metrics_against_brute_force_and_reordered_people(seed):
    rng = np.random.default_rng(seed)
    scores, relevant, mask, k = random_lists(rng)
    top = top_k(scores, mask, k)
    popularity = rng.integers(0, 9, 12)
    metrics = per_user(top, relevant, (1, 3, 6), popularity)
    for user, wanted in enumerate(relevant.toarray()):
        items = set(np.flatnonzero(wanted).tolist())
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


def test_metrics_refuse_nonsense():
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


# Significance


def test_bootstrap_agrees_with_the_normal_interval():
    values = np.random.default_rng(0).normal(3, 2, 2000)
    low, high = bootstrap_interval(values, 2000, 1)
    error = 1.96 * values.std() / math.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.01)
    assert bootstrap_interval(values, 2000, 1) == (low, high)
    narrow = bootstrap_interval(values, 2000, 1, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        low, high = bootstrap_interval(rng.exponential(1, 80), 300, seed)
        covered += low <= 1 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_bootstrap_leaves_nan_out():
    values = np.array([1.0, np.nan, 3.0])
    assert bootstrap_interval(values, 500, 1) == bootstrap_interval(values[[0, 2]], 500, 1)
    assert all(math.isnan(end) for end in bootstrap_interval(np.array([np.nan]), 10, 1))
    with pytest.raises(ValueError, match="level"):
        bootstrap_interval(values, 10, 1, level=1)


def test_sign_flip_agrees_with_the_t_test_on_a_large_sample():
    rng = np.random.default_rng(3)
    a = rng.normal(0, 1, 1500)
    b = a + rng.normal(0.04, 1, 1500)
    assert paired_p(a, b, 10_000, 1) == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=0.015)
    assert paired_p(a, a + 1, 999, 1) == pytest.approx(1 / 1000)


def test_sign_flip_is_exact_on_a_small_sample():
    a = np.array([0.3, 0.1, 0.4, 0.2, 0.6, np.nan])
    b = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert paired_p(a, b, 1000, 1) == pytest.approx(2 / 32)
    assert paired_p(a, b, 1000, 1) == paired_p(b, a, 1000, 9)
    assert paired_p(b, b, 1000, 1) == 1
    assert math.isnan(paired_p(a[5:], b[5:], 1000, 1))
    exact, drawn = paired_p(a - 0.2, b, 32, 1), paired_p(a - 0.2, b, 31, 1)
    assert exact == pytest.approx(drawn, abs=0.25)
    with pytest.raises(ValueError, match="resamples"):
        paired_p(a, b[:2], 10, 1)


@quick
@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=7))
def test_sign_flip_against_enumeration(differences):
    values = np.array(differences)
    p = paired_p(values, np.zeros_like(values), 1000, 1)
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    sums = np.abs(values @ signs)
    assert p == pytest.approx((sums >= abs(values.sum()) - 1e-9).mean())


def test_holm_by_hand():
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "none": math.nan})
    assert list(adjusted) == ["a", "b", "c", "d", "none"]
    assert [adjusted[name] for name in "abcd"] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert math.isnan(adjusted["none"])
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


# Slices


@quick
@given(seeds)
def test_slices_partition(seed):
    rng = np.random.default_rng(seed)
    train = csr(rng.random((9, 14)) < rng.random(14))
    found = {each.name: each for each in standard_slices(train)}
    assert next(iter(found)) == "all"
    for one, other, whole in (
        ("cold_user", "warm_user", "all"),
        ("cold_item", "warm_item", "all"),
        ("tail", "head", "warm_item"),
    ):
        for part in ("users", "items"):
            first, second = getattr(found[one], part), getattr(found[other], part)
            if not (first.all() and second.all()):
                assert not (first & second).any()
            np.testing.assert_array_equal(first | second, getattr(found[whole], part))
    popularity = np.asarray(train.toarray()).sum(0)
    assert popularity[found["tail"].items].sum() <= 0.2 * popularity.sum()
    rest = popularity[found["head"].items]
    if len(rest):
        held = popularity[popularity <= rest.min()].sum()
        assert held > 0.2 * popularity.sum()


def test_slices_by_hand():
    train = csr([[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0]])
    found = {each.name: each for each in standard_slices(train)}
    assert found["cold_user"].users.tolist() == [False, True, True]
    assert found["cold_item"].items.tolist() == [False] * 5 + [True]
    assert found["tail"].items.tolist() == [False, False, False, True, True, False]
    relevant = csr([[0, 0, 0, 1, 0, 1], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 1]])
    assert found["tail"].restrict(relevant).toarray().tolist() == [
        [0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 1, 0], [0] * 6,
    ]  # fmt: skip
    assert found["cold_user"].restrict(relevant).sum() == 3
    top = np.array([[5, 3], [5, 3], [5, 3]])
    values = per_user(top, found["cold_item"].restrict(relevant), (2,), np.zeros(6))["hit@2"]
    assert values[[0, 2]].tolist() == [1, 1]
    assert math.isnan(values[1])
    with pytest.raises(ValueError, match="slice"):
        found["all"].restrict(relevant[:2])


# Audit


def test_audit_counts_by_hand():
    users = ints(0, 0, 0, 0, 1, 1, 2)
    items = ints(0, 0, 1, 0, 0, 1, 5)
    times = np.array([1, 2, 3, 4, 9, 5, np.nan])
    parts = np.array([TRAIN, TRAIN, VALID, TEST, TRAIN, TEST, TEST])
    facts = ints(0, 0, 1, 2), ints(0, 0, 0, 5)
    found = audit(users, items, times, parts, user_facts=facts)
    sizes = {name: (p.events, p.users, p.items, p.duplicates) for name, p in found.splits.items()}
    assert sizes == {"train": (3, 2, 1, 1), "valid": (1, 1, 1, 0), "test": (3, 3, 3, 0)}
    assert found.overlap == {"valid": 0, "test": 1}
    assert (found.cold_users, found.cold_items, found.time_travellers) == (1, 2, 1)
    assert (found.user_facts, found.user_facts_in_test) == (3, 2)
    assert found.relations == ()
    json.dumps(found.as_dict(), allow_nan=False)


def test_audit_counts_ties_by_hand():
    """Person 0: 1 1 2 2, the test event tied with valid; 1: 5 5, both test; 2: no time; 3: 1."""
    users = ints(0, 0, 0, 0, 1, 1, 2, 2, 3)
    times = np.array([1, 1, 2, 2, 5, 5, np.nan, np.nan, 1])
    parts = np.array([TRAIN, TRAIN, VALID, TEST, TEST, TEST, TRAIN, TEST, TRAIN])
    found = audit(users, np.arange(9, dtype=np.int32), times, parts)
    assert (found.tied, found.tied_tests) == (6 / 7, 1 / 3)
    untimed = audit(users, np.arange(9, dtype=np.int32), np.full(9, np.nan), parts)
    assert (untimed.tied, untimed.tied_tests) == (None, None)
    console = Console(width=200, record=True, color_system=None)
    told = {"split": "s", "positives": "p", "ranking": "r", "masked": "m", "chosen_on": "c"}
    for one in (found, untimed):
        print_report({"protocol": told, "audit": one.as_dict(), "results": []}, console)
    shown = console.export_text()
    assert shown.count("tied in time") == 1
    assert "of the person: 85.7% of events; with one of train or valid: 33.3% of test" in shown


@quick
@given(seeds)
def test_audit_counts_ties_whatever_the_order_of_rows(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 40))
    users, times = rng.integers(0, 4, rows).astype(np.int32), rng.integers(0, 6, rows).astype(float)
    times[rng.random(rows) < 0.2] = np.nan
    parts, items = rng.integers(0, 3, rows), np.arange(rows, dtype=np.int32)
    found = audit(users, items, times, parts)
    same = (users == users[:, None]) & (times == times[:, None]) & ~np.eye(rows, dtype=bool)
    timed = ~np.isnan(times)
    test = timed & (parts == TEST)
    assert found.tied == (same.any(axis=1)[timed].mean() if timed.any() else None)
    before = same[:, parts != TEST].any(axis=1)
    assert found.tied_tests == (before[test].mean() if test.any() else None)
    order = rng.permutation(rows)
    assert audit(users[order], items[order], times[order], parts[order]).tied == found.tied


def test_audit_finds_the_planted_relation_and_no_other():
    rng = np.random.default_rng(0)
    n_users, n_items, each = 60, 300, 12
    items = np.concatenate([rng.choice(n_items, each, replace=False) for _ in range(n_users)])
    users = np.repeat(np.arange(n_users, dtype=np.int32), each)
    parts = np.tile([TRAIN] * 10 + [VALID, TEST], n_users)
    last = items.reshape(n_users, each)
    noise = rng.integers(0, n_items, (2, 400))
    relation = np.repeat([0, 1], [n_users, 400])
    head = np.concatenate([last[:, 11], noise[0]])
    tail = np.concatenate([last[:, 0], noise[1]])
    facts = ItemFacts(head, relation, tail, ("also bought", "by chance", "unused"))
    found = audit(users, items, np.arange(len(users), dtype=float), parts, facts)
    leak, chance = found.relations
    assert (leak.relation, leak.facts, leak.observed, leak.suspicious) == ("also bought", 60, 1, 1)
    assert leak.lift > 3
    assert (chance.relation, chance.suspicious) == ("by chance", False)
    assert chance.lift == pytest.approx(1, abs=0.6)
    assert found == audit(users, items, np.arange(len(users), dtype=float), parts, facts)
    mirrored = ItemFacts(tail, relation, head, facts.names)
    assert audit(users, items, np.arange(len(users), dtype=float), parts, mirrored) == found


def test_audit_ignores_links_of_an_item_to_itself():
    users, items = ints(0, 0), ints(3, 3)
    facts = ItemFacts(ints(3), ints(0), ints(3), ("same",))
    (check,) = audit(users, items, np.zeros(2), np.array([TRAIN, TEST]), facts).relations
    assert (check.observed, check.lift, check.suspicious) == (0, 0, False)


def test_audit_of_nothing():
    empty = np.array([], dtype=np.int32)
    facts = ItemFacts(ints(0), ints(0), ints(1), ("r",))
    found = audit(empty, empty, np.array([]), empty, facts)
    assert found.splits["test"].events == 0
    assert found.relations[0].lift == 0
    with pytest.raises(ValueError, match="lengths"):
        audit(ints(0), empty, np.array([]), empty)


# Tables


def result(model="tastegraph", history="train", on="all", ndcg=0.3456, **p):
    return Result(
        model=model, slice=on, history=history,
        metrics={"ndcg@10": np.float64(ndcg), "recall@10": 0.21, "recall@20": 0.31,
                 "mrr@10": 0.5, "coverage@10": 0.4321, "map@10": math.nan},
        ci95={"ndcg@10": (ndcg - 0.01, ndcg + 0.01)},
        p_vs=p, fit_seconds=1234.56, peak_rss_mb=math.nan,
    )  # fmt: skip


def test_json_has_the_agreed_keys_and_no_nan():
    empty = np.array([], dtype=np.int32)
    found = audit(empty, empty, np.array([]), empty)
    written = to_json("ml-100k", {"cutoffs": (10, 20)}, found, [result(pop=np.float32(0.5))])
    read = json.loads(json.dumps(written, allow_nan=False))
    assert list(read) == ["dataset", "protocol", "audit", "results"]
    (row,) = read["results"]
    assert list(row) == [
        "model", "slice", "history", "metrics", "ci95", "p_vs", "fit_seconds", "peak_rss_mb",
    ]  # fmt: skip
    assert row["metrics"]["map@10"] is None
    assert row["peak_rss_mb"] is None
    assert row["ci95"]["ndcg@10"] == pytest.approx([0.3356, 0.3556])
    assert read["protocol"] == {"cutoffs": [10, 20]}
    with pytest.raises(TypeError, match="object"):
        to_json(object(), {}, {}, [])


def test_tables_fit_a_hundred_columns():
    results = [
        result(), result("a-[bold]-model-of-20", ndcg=0.1, tastegraph=0.0004), result(on="tail"),
        result("popularity", history="first 5", ndcg=math.nan, tastegraph=0.25),
    ]  # fmt: skip
    tables = result_tables(to_json("ml-100k", {}, {}, results)["results"])
    assert [table.title for table in tables] == ["History: train", "History: first 5"]
    assert tables[0].row_count == 2
    console = Console(width=100, record=True, color_system=None)
    for table in tables:
        console.print(table)
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 100
    counts = Counter(text.split())
    assert counts["0.3456"] == 1
    for shown in ("(0.336–0.356)", "< 0.001", "0.250", "43.2%", "1,235", "a-[bold]-model-of-20"):
        assert shown in text
