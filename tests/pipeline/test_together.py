"""What use says of items: by hand, and as facts of the graph that lists reach over."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core import config as configuration
from tastegraph.core.records import Event, Fact, Item
from tastegraph.models.artefacts import item_features_from
from tastegraph.pipeline import retrain
from tastegraph.pipeline.gate import Check, Verdict
from tastegraph.pipeline.together import LIKED_WITH, pairs, store_derived_facts, used
from tastegraph.profiles.interactions import Interactions
from tastegraph.store import revision, statements
from tastegraph.store.schema import USE
from tastegraph.workspace import Workspace
from tests.pipeline.test_retrain import more
from tests.support.cinema import SETTINGS, events, facts, films

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
    file = cinema.directory / configuration.CONFIG_FILE
    file.write_text(file.read_text() + "\n[loop]\nsupport = 8\n", encoding="utf-8")
    return Workspace(cinema.directory)


def stated(workspace: Workspace) -> list[Fact]:
    """What the store says of use."""
    with workspace.database.reading() as connection:
        return [f for _, f in statements.all_facts(connection) if f.relation == LIKED_WITH]


def relations(workspace: Workspace) -> list[str]:
    """Those of the graph in service."""
    return workspace.snapshots.open().strings("graph.relations")


@pytest.mark.slow
def test_retraining_states_what_is_liked_together(sociable: Workspace) -> None:
    sociable.record(more(np.random.default_rng(1)))
    assert sociable.retrain().version is not None
    found = stated(sociable)
    assert found
    assert all(f.subject.split("-")[0] == f.object.split("-")[0] for f in found)
    assert all(0.5 <= f.confidence < 1 for f in found)
    assert LIKED_WITH in relations(sociable)
    assert not [q for q in sociable.knowledge.questions(100) if q.fact.relation == LIKED_WITH]
    assert USE in [source.name for source in sociable.knowledge.sources()]
    with sociable.database.reading() as connection:
        known = revision.change_count(connection)
    assert sociable.snapshots.open().manifest["changes"] == known, "nothing is left to follow"
    built = sociable.build()
    assert sociable.build() == built, "nothing is left to build"
    there = len(stated(sociable))
    assert sociable.knowledge.forget(USE) == there > 0


@pytest.mark.slow
def test_what_is_refused_states_nothing(
    sociable: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made-up people who like the same two things are in no graph, also not in the next."""
    sociable.build()
    before = stated(sociable)
    sociable.record(
        Event(f"bot-{u}-{item}", f"bot-{u}", item, "like", None, 1e9)
        for u in range(40)
        for item in ("western-01", "space-01")
    )
    refused = Verdict((Check("any", 0.0, 1.0, 1.0, 1, passed=False),))
    monkeypatch.setattr(retrain, "judged", lambda *_: refused)
    assert sociable.retrain().version is None
    assert stated(sociable) == before
    sociable.ingest(items=[Item("western-new", "Western New", "cowboys")])
    sociable.build({"graph", "text"})
    mixed = {"item:space-01", "item:western-01"}
    assert not [f for f in stated(sociable) if {f.subject, f.object} == mixed]
    assert stated(sociable) == before


@pytest.mark.slow
def test_a_person_who_denied_it_is_heard(sociable: Workspace) -> None:
    sociable.build()
    (first, *_) = found = stated(sociable)
    sociable.knowledge.reject(statements.fact_id(first), "Ada")
    sociable.build()
    assert len(stated(sociable)) == len(found) - 1
    graph = item_features_from(sociable.snapshots.open()).graph
    assert statements.fact_id(first) not in graph.facts.tolist()


@pytest.mark.slow
def test_who_is_erased_supports_nothing(tmp_path: Path) -> None:
    """What two people liked states more; without them the graph is that of a world without."""
    graphs = []
    for name in ("never", "erased"):
        workspace = Workspace.init(tmp_path / name, SETTINGS | {"loop": {"support": 8}})
        workspace.ingest(items=films(), events=events(), facts={"films": facts()})
        if name == "erased":
            workspace.record(
                Event(f"{u}-{k}", u, f"space-{k:02}", "like", None, 5.0)
                for u in ("one", "two")
                for k in range(7)
            )
            workspace.build()
            there = stated(workspace)
            for user in ("one", "two"):
                workspace.erase.user(user)
        workspace.build()
        graphs.append((stated(workspace), workspace.snapshots.open().manifest["files"]))
        workspace.close()
    assert graphs[0] == graphs[1]
    assert there != graphs[0][0]


def test_without_a_support_nothing_is_stated(cinema: Workspace) -> None:
    told = liked([(0, 0, 0.0), (0, 1, 0.0)])
    assert used(told, list("abcd"), cinema.config) == []
    before, after = store_derived_facts(cinema.database, [])
    assert before == after
