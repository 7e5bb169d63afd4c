"""Replay in time: nobody is told what is to come, and everybody is asked for one like a slice."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.loop import questions
from benchmarks.loop import replay as loop
from benchmarks.loop.arrivals import NEVER, Arrivals
from benchmarks.loop.questions import HeldOutLikes
from benchmarks.loop.replay import ROWS, Played, Slice
from benchmarks.loop.summary import summary

from tastegraph.core.config import ModelConfig
from tastegraph.models.baselines import popularity
from tastegraph.profiles.interactions import Interactions

USERS, ITEMS = 12, 20


@pytest.fixture
def events() -> Interactions:
    """Everybody likes ten items, at times of their own; one in five of the ten is a dislike."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(USERS), 10).astype(np.int32)
    items = np.concatenate([rng.permutation(ITEMS)[:10] for _ in range(USERS)]).astype(np.int32)
    times = np.concatenate([np.sort(rng.random(10)) for _ in range(USERS)])
    weights = np.where(rng.random(len(users)) < 0.2, -1, 1).astype(np.float32)
    splits = np.full(len(users), -1, dtype=np.int8)
    ids = [f"u{k}" for k in range(USERS)]
    return Interactions(ids, ITEMS, users, items, times, weights, splits)


def test_what_every_row_is_told(events, monkeypatch) -> None:
    """Models are told what came before their slice, histories what came before the event."""
    fitted, history_lengths = [], []

    class FittedModel:
        choice, network = None, "warm"

    def partial_fit(item_features, known, before, fitted_model, config):
        assert fitted_model.network == "warm"
        assert len(known) == len(before) + 20
        fitted.append(len(known))
        return FittedModel()

    def chosen(item_features, known, config):
        fitted.append(len(known))
        return FittedModel()

    class Ranker:
        def __init__(self, likes):
            self.inner, self.users = popularity(likes), likes.nnz

        def score(self, histories):
            history_lengths.append([len(history) for history in histories])
            return self.inner.score(histories)

    monkeypatch.setattr(loop, "chosen", chosen)
    monkeypatch.setattr(loop, "partial_fit", partial_fit)
    monkeypatch.setattr(loop, "assemble", lambda item_features, likes, fitted_model: Ranker(likes))
    slices = list(loop.replay(None, events, 3, ModelConfig(seed=1)))
    played = [one.played for one in slices]
    # Half of all is known at the start; the first slice retrains nothing, the others go on.
    assert fitted == [60, 80, 80, 100, 100]
    frozen, now = history_lengths[0], history_lengths[1]
    assert all(before <= later for before, later in zip(frozen, now, strict=True))
    assert sum(now) > sum(frozen)
    assert set(played[0]) == set(loop.ROWS)
    for slice_ in played:
        assert len({len(row.values) for row in slice_.values()}) == 1
        assert all(((row.values >= 0) & (row.values <= 1)).all() for row in slice_.values())


def test_nobody_is_told_what_is_to_come(events, monkeypatch) -> None:
    monkeypatch.setattr(questions, "MOST", 2)
    when = np.argsort(np.argsort(events.times))
    absent = Arrivals.of(events, when).began >= 90
    targets = HeldOutLikes.of(events, when, 60, 90, absent, np.random.default_rng(1))
    times = np.unique(targets.users, return_counts=True)[1]
    assert set(times.tolist()) == {1, 2}
    assert len(set(targets.places.tolist())) == len(targets.places) == len(targets.objective.row)
    histories = targets.histories(events, when, 200)
    frozen = targets.histories(events, when, 200, 60)
    of_question, seen = targets.objective.seen
    for row, (user, item, at) in enumerate(
        zip(targets.users, targets.items, targets.places, strict=True)
    ):
        history, early = histories[row], frozen[row]
        (event,) = np.flatnonzero(when == at)
        assert 60 <= at < 90
        assert (events.users[event], events.items[event]) == (user, item)
        assert events.weights[event] > 0
        mine = events.users == user
        assert set(history.items.tolist()) == set(events.items[mine & (when < at)].tolist())
        assert set(early.items.tolist()) == set(events.items[mine & (when < 60)].tolist())
        assert len(history.likes) > 0
        hidden = set(seen[of_question == row].tolist())
        assert hidden == set(history.items.tolist()) | set(np.flatnonzero(absent).tolist())
        assert hidden == set(targets.seen[[row]].indices.tolist())


