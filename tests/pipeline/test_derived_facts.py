"""Facts derived from events: by hand, and in the graph of a workspace."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core import config as configuration
from tastegraph.core.records import Event, Fact, Item
from tastegraph.models.persistence import item_features_from
from tastegraph.pipeline import retrain
from tastegraph.pipeline.derived_facts import (
    LIKED_WITH,
    derive_facts,
    items_liked_together,
    store_derived_facts,
)
from tastegraph.pipeline.gate import GateCheck, GateVerdict
from tastegraph.profiles.interactions import Interactions
from tastegraph.store import revision, statements
from tastegraph.store.schema import USE
from tastegraph.workspace import Workspace
from tests.pipeline.test_retrain import later_likes
from tests.support.cinema import SETTINGS, events, facts, films

DAY = 86_400.0


def liked(rows: list[tuple[int, int, float]], weights: list[float] | None = None) -> Interactions:
    user, item, days = zip(*rows, strict=True)
    values = np.ones(len(rows)) if weights is None else np.array(weights)
    return Interactions(
        [f"u{k}" for k in range(max(user) + 1)], 4, np.array(user, "i4"), np.array(item, "i4"),
        np.array(days) * DAY, values.astype("f4"), np.full(len(rows), -1, "i1"),
    )  # fmt: skip


def test_support_halves_with_each_half_life() -> None:
    """Users 0 and 1 like items 0 and 1 today; user 2 liked both ten days ago: ¼ of a support."""
    rows = [(0, 0, 10.0), (0, 1, 10.0), (1, 0, 10.0), (1, 1, 10.0), (2, 0, 0.0), (2, 1, 0.0)]
    assert list(items_liked_together(liked(rows), 2, 10.0)) == [(0, 1, pytest.approx(2.25))]
    assert list(items_liked_together(liked(rows), 2.5, 10.0)) == []
    assert list(items_liked_together(liked(rows), 2.5, 1e9)) == [(0, 1, pytest.approx(3.0))]


def test_latest_like_counts_once_and_dislikes_do_not_count() -> None:
    rows = [(0, 0, 0.0), (0, 0, 10.0), (0, 1, 10.0), (1, 0, 10.0), (1, 1, 10.0)]
    assert list(items_liked_together(liked(rows), 1, 10.0)) == [(0, 1, pytest.approx(2.0))]
    pairs = list(items_liked_together(liked(rows, [1, 1, 1, 1, -1]), 1, 10.0))
    assert pairs == [(0, 1, pytest.approx(1.0))]


def test_events_without_a_time_do_not_decay() -> None:
    rows = [(0, 0, math.nan), (0, 1, math.nan), (1, 0, math.nan), (1, 1, math.nan)]
    assert list(items_liked_together(liked(rows), 2, 10.0)) == [(0, 1, pytest.approx(2.0))]


@pytest.fixture
def sociable(cinema: Workspace) -> Workspace:
    file = cinema.directory / configuration.CONFIG_FILE
    file.write_text(file.read_text() + "\n[loop]\nmin_co_likes = 8\n", encoding="utf-8")
    return Workspace(cinema.directory)


def derived(workspace: Workspace) -> list[Fact]:
    """The derived facts in the store."""
    with workspace.database.reading() as connection:
        return [f for _, f in statements.all_facts(connection) if f.relation == LIKED_WITH]


def relations(workspace: Workspace) -> list[str]:
    """Relations of the graph in service."""
    return workspace.snapshots.open().strings("graph.relations")


@pytest.mark.slow
def test_retraining_derives_facts(sociable: Workspace) -> None:
    sociable.record(later_likes(np.random.default_rng(1)))
    assert sociable.retrain().version is not None
    facts = derived(sociable)
    assert facts
    assert all(f.subject.split("-")[0] == f.object.split("-")[0] for f in facts)
    assert all(0.5 <= f.confidence < 1 for f in facts)
    assert LIKED_WITH in relations(sociable)
    assert not [q for q in sociable.knowledge.review_queue(100) if q.fact.relation == LIKED_WITH]
    assert USE in [source.name for source in sociable.knowledge.sources()]
    with sociable.database.reading() as connection:
        known = revision.change_count(connection)
    assert sociable.snapshots.open().manifest["changes"] == known, "nothing is left to follow"
    built = sociable.build()
    assert sociable.build() == built, "nothing is left to build"
    n_facts = len(derived(sociable))
    assert sociable.knowledge.forget(USE) == n_facts > 0


@pytest.mark.slow
def test_refused_candidate_derives_no_facts(
    sociable: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two items that fake users like together are in no graph, also not in the next."""
    sociable.build()
    before = derived(sociable)
    sociable.record(
        Event(f"bot-{u}-{item}", f"bot-{u}", item, "like", None, 1e9)
        for u in range(40)
        for item in ("western-01", "space-01")
    )
    refused = GateVerdict((GateCheck("any", 0.0, 1.0, 1.0, 1, passed=False),))
    monkeypatch.setattr(retrain, "run_gate", lambda *_: refused)
    assert sociable.retrain().version is None
    assert derived(sociable) == before
    sociable.ingest(items=[Item("western-new", "Western New", "cowboys")])
    sociable.build({"graph", "text"})
    mixed = {"item:space-01", "item:western-01"}
    assert not [f for f in derived(sociable) if {f.subject, f.object} == mixed]
    assert derived(sociable) == before


@pytest.mark.slow
def test_rejected_derived_fact_leaves_the_graph(sociable: Workspace) -> None:
    sociable.build()
    facts = derived(sociable)
    sociable.knowledge.reject(statements.fact_id(facts[0]), "Ada")
    sociable.build()
    assert len(derived(sociable)) == len(facts) - 1
    graph = item_features_from(sociable.snapshots.open()).graph
    assert statements.fact_id(facts[0]) not in graph.facts.tolist()


@pytest.mark.slow
def test_erased_users_support_no_facts(tmp_path: Path) -> None:
    """The likes of two users derive facts; after erasure the graph is as if they never existed."""
    graphs = []
    for name in ("never", "erased"):
        workspace = Workspace.init(tmp_path / name, SETTINGS | {"loop": {"min_co_likes": 8}})
        workspace.ingest(items=films(), events=events(), facts={"films": facts()})
        if name == "erased":
            workspace.record(
                Event(f"{u}-{k}", u, f"space-{k:02}", "like", None, 5.0)
                for u in ("one", "two")
                for k in range(7)
            )
            workspace.build()
            with_users = derived(workspace)
            for user in ("one", "two"):
                workspace.erase.user(user)
        workspace.build()
        graphs.append((derived(workspace), workspace.snapshots.open().manifest["files"]))
        workspace.close()
    assert graphs[0] == graphs[1]
    assert with_users != graphs[0][0]


def test_no_facts_are_derived_without_support(cinema: Workspace) -> None:
    events = liked([(0, 0, 0.0), (0, 1, 0.0)])
    assert derive_facts(events, list("abcd"), cinema.config) == []
    before, after = store_derived_facts(cinema.database, [])
    assert before == after
