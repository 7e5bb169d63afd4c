"""What the network is asked: which events, in what order, among which items."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from scipy import sparse
from torch import Tensor, nn

from tastegraph.models.graph_network import tasks
from tastegraph.models.graph_network.loss import softmax_items
from tastegraph.models.graph_network.tasks import NextItem, SetCompletion
from tastegraph.profiles.interactions import History, Interactions


def history(*items: int) -> History:
    return History(np.array(items, dtype=np.int32), np.ones(len(items), dtype=np.float32))


class Recalls(nn.Module):
    """A network whose taste is the event itself."""

    def tastes(self, events: Tensor, present: Tensor) -> Tensor:
        return events


def asked(task: NextItem, seed: int) -> list[tuple[int, int]]:
    """What one pass asks: after which item, for which."""
    events = np.arange(50, dtype=np.float32)[:, None]
    rng = np.random.default_rng(seed)
    found = [ask(Recalls(), Tensor(events)) for ask in task.epoch(rng)]
    return list(
        chain.from_iterable(
            zip(q.tastes[:, 0].long().tolist(), q.wanted.tolist(), strict=True) for q in found
        )
    )


def test_each_next_item_is_asked_for() -> None:
    task = NextItem([history(1, 2, 3), history(4), history(5, 6)], 10)
    assert sorted(asked(task, 1)) == [(1, 2), (2, 3), (5, 6)]


def test_what_is_new_is_asked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twelve events six are asked for: the three new ones always, the others by chance."""
    monkeypatch.setattr(tasks, "ASKED", 6)
    told = [history(*range(0, 9)), history(*range(10, 15))]
    task = NextItem(told, 20, np.array([2, 1]))
    rest = set()
    for seed in range(30):
        found = asked(task, seed)
        assert len(set(found)) == 6
        assert {(6, 7), (7, 8), (13, 14)} <= set(found)
        rest |= set(found)
    assert len(rest) == 12
    everything = NextItem(told, 20, np.array([9, 5]))
    assert all(len(set(asked(everything, seed))) == 6 for seed in range(5))


def test_without_anything_new_the_same_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ASKED", 6)
    told = [history(*range(0, 9)), history(*range(10, 15))]
    assert asked(NextItem(told, 20), 1) == asked(NextItem(told, 20, np.zeros(2, np.int64)), 1)


def test_how_many_likes_are_new() -> None:
    """By the name of the person: one has two more, one is new, one has fewer, one the same."""

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


@pytest.mark.parametrize(
    ("items", "events", "sets"),
    [(4_096, 4_096, 4_096), (5_000, 2_048, 5_000), (9_000, 2_048, 8_192)],
)
def test_a_softmax_runs_over_all_items_or_some(items: int, events: int, sets: int) -> None:
    likes = sparse.csr_array(np.ones((1, 2), dtype=bool))
    assert softmax_items(items, NextItem([], 5)) == events
    assert softmax_items(items, SetCompletion(likes)) == sets


def test_nothing_is_next_in_a_history_without_times() -> None:
    unordered = replace(history(1, 2, 3), ordered=False)
    assert len(NextItem([unordered], 10)) == 0
    assert len(NextItem([unordered, history(4, 5)], 10)) == 1