def test_blocks_of_people_are_judged_as_all_of_them(events, monkeypatch) -> None:
    when = np.argsort(np.argsort(events.times))
    nobody = np.zeros(ITEMS, dtype=np.bool_)
    targets = HeldOutLikes.of(events, when, 60, 120, nobody, np.random.default_rng(1))
    histories = targets.histories(events, when, 200)
    ranker = popularity(events.user_items())
    whole, lists = targets.answered(ranker, histories)
    monkeypatch.setattr(questions, "BLOCK", 5)
    parts, their_lists = targets.answered(ranker, histories)
    assert parts == pytest.approx(whole)
    assert (their_lists == lists).all()
    for row, listed in enumerate(lists):
        assert not set(listed.tolist()) & set(targets.seen[[row]].indices.tolist())


def test_how_many_events_an_item_had_had(events) -> None:
    when = np.argsort(np.argsort(events.times))
    arrivals = Arrivals.of(events, when)
    for item in range(ITEMS):
        theirs = when[events.items == item]
        assert arrivals.began[item] == (theirs.min() if len(theirs) else NEVER)
        for place in (0, 60, 120):
            counts = arrivals.events_before(np.array([item]), np.array([place]))
            assert counts.tolist() == [(theirs < place).sum()]


def test_with_how_few_events_an_item_was_listed(events) -> None:
    when = np.argsort(np.argsort(events.times))
    arrivals = Arrivals.of(events, when)
    lists, places = np.array([[3, 4], [3, -1]], dtype=np.int32), np.array([100, 50])
    fewest = arrivals.fewest(lists, places)
    assert fewest[3] == (when[events.items == 3] < 50).sum()
    assert fewest[4] == (when[events.items == 4] < 100).sum()
    assert (np.delete(fewest, [3, 4]) == NEVER).all()


def test_what_a_replay_came_to() -> None:
    """Three items: one is not new, one got six events, one a single one."""

    def played(values: list[float], fewest: list[int], seconds: float) -> dict[str, Played]:
        row = Played(np.array(values), np.array(fewest, dtype=np.int64), seconds)
        worse = Played(np.array(values) / 2, np.full(3, NEVER), 10 * seconds)
        return {name: row if name == "retrain" else worse for name in ROWS}

    users, ages = np.array([0, 1]), np.array([-1, 0])
    results = summary([
        Slice(played([1.0, 0.5], [0, NEVER, NEVER], 7.0), users, ages, np.array([0, 2, 1])),
        Slice(played([0.0, 0.5], [0, 3, NEVER], 3.0), users, ages, np.array([0, 6, 1])),
    ])  # fmt: skip
    assert results["rows"]["retrain"]["ndcg@10"] == pytest.approx(0.5)
    assert results["rows"]["retrain"]["by_slice"] == [0.75, 0.25]
    assert results["retrain_share_of_scratch"] == pytest.approx(0.1)
    assert [one["asked"] for one in results["by_age"]] == [2, 0, 0, 0]
    assert results["by_age"][0]["ndcg@10"]["retrain"] == pytest.approx(0.5)
    first, fifth, twentieth, _ = results["listed"]
    assert (first["items"], first["share"]["retrain"]) == (2, 0.0)
    assert (fifth["items"], fifth["share"]["retrain"], fifth["share"]["scratch"]) == (1, 1.0, 0.0)
    assert twentieth == {"before": 20, "items": 0}
