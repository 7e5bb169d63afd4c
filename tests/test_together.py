"""What use says of items: by hand, and as facts of the graph that lists reach over."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tastegraph import config as configuration
from tastegraph.learning.together import LIKED_WITH, pairs, restate
from tastegraph.profiles.interactions import Interactions
from tastegraph.storage import statements
from tastegraph.storage.provenance import USE
from tastegraph.workspace import Workspace
from test_retrain import more

DAY = 86_400.0


def liked(rows: list[tuple[int, int, float]], weights: list[float] | None = None) -> Interactions:
    user, item, days = zip(*rows, strict=True)
    told = np.ones(len(rows)) if weights is None else np.array(weights)
    return Interactions(
        [f"u{k}" for k in range(max(user) + 1)], 4, np.array(user, "i4"), np.array(item, "i4"),
        np.array(days) * DAY, told.astype("f4"), np.full(len(rows), -1, "i1"),
    )  # fmt: skip


def test_support_decays_by_half() -> None:
    """People 0 and 1 like items 0 and 1 today; person 2 liked both ten days ago: ¼ of a support."""
    rows = [(0, 0, 10.0), (0, 1, 10.0), (1, 0, 10.0), (1, 1, 10.0), (2, 0, 0.0), (2, 1, 0.0)]
    assert list(pairs(liked(rows), 2, 10.0)) == [(0, 1, pytest.approx(2.25))]
    assert list(pairs(liked(rows), 2.5, 10.0)) == []
    assert list(pairs(liked(rows), 2.5, 1e9)) == [(0, 1, pytest.approx(3.0))]


def test_who_likes_twice_counts_once_by_the_latest_and_dislikes_do_not() -> None:
    rows = [(0, 0, 0.0), (0, 0, 10.0), (0, 1, 10.0), (1, 0, 10.0), (1, 1, 10.0)]
    assert list(pairs(liked(rows), 1, 10.0)) == [(0, 1, pytest.approx(2.0))]
    found = list(pairs(liked(rows, [1, 1, 1, 1, -1]), 1, 10.0))
    assert found == [(0, 1, pytest.approx(1.0))]


def test_events_without_a_time_count_whole() -> None:
    rows = [(0, 0, math.nan), (0, 1, math.nan), (1, 0, math.nan), (1, 1, math.nan)]
    assert list(pairs(liked(rows), 2, 10.0)) == [(0, 1, pytest.approx(2.0))]


@pytest.fixture
def sociable(cinema: Workspace) -> Workspace:
    file = cinema.directory / configuration.FILE
    file.write_text(file.read_text() + "\n[loop]\nsupport = 8\n", encoding="utf-8")
    return Workspace(cinema.directory)


def test_retraining_states_what_is_liked_together(sociable: Workspace) -> None:
    sociable.record(more(np.random.default_rng(1)))
    sociable.retrain()
    with sociable.database.reading() as connection:
        found = [f for _, f in statements.all_facts(connection) if f.relation == LIKED_WITH]
    assert found
    assert all(f.subject.split("-")[0] == f.object.split("-")[0] for f in found)
    assert all(0.5 <= f.confidence < 1 for f in found)
    sociable.build()
    assert LIKED_WITH in sociable.snapshots.open().strings("graph.relations")
    assert not [q for q in sociable.knowledge.questions(100) if q.fact.relation == LIKED_WITH]
    assert USE in [source.name for source in sociable.knowledge.sources()]
    assert sociable.knowledge.forget(USE) == len(found)


def test_without_a_support_nothing_is_stated(cinema: Workspace) -> None:
    assert restate(cinema.database, cinema.config) == 0
