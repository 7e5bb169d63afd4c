"""Comparison of two published models, whatever items each of them knows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tastegraph.core.records import Event, Item
from tastegraph.pipeline.gate import SharedItemsModel
from tastegraph.profiles.interactions import History
from tests.pipeline.test_gate import model_of
from tests.pipeline.test_retrain import LATER, later_likes


def test_restricted_model_scores_like_the_whole_model() -> None:
    rng = np.random.default_rng(0)
    model = model_of(rng.normal(size=(6, 6)))
    rows = np.array([4, 1, 5], dtype=np.int32)
    history = History(np.array([0, 2], np.int32), np.ones(2, np.float32))
    translated = History(rows[history.items], history.weights)
    restricted = SharedItemsModel(model, rows)
    assert restricted.n_items == 3
    assert restricted.score([history]) == pytest.approx(model.score([translated])[:, rows])
    assert restricted.rank(history).scores == pytest.approx(model.rank(translated).scores)


@pytest.mark.slow
def test_snapshots_are_compared_on_newer_events(cinema, tastegraph) -> None:
    cinema.ingest(items=[Item("a-new-one", "A New One", "cowboys ride to a gunfight")])
    cinema.record(later_likes(np.random.default_rng(1)))
    assert cinema.build() == "000002"
    nothing_new = cinema.compare("000002", "000001")
    assert [c.n_users for c in nothing_new.checks if c.name == "NDCG@10, newest"] == []
    genres = ("western", "space")
    cinema.record(
        Event(
            f"late-{genre}-{u}", f"{genre}-fan-{u}", f"{genre}-{u % 12:02}", "like", None, LATER + 9
        )
        for genre in genres
        for u in range(30)
    )
    verdict = cinema.compare("000001")
    checks = {check.name: check for check in verdict.checks}
    assert checks["NDCG@10, newest"].n_users > 10
    assert checks["NDCG@10, newest"].candidate == pytest.approx(
        {c.name: c for c in cinema.compare("000002", "000001").checks}["NDCG@10, newest"].incumbent
    )
    printed = tastegraph("models", "compare", cinema.directory, "000001", "--json").out
    assert {check["name"] for check in json.loads(printed)["checks"]} == set(checks)
    assert "NDCG@10, newest" in tastegraph("models", "compare", cinema.directory, "000001").out
    assert "000009" in tastegraph("models", "compare", cinema.directory, "000009").err
