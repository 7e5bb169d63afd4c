"""The order of rows: the same events in every file, and a verdict that can be no."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from benchmarks.published.sets.lastfm import lastfm_lightkg
from benchmarks.row_order.order_files import EVENTS, ITEMS, RANDOM, SORTED, write_files
from benchmarks.row_order.order_lists import (
    REFERENCES,
    differences,
    held_out,
    judged,
    reference_lists,
)

from tests.support import benchmark_folders as folders


@pytest.fixture
def dataset(tmp_path):
    folders.lastfm(tmp_path)
    return lastfm_lightkg(tmp_path)


def rows(file):
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_order_has_the_same_events_and_none_that_is_held_out(dataset, tmp_path) -> None:
    known, targets = held_out(dataset, None)
    by_item = write_files(dataset, known, tmp_path / "sorted", SORTED, seed=1)
    drawn = write_files(dataset, known, tmp_path / "random", RANDOM, seed=1)
    one, other = rows(by_item / EVENTS), rows(drawn / EVENTS)
    assert one != other
    assert {tuple(row.values()) for row in one} == {tuple(row.values()) for row in other}
    assert list(one[0]) == ["user_id", "item_id", "type"]
    assert [row["item_id"] for row in one] == sorted(row["item_id"] for row in one)
    # User k plays k … k+3 of six in train and valid, and k+4 in test.
    pairs = {(row["user_id"], row["item_id"]) for row in one}
    assert pairs == {(str(u + 1), str(10 + (u + s) % 6)) for u in range(6) for s in range(4)}
    assert targets.nnz == 6
    assert rows(by_item / ITEMS)[0] == {"item_id": "10", "title": "10"}
    fewer, theirs = held_out(dataset, 2)
    assert (len(fewer), theirs.nnz) == (8, 2)


def test_lists_are_judged_by_what_is_held_out(dataset) -> None:
    known, targets = held_out(dataset, None)
    top = np.full((6, 20), -1, dtype=np.int32)
    top[:3, 0] = targets.indices[:3]
    values = judged(top, targets)
    assert values["recall@20"].tolist() == [1, 1, 1, 0, 0, 0]
    for name, lists in reference_lists(known).items():
        assert name in REFERENCES
        for user, items in enumerate(lists):
            assert not set(items.tolist()) & set(known.user_items()[[user]].indices.tolist())


def test_worse_by_more_than_a_standard_error_is_beyond_it() -> None:
    rng = np.random.default_rng(1)
    random = {metric: rng.random(400) for metric in ("ndcg@10", "recall@20")}
    noise = rng.normal(0, 0.2, 400)
    noise -= noise.mean()
    error = noise.std(ddof=1) / 20
    for shift, within in ((-1.01 * error, False), (-0.99 * error, True), (3 * error, True)):
        sorted_rows = {metric: values + noise + shift for metric, values in random.items()}
        for difference in differences(sorted_rows, random).values():
            assert difference["standard_error"] == pytest.approx(error)
            assert difference["mean"] == pytest.approx(shift)
            assert difference["within"] is within
    same = differences(random, random)["ndcg@10"]
    assert (same["mean"], same["standard_error"], same["within"]) == (0, 0, True)
