"""Models: listed, promoted and rolled back, over HTTP and by commands."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.snapshot import in_service
from tastegraph.serving.snapshot.in_service import model_versions
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store.snapshots import Snapshots
from tests.support import serving_world
from tests.support.local_client import LocalClient


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    serving_world.publish_variant(tmp_path, 2.0)
    yield engine
    engine.close()


def scores(answer: dict) -> list[tuple[str, float]]:
    return [(item["item_id"], round(item["score"], 5)) for item in answer["items"]]


def test_versions_are_listed_newest_first(engine: Engine) -> None:
    newer, older = model_versions(engine.snapshots)
    assert (newer.version, newer.in_service) == ("000002", False)
    assert (older.version, older.in_service, older.valid) == ("000001", True, 0.0)
    assert older.published <= newer.published <= time.time()
    (engine.snapshots.directory / "000002" / "manifest.json").write_text("{")
    assert "not JSON" in (model_versions(engine.snapshots)[0].fault or "")


def test_promote_and_roll_back_over_http(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        body = {"user_id": "western-1", "n": 5}
        first = scores(client.post("/v1/recommendations", json=body).json())
        assert client.post("/v1/models/000002:promote").json()["version"] == "000002"
        second = scores(client.post("/v1/recommendations", json=body).json())
        assert first != second
        served = [
            m["version"] for m in client.get("/v1/models").json()["models"] if m["in_service"]
        ]
        assert served == ["000002"]
        wrong = client.post("/v1/models/000001:rollback")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
        assert client.post("/v1/models/000002:rollback").json()["version"] == "000001"
        assert scores(client.post("/v1/recommendations", json=body).json()) == first
        assert client.post("/v1/models/000009:promote").status_code == 404
        assert client.post("/v1/models/..:promote").status_code in (404, 422)


def test_answers_do_not_wait_for_a_new_snapshot(engine: Engine, monkeypatch) -> None:
    open_snapshot, opening, may_open = ServingSnapshot.open, threading.Event(), threading.Event()

    def slowly(*args):
        opening.set()
        assert may_open.wait(30)
        return open_snapshot(*args)

    monkeypatch.setattr(ServingSnapshot, "open", slowly)
    with LocalClient(create_app(engine)) as client:
        engine.snapshots.point_to("000002")
        assert opening.wait(30), "it is opened without a request"
        for _ in range(3):
            assert client.get("/healthz").json()["model"] == "000001"
            assert engine.recommend("western-1", 3).model == "000001"
        may_open.set()
        start = time.perf_counter()
        while client.get("/healthz").json()["model"] != "000002":
            assert time.perf_counter() - start < 30
    engine.snapshots.point_to("000001")
    assert engine.recommend("western-1", 3).model == "000001", "without a service it waits"


def test_promoted_snapshot_is_opened_once(engine: Engine, monkeypatch) -> None:
    open_snapshot, versions = Snapshots.open, []

    def recorded(self: Snapshots, version: str | None = None):
        versions.append(version)
        return open_snapshot(self, version)

    monkeypatch.setattr(Snapshots, "open", recorded)
    with LocalClient(create_app(engine)) as client:
        assert client.post("/v1/models/000002:promote").json()["model"] == "000002"
        assert client.get("/healthz").json()["model"] == "000002"
        assert client.post("/v1/models/000002:rollback").json()["model"] == "000001"
        assert client.get("/healthz").json()["model"] == "000001"
        time.sleep(3 * in_service.POLL_SECONDS)
    assert versions == ["000002", "000001"]


def test_erased_item_stays_hidden_after_a_promotion(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        engine.erase.item("western-2")
        for change in ("000002:promote", "000002:rollback"):
            assert client.post(f"/v1/models/{change}").status_code == 200
            answer = client.post("/v1/recommendations", json={"user_id": "western-1", "n": 20})
            assert "western-2" not in answer.text


def test_models_on_the_command_line(tmp_path: Path, tastegraph) -> None:
    serving_world.open_engine(tmp_path)
    serving_world.publish_variant(tmp_path, 2.0)
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    listed = tastegraph("models", "list", tmp_path).out.splitlines()
    assert [line[:8] for line in listed] == ["  000002", "* 000001"]
    assert "000002" in tastegraph("models", "promote", tmp_path, "000002").out
    assert '"in_service":true' in tastegraph("models", "list", tmp_path, "--json").out
    assert "000001" in tastegraph("models", "rollback", tmp_path).out
    assert tastegraph("models", "rollback", tmp_path).code == 1
    assert "000009" in tastegraph("models", "promote", tmp_path, "000009").err
