"""Training tasks: which events are targets, and in what order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor, nn

from tastegraph.models.graph_network import tasks
from tastegraph.models.graph_network.tasks import NextItem
from tastegraph.profiles.interactions import History, Interactions


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32), np.ones(len(items), dtype=np.float32))


class LastEvent(nn.Module):
    """A network whose user embedding is the newest event itself."""

    def user_embeddings(self, events: Tensor, present: Tensor) -> Tensor:
        return events


def targets_of(task: NextItem, seed: int) -> list[tuple[int, int]]:
    """(item, next item) of all targets of one epoch."""
    events = np.arange(50, dtype=np.float32)[:, None]
    rng = np.random.default_rng(seed)
    batches = [step.batch(LastEvent(), Tensor(events)[step.items]) for step in task.epoch(rng)]
    return [
        pair
        for batch in batches
        for pair in zip(
            batch.user_embeddings[:, 0].long().tolist(), batch.targets.tolist(), strict=True
        )
    ]


def test_each_next_item_is_a_target() -> None:
    task = NextItem([history(1, 2, 3), history(4), history(5, 6)], 10)
    assert sorted(targets_of(task, 1)) == [(1, 2), (2, 3), (5, 6)]


def test_new_events_are_targets_before_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve events six are targets: the three new ones always, the others by chance."""
    monkeypatch.setattr(tasks, "MAX_BATCH_TARGETS", 6)
    histories = [history(*range(0, 9)), history(*range(10, 15))]
    task = NextItem(histories, 20, np.array([2, 1]))
    seen = set()
    for seed in range(30):
        targets = set(targets_of(task, seed))
        assert len(targets) == 6
        assert {(6, 7), (7, 8), (13, 14)} <= targets
        seen |= targets
    assert len(seen) == 12
    all_new = NextItem(histories, 20, np.array([9, 5]))
    assert all(len(set(targets_of(all_new, seed))) == 6 for seed in range(5))


def test_without_new_events_targets_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MAX_BATCH_TARGETS", 6)
    histories = [history(*range(0, 9)), history(*range(10, 15))]
    no_new = NextItem(histories, 20, np.zeros(2, np.int64))
    assert targets_of(NextItem(histories, 20), 1) == targets_of(no_new, 1)


def test_new_likes_are_counted_by_user() -> None:
    """By the name of the user: one has two more, one is new, one has fewer, one the same."""

    def events(**likes: int) -> Interactions:
        count = sum(likes.values())
        users = np.repeat(np.arange(len(likes)), list(likes.values())).astype(np.int32)
        ones, none = np.ones(count, dtype=np.float32), np.full(count, -1, dtype=np.int8)
        items = np.arange(count, dtype=np.int32)
        return Interactions(
            list(likes), 99, users, items, np.arange(count, dtype=float), ones, none
        )

    now = events(ann=5, bob=2, cid=1, dan=3)
    assert now.more_likes(events(dan=3, cid=2, ann=3)).tolist() == [2, 2, 0, 0]


def test_nothing_is_next_in_a_history_without_times() -> None:
    unordered = replace(history(1, 2, 3), ordered=False)
    assert len(NextItem([unordered], 10)) == 0
    assert len(NextItem([unordered, history(4, 5)], 10)) == 1
