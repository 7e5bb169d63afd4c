"""What a service says about its requests: metrics, access log, readiness; nothing about users."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tastegraph.core.tracing import ENDPOINTS, span, use_tracer
from tastegraph.serving.api import health
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.store.keys import KeyFile
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

LIST = {"user_id": "planted-user", "n": 1}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = serving_world.open_engine(tmp_path)
    serving = engine.config.serving.model_copy(update={"access_log": True})
    engine.config = engine.config.model_copy(update={"serving": serving})
    return engine


@pytest.fixture
def client(engine: Engine) -> Iterator[LocalClient]:
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client


def metric(client: LocalClient, name: str) -> float:
    """The value of one sample."""
    for line in client.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_requests_are_counted_by_route_and_status(client: LocalClient) -> None:
    label = '{method="GET",route="/v1/items/{item_id:path}",status="404"}'
    before = metric(client, f"tastegraph_requests_total{label}")
    for item in ("planted-a", "planted-b"):
        assert client.get(f"/v1/items/{item}").status_code == 404
    assert metric(client, f"tastegraph_requests_total{label}") == before + 2


def test_events_are_counted_by_outcome(client: LocalClient) -> None:
    outcomes = ("accepted", "duplicate", "rejected")
    names = [f'tastegraph_events_total{{outcome="{outcome}"}}' for outcome in outcomes]
    before = [metric(client, name) for name in names]
    row = {"user_id": "planted-user", "item_id": "space-0", "event_id": "e1"}
    client.post("/v1/events", json={"events": [row, row, {"user_id": "planted-user"}]})
    after = [metric(client, name) for name in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]


def test_version_in_service_is_a_metric(client: LocalClient) -> None:
    assert metric(client, "tastegraph_snapshot_version") == 1
    assert metric(client, "tastegraph_snapshot_published_seconds") > 1e9


def test_nothing_in_metrics_and_log_is_about_a_user(
    client: LocalClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.post("/v1/recommendations?lang=en", json=LIST)
    client.get("/v1/users/planted-user/profile?x=planted-query")
    client.get("/planted-path")
    client.request("PLANTED", "/planted-path")
    client.post("/v1/associations", json={"text": "planted text"})
    printed = capsys.readouterr().out
    assert "planted" not in (printed + client.get("/metrics").text).lower()
    lines = [json.loads(line) for line in printed.splitlines()]
    assert len(lines) == 5
    assert lines[0].keys() == {"time", "route", "method", "status", "ms", "request_id", "key"}
    assert [line["route"] for line in lines[:3]] == [
        "/v1/recommendations", "/v1/users/{user_id:path}/profile", "(none)"
    ]  # fmt: skip
    assert lines[3]["method"] == "OTHER"


def test_log_names_the_key_and_the_request(
    client: LocalClient, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = KeyFile(engine.database.path.parent).add("shop", ["read"])
    headers = {"X-API-Key": secret, "X-Request-Id": "r-1"}
    assert client.post("/v1/recommendations", json=LIST, headers=headers).headers[
        "x-request-id"
    ] == "r-1"  # fmt: skip
    client.post("/v1/recommendations", json=LIST)
    printed = capsys.readouterr().out
    assert secret not in printed
    first, second = (json.loads(line) for line in printed.splitlines())
    assert (first["key"], first["request_id"], first["status"]) == ("shop", "r-1", 200)
    assert (second["key"], second["status"]) == (None, 401)


def test_readiness_says_why_not(
    client: LocalClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").json()["status"] == "ready"
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 1 << 62)
    answer = client.get("/readyz")
    assert "MB left" in assert_problem(answer, 503, "not_ready")["detail"]
    assert answer.headers["retry-after"]
    engine.database.path.rename(engine.database.path.with_suffix(".gone"))
    assert "does not exist" in assert_problem(client.get("/readyz"), 503, "not_ready")["detail"]


def test_spans_are_made_where_there_is_a_tracer(client: LocalClient) -> None:
    names: list[str] = []

    class Recorder:
        @contextmanager
        def start_as_current_span(self, name: str) -> Iterator[Any]:
            names.append(name)
            yield

    use_tracer(Recorder())
    try:
        client.post("/v1/recommendations", json=LIST)
    finally:
        use_tracer(None)
    assert names == ["request", "view", "list"]
    with span("nothing"):
        assert names == ["request", "view", "list"]


def test_tracing_is_off_unless_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    from tastegraph.core.tracing import start_tracing

    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert not start_tracing()
