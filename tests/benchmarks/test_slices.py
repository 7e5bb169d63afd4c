"""Slices by likes: hand-computed figures, what is kept for them, tables that are made of them."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.published import slices as slices_module
from benchmarks.published.clicks import ClickEvaluator
from benchmarks.published.lists import COLD_ALONE, ListEvaluator
from benchmarks.published.measured import Measured, Store
from benchmarks.published.sets.cold_items import drawn_cold_items, with_cold_items
from benchmarks.published.sets.ctr import lastfm_ctr
from benchmarks.published.sets.lastfm import lastfm_lightkg
from benchmarks.published.slice_table import knowledge_tables, rows_by_likes
from benchmarks.published.slices import SliceSize, SliceValues, slices_by_likes
from benchmarks.published.summary import averaged, summary_by_likes
from scipy import sparse
from sklearn.metrics import roc_auc_score

from tastegraph.core.config import ModelConfig
from tastegraph.evaluation.evaluator import TRAIN_AND_VALID, TRAIN_ONLY, Run
from tastegraph.models.baselines import popularity
from tastegraph.profiles.splits import TEST
from tests.support import benchmark_folders as folders


def test_every_item_and_user_is_in_one_slice():
    likes = np.arange(80)
    slices = slices_by_likes(likes, likes)
    assert [s.name for s in slices] == [
        "items with no like",
        "items with 1–5 likes",
        "items with 6–20 likes",
        "items with more than 20 likes",
        "histories of up to 5 likes",
        "histories of 6–20 likes",
        "histories of 21–50 likes",
        "histories of more than 50 likes",
    ]
    assert [int(s.items.sum()) for s in slices[:4]] == [1, 5, 15, 59]
    assert [int(s.users.sum()) for s in slices[4:]] == [6, 15, 30, 29]
    assert all(s.users.all() for s in slices[:4])
    assert all(s.items.all() for s in slices[4:])


def evaluator(tmp_path):
    """Six users and artists; user k plays k, k+1, k+2 in train, k+3 in valid, k+4 in test."""
    folders.lastfm(tmp_path)
    return ListEvaluator.of(lastfm_lightkg(tmp_path), None, ModelConfig())


def test_a_slice_of_items_has_their_test_likes_as_the_only_targets(tmp_path):
    """Of the likes in train every item has three; two items lose all of them."""
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    events = dataset.events
    rare = np.isin(events.items, (0, 1)) & (dataset.parts != TEST)
    bare = replace(dataset, events=events.select(~rare), parts=dataset.parts[~rare])
    judge = ListEvaluator.of(bare, None, ModelConfig())
    sizes = judge.slice_sizes(TRAIN_ONLY)
    assert sizes["items with no like"] == SliceSize(2, 2)
    assert sizes["items with 1–5 likes"] == SliceSize(4, 4)
    target = judge.judge.targets.indices
    top = np.full((6, 20), -1, dtype=np.int32)
    top[:, 0] = (target + 1) % 6
    top[:, 1] = target
    sliced = judge.sliced(judge.of_lists(top, 1.0, 1.0), TRAIN_ONLY)
    of_none = sliced["items with no like"]["mrr@10"]
    assert np.isfinite(of_none).sum() == 2
    assert np.nanmean(of_none) == 0.5
    assert np.isfinite(sliced["items with 1–5 likes"]["mrr@10"]).sum() == 4
    assert "histories of up to 5 likes" not in sliced, "it is the whole set"


def test_likes_are_counted_in_what_the_model_was_fitted_on(tmp_path):
    judge = evaluator(tmp_path)
    assert judge.judge.popularity[TRAIN_ONLY].tolist() == [3] * 6
    assert judge.judge.popularity[TRAIN_AND_VALID].tolist() == [4] * 6
    assert judge.slice_sizes(TRAIN_ONLY) == {}, "every slice is empty or the whole set"


def test_a_list_as_measured_gives_every_slice_without_another_fit(tmp_path):
    judge = evaluator(tmp_path)
    run = Run("popularity", TRAIN_ONLY, popularity(judge.judge.data.train.user_items()), 1.0, 1.0)
    measured = judge(run, 1.0)
    store = Store(tmp_path / "store")
    store.put("popularity", TRAIN_ONLY, 1, measured)
    stored = store.get("popularity", TRAIN_ONLY, 1)
    assert stored.values.keys() == measured.values.keys()
    assert np.array_equal(stored.lists[""], measured.lists[""])
    again = judge.of_lists(stored.lists[""], 1.0, 1.0)
    assert np.array_equal(again.values["mrr@10"], measured.values["mrr@10"])


def test_an_archive_without_lists_is_still_read(tmp_path):
    store = Store(tmp_path)
    store.put("ease", TRAIN_ONLY, 1, Measured({"ndcg@10": np.ones(3)}, 1.0, 1.0, 1.0))
    stored = store.get("ease", TRAIN_ONLY, 1)
    assert (stored.lists, stored.probabilities) == ({}, None)
    assert evaluator(tmp_path).sliced(stored, TRAIN_ONLY) == {}


def test_a_slice_of_pairs_has_the_area_of_its_pairs(tmp_path, monkeypatch):
    monkeypatch.setattr(slices_module, "ITEM_BOUNDS", ((0, 2), (3, None)))
    folders.ctr(tmp_path)
    dataset = lastfm_ctr(tmp_path)
    judge = ClickEvaluator(dataset, ModelConfig())
    ranker = popularity(dataset.events.select(dataset.parts == 0).user_items())
    measured = judge(Run("popularity", TRAIN_ONLY, ranker, 1.0, 1.0), 1.0)
    pairs = dataset.pairs.select(TEST)
    assert measured.probabilities.shape == (len(pairs.users),)
    likes = ranker.counts
    few = likes[pairs.items] <= 2
    assert 0 < few.sum() < len(few)
    shares = judge.sliced(measured, TRAIN_ONLY)
    sizes = judge.slice_sizes(TRAIN_ONLY)
    for name, at in (("items with up to 2 likes", few), ("items with more than 2 likes", ~few)):
        expected = roc_auc_score(pairs.labels[at], measured.probabilities[at])
        assert shares[name]["auc"].mean() == pytest.approx(expected)
        assert sizes[name].targets == at.sum()


def test_cold_items_have_no_event_but_those_that_are_tested(tmp_path):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    cold_set = with_cold_items(dataset, 3)
    cold = drawn_cold_items(dataset.events, 3)
    assert np.array_equal(cold_set.cold, cold)
    assert cold.sum() == 1
    on_cold = cold[cold_set.events.items]
    assert np.array_equal(on_cold, cold_set.parts == TEST)
    assert (cold_set.parts != TEST).sum() == 24 - 4
    judge = ListEvaluator.of(cold_set, None, ModelConfig())
    run = Run("popularity", TRAIN_ONLY, popularity(judge.judge.data.train.user_items()), 1.0, 1.0)
    measured = judge(run, 1.0)
    alone = measured.lists[COLD_ALONE]
    assert set(alone[alone >= 0]) == set(np.flatnonzero(cold))
    assert np.nanmean(measured.values[f"ndcg@20{COLD_ALONE}"]) == 1.0
    assert np.nanmean(measured.values["ndcg@20"]) < 1.0


def test_lists_hold_the_candidates_alone(tmp_path):
    folders.lastfm(tmp_path)
    dataset = lastfm_lightkg(tmp_path)
    candidates = np.zeros((6, 6), dtype=np.bool_)
    rows = np.arange(6)
    candidates[rows, (rows + 4) % 6] = candidates[rows, (rows + 5) % 6] = True
    judge = ListEvaluator.of(
        replace(dataset, candidates=sparse.csr_array(candidates)), None, ModelConfig()
    )
    run = Run("popularity", TRAIN_ONLY, popularity(judge.judge.data.train.user_items()), 1.0, 1.0)
    top = judge(run, 1.0).lists[""]
    for user, listed in zip(judge.judge.user_rows, top, strict=True):
        assert set(listed[listed >= 0]) <= set(np.flatnonzero(candidates[user]))


def test_a_user_has_the_mean_over_the_seeds_that_test_them():
    first, second = np.array([1.0, np.nan, np.nan]), np.array([0.0, 0.5, np.nan])
    assert np.array_equal(averaged([first, second]), [0.5, 0.5, np.nan], equal_nan=True)


def slice_values(ours, control):
    slices = SliceValues()
    for name in ("items with no like", "histories of more than 50 likes"):
        slices.add_sizes({name: SliceSize(40, 80)})
        slices.add("tastegraph", {name: {"recall@10": np.full(40, ours)}})
        slices.add("graph off", {name: {"recall@10": np.full(40, control)}})
        slices.add("graph shuffled", {name: {"recall@10": np.full(40, control)}})
        slices.add("ease", {name: {"recall@10": np.full(40, 0.05)}})
    slices.add_sizes({"items with 1–5 likes": SliceSize(3, 3)})
    slices.add("tastegraph", {"items with 1–5 likes": {"recall@10": np.full(40, ours)}})
    return slices


def test_p_of_a_slice_is_adjusted_over_all_slices_and_controls(monkeypatch):
    raw = iter([0.01, 0.02, 0.03, 0.9])
    monkeypatch.setattr("benchmarks.published.summary.paired_p", lambda *_: next(raw))
    entries = summary_by_likes(slice_values(0.3, 0.1), ("recall@10",))
    assert list(entries) == ["items with no like", "histories of more than 50 likes"]
    p = [of["recall@10"] for entry in entries.values() for of in entry["p"].values()]
    # Of four: .01 · 4, .02 · 3, .03 · 2 (no less than .06 before), .9
    assert p == pytest.approx([0.04, 0.06, 0.06, 0.9])
    assert (entries["items with no like"]["users"], entries["items with no like"]["targets"]) == (
        40, 80,
    )  # fmt: skip


def result(ours, control, p):
    rows = {name: {"recall@10": control} for name in ("graph off", "graph shuffled")}
    return {
        "metrics": ["recall@10"],
        "tested": 40,
        "rows": {"tastegraph": {"recall@10": ours}, **rows, "ease": {"recall@10": 0.05}},
        "p": {name: {"recall@10": p} for name in rows},
        "by_likes": summary_by_likes(slice_values(ours, control), ("recall@10",)),
    }


def test_knowledge_is_worth_something_only_where_it_beats_both_controls():
    sets = {"a": result(0.3, 0.1, 0.2), "b": result(0.1, 0.1, 1.0)}
    worth, not_worth = knowledge_tables(sets)
    assert [row[:3] for row in worth[1:]] == [["a", "items with no like", "40"]]
    assert worth[1][3:] == ["recall@10", "0.3000", "0.1000", "0.1000", "< .001", "< .001"]
    assert [row[:2] for row in not_worth[1:]] == [
        ["a", "all"],
        ["b", "all"],
        ["b", "items with no like"],
    ]
    ours_is_worse = knowledge_tables({"c": result(0.05, 0.1, 0.001)})[0]
    assert len(ours_is_worse) == 1


def test_the_table_of_a_set_has_p_beside_each_control():
    head, *rows = rows_by_likes(result(0.3, 0.1, 0.2), ["recall@10"])
    assert head == [
        "recall@10", "users", "test likes", "tastegraph", "graph off", "graph shuffled", "ease",
    ]  # fmt: skip
    assert rows[0] == [
        "items with no like", "40", "80", "0.3000", "0.1000 (< .001)", "0.1000 (< .001)", "0.0500",
    ]  # fmt: skip


def test_a_small_slice_is_not_reported():
    assert "items with 1–5 likes" not in slice_values(0.3, 0.1).reported()
    assert slices_module.MIN_USERS > 3
