"""Promise 10: body, n, depth, time, queue and rate are bounded; a refusal says why."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config.operation import LimitsConfig
from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.limits import MAX_CLIENTS, Load, TokenBuckets
from tastegraph.store.keys import KeyFile
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient
from tests.support.shop_service import ShopService, make_shop

LIST = {"user_id": "western-1", "n": 1, "explain": "none"}
LISTS = "/v1/recommendations"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    serving_world.open_engine(directory).close()
    return directory


def client_of(world: Path, load: Load | None = None, **limits: Any) -> LocalClient:
    engine = serving_world.open_engine(world)
    serving = engine.config.serving.model_copy(update={"limits": LimitsConfig(**limits)})
    engine.config = engine.config.model_copy(update={"serving": serving})
    return LocalClient(create_app(engine, load=load), raise_server_exceptions=False)


# Body, n and depth.


@pytest.mark.parametrize("has_length", [True, False])
def test_large_body_is_refused(world: Path, has_length: bool) -> None:
    with client_of(world, body_bytes=2000) as client:
        body = b'{"user_id": "' + b"x" * 3000 + b'"}'

        def chunks() -> Iterator[bytes]:
            yield from (body[k : k + 500] for k in range(0, len(body), 500))

        content = body if has_length else chunks()
        headers = {"content-type": "application/json"}
        answer = client.post(LISTS, content=content, headers=headers)
        assert "2,000 bytes" in assert_problem(answer, 413, "body_too_large")["detail"]
        assert client.post(LISTS, json=LIST).status_code == 200


def test_n_is_at_most_a_thousand(world: Path) -> None:
    with client_of(world) as client:
        assert client.post(LISTS, json={**LIST, "n": 1000}).status_code == 200
        assert_problem(client.post(LISTS, json={**LIST, "n": 1001}), 422, "invalid_request")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "[" * 400_000 + "]" * 400_000])
def test_bottomless_json_is_refused(world: Path, text: str) -> None:
    with client_of(world) as client:
        answer = client.post(LISTS, content=text, headers={"content-type": "application/json"})
        assert_problem(answer, 400, "bad_request")


# Queue and time.


def test_full_queue_says_when_to_come_again(world: Path) -> None:
    load = Load()
    with client_of(world, load, queue=5) as client:
        load.tasks = range(5)
        assert client.post(LISTS, json=LIST).status_code == 200
        load.tasks = range(6)
        answer = client.post(LISTS, json=LIST)
        assert_problem(answer, 503, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
        for path in ("/healthz", "/readyz", "/metrics"):
            assert client.get(path).status_code == 200, "who watches it must see it"
        assert 'tastegraph_refused_total{code="overloaded"}' in client.get("/metrics").text


def test_late_answer_is_given_up(world: Path) -> None:
    engine = serving_world.open_engine(world)
    serving = engine.config.serving.model_copy(update={"limits": LimitsConfig(seconds=0.05)})
    engine.config = engine.config.model_copy(update={"serving": serving})
    app = create_app(engine)

    @app.get("/late")
    async def late() -> str:
        await asyncio.sleep(30)
        return "too late"

    with LocalClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/late")
        assert_problem(answer, 503, "timeout")
        assert "retry-after" in answer.headers


def test_slow_body_is_given_up(world: Path) -> None:
    with client_of(world, seconds=0.2) as client:
        messages: list[dict[str, Any]] = []

        async def call() -> None:
            async def receive() -> dict[str, Any]:
                await asyncio.sleep(0.08)
                return {"type": "http.request", "body": b" ", "more_body": True}

            async def send(message: dict[str, Any]) -> None:
                messages.append(message)

            scope = {
                "type": "http", "method": "POST", "path": LISTS, "raw_path": LISTS.encode(),
                "query_string": b"", "headers": [(b"host", b"localhost")], "scheme": "http",
                "http_version": "1.1", "root_path": "", "client": ("127.0.0.1", 1),
            }  # fmt: skip
            await client.app(scope, receive, send)  # type: ignore[arg-type]

        asyncio.run(call())
    assert messages[0]["status"] == 408
    assert json.loads(messages[1]["body"])["code"] == "timeout"


# Rate.


def test_calls_beyond_the_rate_are_refused(world: Path) -> None:
    with client_of(world, rate=0.01, burst=3) as client:
        answers = [client.post(LISTS, json=LIST) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert_problem(answers[-1], 429, "too_many_requests")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 100
        assert client.get("/healthz").status_code == 200


def test_each_key_has_a_rate_of_its_own(tmp_path: Path) -> None:
    serving_world.open_engine(tmp_path).close()
    secrets = [KeyFile(tmp_path).add(name, ["read"]) for name in ("one", "other")]
    with client_of(tmp_path, rate=0.01, burst=2) as client:
        for secret in secrets:
            headers = {"X-API-Key": secret}
            statuses = [client.post(LISTS, json=LIST, headers=headers).status_code for _ in "abc"]
            assert statuses == [200, 200, 429]


@given(
    rate=st.floats(0.1, 100), burst=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)  # fmt: skip
def test_bucket_lets_through_no_more_than_burst_and_rate(rate, burst, pauses) -> None:
    now = 0.0
    buckets = TokenBuckets(rate, burst, clock=lambda: now)
    admitted = []
    for pause in pauses:
        now += pause
        wait = buckets.seconds_to_wait("a")
        assert wait >= 0
        if not wait:
            admitted.append(now)
    for first in range(len(admitted)):
        for last in range(first, len(admitted)):
            allowed = burst + rate * (admitted[last] - admitted[first])
            assert last - first + 1 <= allowed + 1e-6
    if wait:
        now += wait + 1e-6
        assert buckets.seconds_to_wait("a") == 0


def test_clients_without_number_take_bounded_memory() -> None:
    buckets = TokenBuckets(1.0, 1, clock=lambda: 0.0)
    for k in range(MAX_CLIENTS + 100):
        buckets.seconds_to_wait(str(k))
    assert len(vars(buckets)["_buckets"]) == MAX_CLIENTS


# Shutdown.


@pytest.mark.slow
def test_service_ends_in_time_and_at_once_at_the_second_signal(tmp_path: Path) -> None:
    shop = make_shop(tmp_path / "shop", {"serving": {"shutdown_seconds": 2.0}})
    for signals in ([signal.SIGTERM], [signal.SIGINT, signal.SIGINT]):
        with ShopService(shop, "--port", "0") as service:
            url = httpx.URL(service.await_url())
            # A client that never sends the rest of its body must not keep the service.
            with socket.create_connection((url.host, url.port)) as slow:
                head = f"POST {LISTS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{{"
                slow.sendall(head.encode())
                assert httpx.post(f"{url}{LISTS}", json=LIST).status_code == 200
                assert service.end(*signals) == 0


@pytest.mark.slow
def test_service_listens_at_a_unix_socket(tmp_path: Path) -> None:
    shop, path = make_shop(tmp_path / "shop"), tmp_path / "s.sock"
    with ShopService(shop, "--uds", str(path)) as service:
        service.wait_for(lambda: "listening at the Unix socket" in service.output())
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
            assert client.post(f"http://localhost{LISTS}", json=LIST).status_code == 200
        assert service.end(signal.SIGTERM) == 0
