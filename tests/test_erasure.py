"""Erasure: no byte of a person remains, and what is fitted next never knew them."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

import serving_world
from conftest import SETTINGS, events, facts, films
from tastegraph.errors import BusyError
from tastegraph.learning import retrain
from tastegraph.records import USER, Event, Fact
from tastegraph.serving.engine import Asked
from tastegraph.serving.http import create_app
from tastegraph.workspace import Workspace

MARK = "m4rk3r-of-somebody"


def files_with(mark: str, directory: Path) -> list[str]:
    """Every file below ``directory`` that holds ``mark``, as UTF-8 or UTF-16."""
    needles = [mark.encode(), mark.encode("utf-16-le")]
    return sorted(
        file.name
        for file in directory.rglob("*")
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    )


def test_no_byte_of_a_person_remains(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    with TestClient(create_app(engine)) as client:
        for n in range(60):
            row = {"event_id": f"{MARK}-{n}", "user_id": MARK, "item_id": f"space-{n % 6}"}
            client.post("/v1/events", json={"events": [row, row | {"item_id": f"no-{MARK}"}]})
            client.post("/v1/recommendations", json={"user_id": MARK, "n": 5})
        engine.close()
        assert files_with(MARK, tmp_path)
        gone = client.delete(f"/v1/users/{MARK}").json()
        assert (gone["events"], gone["lists"]) == (60, 60)
        assert gone["digest"] == sha256(MARK.encode()).hexdigest()
        assert files_with(MARK, tmp_path) == []
        assert client.get(f"/v1/users/{MARK}/profile").status_code == 404
        assert not client.post("/v1/recommendations", json={"user_id": MARK}).json()["personal"]
        again = client.delete(f"/v1/users/{MARK}").json()  # the list of the line before this one
        assert (again["events"], again["lists"], again["facts"]) == (0, 1, 0)
    engine.close()
    engine.database.close()
    assert files_with(MARK, tmp_path) == []


def test_while_somebody_reads_it_is_said_that_the_log_holds_on(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    engine.database._patience = 0.2
    engine.record([Event("x", MARK, "space-1", "like", None, 1.0)])
    with engine.database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM events").fetchall()
        engine.record([Event("y", MARK, "space-1", "like", None, 1.0)])
        with pytest.raises(BusyError, match="emptied"):
            engine.erase(MARK)
    assert engine.erase(MARK).events == 0
    assert files_with(MARK, tmp_path) == []


def test_the_next_fit_is_that_of_a_world_without_them(tmp_path: Path) -> None:
    """Equal to the byte, all arrays of a whole build."""
    digests = []
    for name, erased in (("never", False), ("erased", True)):
        workspace = Workspace.init(tmp_path / name, SETTINGS)
        workspace.ingest(items=films(), events=events(), facts={"films": facts()})
        if erased:
            liked = [f"western-{k:02}" for k in range(7)] + ["space-03"]
            workspace.record(
                Event(f"{MARK}{k}", MARK, item, "like", None, 5.0) for k, item in enumerate(liked)
            )
            stated = Fact(USER + MARK, "lives_in", "place:1")
            workspace.ingest(facts={"addresses": [stated]})
            workspace.build()
            receipt = workspace.erase(MARK)
            assert (receipt.events, receipt.facts) == (8, 1)
        version = workspace.build()
        digests.append(workspace.snapshots.manifest(version)["files"])
        workspace.close()
        if erased:
            assert files_with(MARK, tmp_path / name) == []
            assert workspace.snapshots.versions() == [version]
    assert digests[0] == digests[1]


def test_a_network_that_learned_from_them_does_not_live_on(cinema, monkeypatch) -> None:
    starts = []
    fit = retrain.fit

    def watched(content, told, choice, config, start):
        starts.append(start)
        return fit(content, told, choice, config, start=start)

    monkeypatch.setattr(retrain, "fit", watched)
    cinema.erase("western-fan-1")
    done = cinema.retrain()
    assert done.events == 0
    assert starts == [None]
    if done.version is not None:
        assert cinema.retrain().verdict is None
    with cinema.database.reading() as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM events WHERE user_id = 'western-fan-1'"
        ).scalar()
    assert left == 0


def test_erasing_over_the_command_line(tmp_path: Path, tastegraph) -> None:
    engine = serving_world.open_engine(tmp_path)
    engine.show("western-1", 3, Asked())
    engine.close()
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    said = tastegraph("erase", tmp_path, "western-1").out
    assert "4 events, 1 lists, 0 facts" in said
    assert "western-1" not in said


def test_erasing_is_quick(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    rng = np.random.default_rng(0)
    engine.record(
        Event(f"e{k}", f"u{rng.integers(500)}", f"space-{k % 6}", "view", None, float(k))
        for k in range(20_000)
    )
    began = time.perf_counter()
    engine.erase("u7")
    assert time.perf_counter() - began < 5
    engine.close()
