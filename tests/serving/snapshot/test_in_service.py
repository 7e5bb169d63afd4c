"""Models: listed, promoted, rolled back; under load every answer is of one of them alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.snapshot import in_service
from tastegraph.serving.snapshot.in_service import model_versions
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store.snapshots import Snapshots
from tests.support import serving_world
from tests.support.local_client import LocalClient

SWAPS = 100
USERS = [f"{genre}-{k}" for genre in ("western", "space") for k in range(1)]


def publish_another(directory: Path, factor: float, *, serve: bool = False) -> str:
    """The world's snapshot with other weights of behaviour, model and graph being its own."""
    snapshots = Snapshots(directory / "snapshots")
    first = snapshots.open("000001")
    manifest = {k: v for k, v in first.manifest.items() if k not in ("format", "version", "files")}
    arrays = {name: np.array(array) for name, array in first.published.items()}
    rng = np.random.default_rng(round(100 * factor))
    arrays["behaviour.table"] = (arrays["behaviour.table"] * factor).astype("f4")
    arrays["behaviour.table"] += rng.normal(scale=0.3, size=(13, 13)).astype("f4")
    return snapshots.publish(manifest, arrays, serve=serve)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    publish_another(tmp_path, 2.0)
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


def test_broken_model_is_not_promoted(engine: Engine) -> None:
    file = engine.snapshots.directory / "000002" / "behaviour.table.npy"
    file.write_bytes(file.read_bytes()[:-4])
    with LocalClient(create_app(engine)) as client:
        refused = client.post("/v1/models/000002:promote")
        assert (refused.status_code, refused.json()["code"]) == (422, "unfit_model")
        assert client.get("/healthz").json()["model"] == engine.versions()[0]
    assert engine.snapshots.current() == "000001"


def test_broken_model_is_not_rolled_back_to(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        assert client.post("/v1/models/000002:promote").status_code == 200
        file = engine.snapshots.directory / "000001" / "behaviour.table.npy"
        file.write_bytes(file.read_bytes()[:-4])
        refused = client.post("/v1/models/000002:rollback")
        assert (refused.status_code, refused.json()["code"]) == (422, "unfit_model")
    assert engine.snapshots.current() == "000002"


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
    publish_another(tmp_path, 2.0)
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    listed = tastegraph("models", "list", tmp_path).out.splitlines()
    assert [line[:8] for line in listed] == ["  000002", "* 000001"]
    assert "000002" in tastegraph("models", "promote", tmp_path, "000002").out
    assert '"in_service":true' in tastegraph("models", "list", tmp_path, "--json").out
    assert "000001" in tastegraph("models", "rollback", tmp_path).out
    assert tastegraph("models", "rollback", tmp_path).code == 1
    assert "000009" in tastegraph("models", "promote", tmp_path, "000009").err


@pytest.mark.slow
def test_swaps_under_load_never_mix_two_models(tmp_path: Path) -> None:
    """A hundred swaps; each answer has the scores that its own model gives, made alone."""
    engine = serving_world.open_engine(tmp_path)
    versions = ["000001", *(publish_another(tmp_path, factor) for factor in (0.5, 2.0))]
    alone = {}
    for version in versions:
        engine.snapshots.point_to(version)
        for user in USERS:
            answer = engine.recommend(user, 5)
            alone[answer.model, user] = scores(answer.model_dump())
    engine.close()
    assert len({str(listed) for listed in alone.values()}) == len(alone)
    lists, request_seconds, ended = [], [], threading.Event()

    def request_lists(url: str, user: str) -> None:
        with httpx.Client(base_url=url) as http:
            while not ended.is_set():
                body = {"user_id": user, "n": 5, "explain": "none"}
                start = time.perf_counter()
                answer = http.post("/v1/recommendations", json=body).raise_for_status().json()
                request_seconds.append(time.perf_counter() - start)
                lists.append((answer["model"], user, scores(answer)))

    with serving_world.served(tmp_path) as (url, _), httpx.Client(base_url=url) as http:
        threads = [threading.Thread(target=request_lists, args=(url, user)) for user in USERS]
        for thread in threads:
            thread.start()
        swap_seconds = []
        for swap in range(SWAPS):
            start = time.perf_counter()
            current = http.get("/healthz").json()["model"]
            if swap % 5 == 4:
                active = http.post(f"/v1/models/{current}:rollback").raise_for_status().json()
            else:
                other = versions[(versions.index(current) + 1) % len(versions)]
                active = http.post(f"/v1/models/{other}:promote").raise_for_status().json()
            swap_seconds.append(time.perf_counter() - start)
            assert active["model"] != current
        ended.set()
        for thread in threads:
            thread.join(30)
    assert all(alone[model, user] == listed for model, user, listed in lists)
    assert {model for model, _, _ in lists} == set(versions)
    assert len(lists) > SWAPS
    # Within a second, and on a machine so busy that lists take long, in the time of some lists.
    assert np.median(swap_seconds) < 1.0 + 20 * np.median(request_seconds)
