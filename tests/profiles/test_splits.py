"""Train, validation and test splits: sizes, order in time, and where dislikes go."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config import EvaluationConfig, EventsConfig
from tastegraph.core.errors import ConfigError
from tastegraph.core.records import Event
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions, pair_hashes, settled
from tastegraph.profiles.splits import (
    TEST,
    TRAIN,
    VALID,
    assign_splits,
    resolve_split,
    split_events,
    split_sizes,
)
from tastegraph.store.event_columns import EventColumns
from tests.support.matrices import few_examples, ints, seeds

EIGHTY = (0.8, 0.1, 0.1)
MEANING = EventMeaning.of(EventsConfig(), {})
ITEMS = {f"i{k}": k for k in range(30)}


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


def test_split_sizes_by_hand():
    by_hand = {
        1: (1, 0, 0), 2: (1, 0, 1), 3: (1, 1, 1), 4: (2, 1, 1), 5: (3, 1, 1), 6: (4, 1, 1),
        7: (5, 1, 1), 8: (6, 1, 1), 9: (7, 1, 1), 10: (8, 1, 1), 11: (9, 1, 1), 15: (13, 1, 1),
        19: (17, 1, 1), 20: (16, 2, 2), 29: (25, 2, 2), 30: (24, 3, 3),
    }  # fmt: skip
    counts = split_sizes(np.array(list(by_hand)), EIGHTY)
    assert [tuple(row) for row in counts.tolist()] == list(by_hand.values())


@pytest.mark.parametrize("fractions", [EIGHTY, (0.7, 0.2, 0.1), (0.6, 0.0, 0.4), (0.5, 0.25, 0.25)])
def test_split_sizes_are_recboles(fractions):
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
    """Distinct hashes in an order that is independent of the rows."""
    return np.random.default_rng(seed).permutation(len(users)).astype(np.uint64)


@few_examples
@given(event_logs(), st.sampled_from(["user-temporal", "random", "leave-last-out"]), seeds)
def test_split_gives_each_user_the_right_sizes(log, strategy, seed):
    users, times = log
    splits = split_events(users, hashes_of(users, seed), times, EvaluationConfig(split=strategy))
    assert splits.dtype == np.int8
    for user in np.unique(users):
        of_user = splits[users == user]
        n = len(of_user)
        expected = recbole_counts(n, EIGHTY)
        if strategy == "leave-last-out":
            expected = [n - 2, 1, 1] if n >= 3 else [n, 0, 0]
        assert np.bincount(of_user, minlength=3).tolist() == expected


@few_examples
@given(event_logs(), st.sampled_from(["user-temporal", "leave-last-out"]), seeds)
def test_split_follows_time_then_hash(log, strategy, seed):
    users, times = log
    hashes = hashes_of(users, seed)
    splits = split_events(users, hashes, times, EvaluationConfig(split=strategy))
    for user in np.unique(users):
        rows = np.flatnonzero(users == user)
        in_order = sorted(rows, key=lambda row: (times[row], hashes[row]))
        assert (np.diff(splits[in_order]) >= 0).all()


@few_examples
@given(event_logs(), st.sampled_from(["user-temporal", "random", "leave-last-out"]), seeds)
def test_order_of_rows_does_not_matter(log, strategy, seed):
    users, times = log
    times[::3] = np.nan
    hashes, config = hashes_of(users, seed), EvaluationConfig(split=strategy)
    rows = np.random.default_rng(seed).permutation(len(users))
    splits = split_events(users, hashes, times, config)
    assert (split_events(users[rows], hashes[rows], times[rows], config) == splits[rows]).all()


def test_events_without_a_time_are_never_the_newest():
    users = ints(0, 0, 0, 1, 1, 1)
    times = np.array([np.nan, np.nan, np.nan, 9, np.nan, 1])
    hashes = np.array([2, 0, 1, 0, 1, 2], dtype=np.uint64)
    splits = split_events(users, hashes, times, EvaluationConfig(split="leave-last-out"))
    assert splits.tolist() == [TEST, TRAIN, VALID, TEST, TRAIN, VALID]


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


@few_examples
@given(event_logs())
def test_global_split_cuts_the_time_line(log):
    users, times = log
    times[0] = -1.0
    try:
        splits = split_events(
            users, hashes_of(users), times, EvaluationConfig(split="global-temporal")
        )
    except ConfigError:
        train = recbole_counts(len(times), EIGHTY)[0]
        assert sorted(times)[train] == -1
        return
    assert (np.diff(splits[np.argsort(times)]) >= 0).all()
    assert all(len(set(splits[times == time])) == 1 for time in times)


def test_global_split_by_hand():
    times = np.array([3, 1, 2, 5, 4, 6, 7, 8, 9, 10.0])
    users = np.zeros(10, dtype=np.int32)
    hashes, config = hashes_of(users), EvaluationConfig(split="global-temporal")
    assert split_events(users, hashes, times, config).tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    with pytest.raises(ConfigError, match="1 of 10"):
        split_events(users, hashes, np.where(times == 3, np.nan, times), config)
    with pytest.raises(ConfigError, match="one timestamp"):
        split_events(users, hashes, times * 0, config)


def test_published_split_is_used_or_its_absence_is_an_error():
    users, times = ints(0, 0, 1), np.zeros(3)
    hashes, config = hashes_of(users), EvaluationConfig(split="given")
    published = np.array([0, 2, 1], dtype=np.int8)
    assert split_events(users, hashes, times, config, published).tolist() == [0, 2, 1]
    with pytest.raises(ConfigError, match="carry no split"):
        split_events(users, hashes, times, config)
    with pytest.raises(ConfigError, match="1 of 3"):
        split_events(users, hashes, times, config, np.array([0, -1, 1], dtype=np.int8))
    with pytest.raises(ValueError, match="2 published"):
        split_events(users, hashes, times, config, published[:2])
    with pytest.raises(ValueError, match="2 times"):
        split_events(users, hashes, times[:2], config, published)


def test_no_events_give_an_empty_split():
    empty = np.array([], dtype=np.int32)
    for strategy in ("user-temporal", "global-temporal", "random", "leave-last-out"):
        config = EvaluationConfig(split=strategy)
        assert len(split_events(empty, hashes_of(empty), np.array([]), config)) == 0


@pytest.mark.skipif("TASTEGRAPH_DATA" not in os.environ, reason="needs MovieLens 100K")
def test_split_of_movielens_is_recboles():
    file = Path(os.environ["TASTEGRAPH_DATA"]) / "ml100k/recbole/ml-100k.inter"
    frame = pl.read_csv(file, separator="\t", new_columns=["user", "item", "rating", "time"])
    frame = frame.filter(pl.col("rating") >= 4)
    users = frame["user"].to_numpy().astype(np.int32)
    items = frame["item"].to_numpy().astype(np.int32)
    hashes = pair_hashes(users.astype(np.uint64), items)
    splits = split_events(
        users, hashes, frame["time"].to_numpy().astype(np.float64), EvaluationConfig()
    )
    assert len(np.unique(users)) == 942
    assert np.bincount(splits).tolist() == [45_063, 5_156, 5_156]


def events_of_one_user(likes, dislikes, split=lambda k: None):
    events = [
        Event(f"l{k}", "ann", f"i{k}", "like", None, float(t), split(k))
        for k, t in enumerate(likes)
    ]
    events += [
        Event(f"d{k}", "ann", f"i{20 + k}", "dislike", None, float(t), published)
        for k, (t, published) in enumerate(dislikes)
    ]
    return interactions(EventColumns.of(events), ITEMS, MEANING)


def splits_of_dislikes(events, split):
    splits = assign_splits(events, EvaluationConfig(split=split), 1)
    return splits[events.weights < 0].tolist()


def test_dislikes_after_the_first_held_out_like_are_held_out():
    events = events_of_one_user(range(10), [(2.5, None), (8.5, None), (9.5, None), (-1.0, None)])
    assert splits_of_dislikes(events, "user-temporal") == [0, 0, 1, 2]


def test_global_cuts_apply_to_dislikes():
    events = events_of_one_user(range(10), [(-5.0, None), (7.5, None), (99.0, None)])
    splits = assign_splits(events, EvaluationConfig(split="global-temporal"), 1)
    valid, test = (events.times[(events.weights > 0) & (splits == p)].min() for p in (1, 2))
    expected = [0 if t < valid else 1 if t < test else 2 for t in (-5.0, 7.5, 99.0)]
    assert splits_of_dislikes(events, "global-temporal") == expected


def test_dislikes_keep_their_published_split():
    names = ["train"] * 6 + ["valid"] * 2 + ["test"] * 2
    events = events_of_one_user(
        range(10), [(0.5, "test"), (9.5, "train"), (4.5, None)], lambda k: names[k]
    )
    assert splits_of_dislikes(events, "given") == [2, 0, 0]
    assert resolve_split(events, EvaluationConfig()).split == "given"
    assert (
        resolve_split(events_of_one_user(range(3), []), EvaluationConfig()).split == "user-temporal"
    )


def test_events_of_one_user_and_item_are_merged():
    """Viewed, bought, clicked: bought, at the time of the click."""
    events = [
        Event("a", "ann", "i0", "view", None, 1.0),
        Event("b", "ann", "i0", "purchase", None, 2.0),
        Event("c", "ann", "i1", "click", None, 3.0),
        Event("d", "ann", "i0", "click", None, 4.0),
    ]
    merged = interactions(EventColumns.of(events), ITEMS, MEANING)
    assert merged.items.tolist() == [1, 0]
    assert merged.times.tolist() == [3.0, 4.0]
    np.testing.assert_allclose(merged.weights, [0.5, 1.0])


def test_newest_of_equally_strong_events_counts():
    newest, strongest = settled(np.array([7, 7, 5]), np.array([1.0, -1.0, 0.3], np.float32))
    assert newest.tolist() == strongest.tolist() == [1, 2]
    assert [rows.tolist() for rows in settled(np.zeros(0, np.int64), np.zeros(0, np.float32))] == [
        [],
        [],
    ]
