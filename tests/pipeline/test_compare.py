"""Two published models next to one another, whatever items each of them knows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tastegraph.core.records import Event, Item
from tastegraph.pipeline.compare import Among
from tastegraph.profiles.interactions import History
from tests.pipeline.test_gate import of
from tests.pipeline.test_retrain import LATER, more


def test_a_model_among_some_of_its_items_scores_as_alone() -> None:
    rng = np.random.default_rng(0)
    model = of(rng.normal(size=(6, 6)))
    at = np.array([4, 1, 5], dtype=np.int32)
    here = History(np.array([0, 2], np.int32), np.ones(2, np.float32))
    there = History(at[here.items], here.weights)
    among = Among(model, at)
    assert among.n_items == 3
    assert among.score([here]) == pytest.approx(model.score([there])[:, at])
    assert among.rank(here).scores == pytest.approx(model.rank(there).scores)


@pytest.mark.slow
def test_versions_are_compared_on_what_happened_since(cinema, tastegraph) -> None:
    cinema.ingest(items=[Item("a-new-one", "A New One", "cowboys ride to a gunfight")])
    cinema.record(more(np.random.default_rng(1)))
    assert cinema.build() == "000002"
    nothing_new = cinema.compare("000002", "000001")
    assert [c.people for c in nothing_new.checks if c.name == "NDCG@10, newest"] == []
    kinds = ("western", "space")
    cinema.record(
        Event(f"late-{kind}-{u}", f"{kind}-fan-{u}", f"{kind}-{u % 12:02}", "like", None, LATER + 9)
        for kind in kinds
        for u in range(30)
    )
    verdict = cinema.compare("000001")
    asked = {check.name: check for check in verdict.checks}
    assert asked["NDCG@10, newest"].people > 10
    assert asked["NDCG@10, newest"].candidate == pytest.approx(
        {c.name: c for c in cinema.compare("000002", "000001").checks}["NDCG@10, newest"].incumbent
    )
    printed = tastegraph("models", "compare", cinema.directory, "000001", "--json").out
    assert {check["name"] for check in json.loads(printed)["checks"]} == set(asked)
    assert "NDCG@10, newest" in tastegraph("models", "compare", cinema.directory, "000001").out
    assert "000009" in tastegraph("models", "compare", cinema.directory, "000009").err
