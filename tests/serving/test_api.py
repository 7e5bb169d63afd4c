"""The HTTP API in process: answers, promises about events, errors, limits, headers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from tastegraph.core.config import Config
from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.api_requests import BODIES, POST_PATHS, assert_problem
from tests.support.local_client import LocalClient


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalClient]:
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client


def recommended_ids(client: LocalClient, user: str, **more: Any) -> list[str]:
    answer = client.post("/v1/recommendations", json={"user_id": user, **more})
    return [item["item_id"] for item in answer.json()["items"]]


def send(client: LocalClient, *events: object) -> dict[str, Any]:
    answer = client.post("/v1/events", json={"events": events})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


# Answers.


def test_list_has_ranks_titles_and_reasons(client: LocalClient) -> None:
    answer = client.post("/v1/recommendations", json={"user_id": "western-1", "n": 3}).json()
    assert answer["personal"]
    assert answer["took_ms"] > 0
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3]
    first = answer["items"][0]
    assert first["item_id"] in {"western-0", "western-5"}
    assert first["title"] == f"Western No. {first['item_id'][-1]}"
    assert {"behaviour", "knowledge"} <= {reason["kind"] for reason in first["reasons"]}
    assert all(reason["path"] == [] for reason in first["reasons"])


def test_explain_paths_adds_paths(client: LocalClient) -> None:
    body = {"user_id": "western-1", "n": 1, "explain": "paths"}
    (item,) = client.post("/v1/recommendations", json=body).json()["items"]
    (known,) = (reason for reason in item["reasons"] if reason["kind"] == "knowledge")
    ends = [{step["s"], step["o"]} for step in known["path"]]
    assert f"item:{known['item_id']}" in ends[0]
    assert f"item:{item['item_id']}" in ends[-1]


def test_explain_none_leaves_out_reasons(client: LocalClient) -> None:
    body = {"user_id": "western-1", "explain": "none"}
    items = client.post("/v1/recommendations", json=body).json()["items"]
    assert not any(item["reasons"] for item in items)


def test_seen_items_are_left_out_by_default(client: LocalClient) -> None:
    seen = {"western-1", "western-2", "western-3", "western-4"}
    assert not seen & set(recommended_ids(client, "western-1", n=100))
    assert seen < set(recommended_ids(client, "western-1", n=100, exclude="none"))


def test_session_is_answered_without_being_stored(client: LocalClient) -> None:
    events = [{"item_id": f"space-{k}", "type": "like"} for k in range(3)]
    body = {"session": {"events": events}, "n": 3}
    for _ in range(2):
        items = client.post("/v1/recommendations", json=body).json()["items"]
        assert {item["item_id"] for item in items} == {"space-3", "space-4", "space-5"}


def test_stranger_gets_popular_items(client: LocalClient) -> None:
    answer = client.post("/v1/recommendations", json={"user_id": "nobody"}).json()
    assert not answer["personal"]
    assert answer["items"][0]["reasons"][0]["kind"] == "popularity"


def test_shares_of_an_explanation_sum_to_the_score(client: LocalClient) -> None:
    body = {"user_id": "western-1", "item_id": "space-1"}
    answer = client.post("/v1/explain", json=body).json()
    assert sum(reason["share"] for reason in answer["reasons"]) == pytest.approx(
        answer["score"], abs=1e-4
    )


def test_profile_item_and_health(client: LocalClient) -> None:
    profile = client.get("/v1/users/western-1/profile").json()
    assert next(event["item_id"] for event in profile["events"]) == "western-4"
    assert profile["interests"][0]["label"] in {"Western", "The western director"}
    item = client.get("/v1/items/western-0").json()
    assert item["title"] == "Western No. 0"
    assert {tie["phrase"] for tie in item["content"]} >= {"genre", "director"}
    health = client.get("/healthz").json()
    assert health["status"] == "ok"
    assert health["model"] == health["graph"] == "000001"


def test_entities_without_a_name_are_counted_and_not_shown(client: LocalClient) -> None:
    """The director of the odd westerns is nobody's name: person:western-1."""
    odd = client.get("/v1/items/western-1").json()
    assert [tie["label"] for tie in odd["content"] if tie["relation"] == "genre"] == ["Western"]
    assert "person:western-1" not in {tie["node"] for tie in odd["content"]}
    assert odd["nameless"] >= 1
    profile = client.get("/v1/users/western-1/profile").json()
    assert all(tie["label"] for tie in profile["interests"])
    assert profile["nameless"] >= 1
    body = {"user_id": "western-1", "n": 10, "explain": "paths"}
    for item in client.post("/v1/recommendations", json=body).json()["items"]:
        assert not any("person:western-1" in reason["text"] for reason in item["reasons"])


# Events.


def test_new_event_changes_the_next_list(client: LocalClient) -> None:
    before = recommended_ids(client, "ann")
    assert send(client, {"user_id": "ann", "item_id": "space-0", "type": "like"})["accepted"] == 1
    after = recommended_ids(client, "ann", n=5)
    assert after != before[:5]
    assert all(item.startswith("space-") for item in after)
    send(client, *({"user_id": "ann", "item_id": f"space-{k}", "type": "dislike"} for k in (1, 2)))
    assert not {"space-0", "space-1", "space-2"} & set(recommended_ids(client, "ann", n=100))


def test_event_id_counts_once(client: LocalClient) -> None:
    event = {"event_id": "once", "user_id": "bea", "item_id": "space-0"}
    assert send(client, event, event) == {"accepted": 1, "duplicates": 1, "rejected": []}
    assert send(client, event) == {"accepted": 0, "duplicates": 1, "rejected": []}


def test_event_without_an_id_is_new_each_time(client: LocalClient) -> None:
    event = {"user_id": "cem", "item_id": "space-0", "ts": 5}
    assert send(client, event)["accepted"] == send(client, event)["accepted"] == 1
    assert len(client.get("/v1/users/cem/profile").json()["events"]) == 2


def test_events_of_a_session_have_its_own_user_id(client: LocalClient) -> None:
    send(client, {"session_id": "western-1", "item_id": "space-0", "type": "like"})
    assert recommended_ids(client, "session:western-1", n=1)[0].startswith("space-")
    assert "space-0" not in [
        event["item_id"] for event in client.get("/v1/users/western-1/profile").json()["events"]
    ]


def test_good_rows_are_stored_and_bad_ones_named(client: LocalClient) -> None:
    receipt = send(
        client,
        {"user_id": "eva", "item_id": "space-0"},
        {"user_id": "eva"},
        {"user_id": "eva", "item_id": "x" * 513},
        {"item_id": "space-0"},
        {"user_id": "eva", "item_id": "space-0", "type": "hug"},
        {"user_id": "eva", "item_id": "space-0", "stars": 5},
        "hello",
        {"user_id": "eva", "item_id": "space-0", "ts": "yesterday"},
        {"user_id": "eva", "item_id": ["space-0"]},
        {"user_id": "eva", "item_id": "space-1", "position": 0},
    )
    assert receipt["accepted"] == 1
    codes = {row["index"]: row["code"] for row in receipt["rejected"]}
    assert codes == {
        1: "missing", 2: "invalid_value", 3: "missing", 4: "invalid_value", 5: "unknown_field",
        6: "invalid_value", 7: "invalid_value", 8: "invalid_value", 9: "invalid_value",
    }  # fmt: skip
    assert "one of view, click" in receipt["rejected"][3]["message"]
    assert len(client.get("/v1/users/eva/profile").json()["events"]) == 1


def test_batch_of_which_nothing_is_accepted_is_refused_with_every_reason(
    client: LocalClient,
) -> None:
    rows = [{"user_id": "nil", "item_id": "a", "type": "hug"}, {"item_id": "a"}, "hello"] * 10
    refusal = assert_problem(
        client.post("/v1/events", json={"events": rows}), 422, "invalid_request"
    )
    assert "none of the 30 events" in refusal["detail"]
    assert [fault["pointer"] for fault in refusal["errors"]] == [f"/events/{k}" for k in range(30)]
    assert [fault["code"] for fault in refusal["errors"][:3]] == [
        "invalid_value", "missing", "invalid_value",
    ]  # fmt: skip
    assert "one of view, click" in refusal["errors"][0]["message"]


def test_empty_batch_and_batch_of_duplicates_are_no_error(client: LocalClient) -> None:
    assert send(client) == {"accepted": 0, "duplicates": 0, "rejected": []}
    event = {"event_id": "again", "user_id": "dup", "item_id": "space-0"}
    send(client, event)
    assert send(client, event, {"item_id": "a"})["duplicates"] == 1


@pytest.mark.parametrize(
    "row",
    [
        {"ts": 1_600_000_000, "value": 4.5},
        {"timestamp": 1_600_000_000, "rating": 4.5},
        {"timestamp": "2020-09-13T12:26:40Z", "value": 4.5},
        {"ts": "2020-09-13T12:26:40", "rating": 4.5},
    ],
)
def test_names_of_files_are_names_over_http(client: LocalClient, row: dict[str, Any]) -> None:
    user = f"names-{len(row)}-{'-'.join(row)}-{type(next(iter(row.values()))).__name__}"
    send(client, {"user_id": user, "item_id": "space-0", **row})
    (event,) = client.get(f"/v1/users/{user}/profile").json()["events"]
    assert (event["timestamp"], event["value"], event["type"]) == (1_600_000_000, 4.5, "rating")
    body = {"session": {"events": [{"item_id": "space-0", **row}]}, "n": 1}
    assert client.post("/v1/recommendations", json=body).json()["items"]


@pytest.mark.parametrize("row", [{"ts": 1, "timestamp": 1}, {"value": 1, "rating": 5}])
def test_two_names_of_one_field_are_refused(client: LocalClient, row: dict[str, Any]) -> None:
    answer = client.post("/v1/events", json={"events": [{"user_id": "a", "item_id": "b", **row}]})
    refusal = assert_problem(answer, 422, "invalid_request")
    assert " and ".join(row) in refusal["errors"][0]["message"]


# Errors and limits.


def test_errors_are_problems_with_a_code(client: LocalClient) -> None:
    assert_problem(client.get("/nowhere"), 404, "not_found")
    assert_problem(client.get("/page/nothing.js"), 404, "not_found")
    assert_problem(client.get("/v1/items/none"), 404, "not_found")
    assert_problem(client.get("/v1/users/nobody-at-all/profile"), 404, "not_found")
    assert_problem(client.get("/v1/explain"), 405, "method_not_allowed")
    both = {"user_id": "a", "session": {"events": []}}
    refusal = assert_problem(client.post("/v1/recommendations", json=both), 422, "invalid_request")
    assert "either user_id or session" in refusal["detail"]
    refusal = assert_problem(
        client.post("/v1/recommendations", json={"user_id": "a", "n": 1001}), 422, "invalid_request"
    )
    assert refusal["errors"][0]["pointer"] == "/n"
    bad = {"session": {"events": [{"item_id": "a"}, {"item_id": "a", "type": "hug"}]}}
    refusal = assert_problem(client.post("/v1/recommendations", json=bad), 422, "invalid_request")
    assert refusal["errors"][0]["pointer"] == "/session/events/1/type"
    many = {"events": [{}] * 1001}
    assert_problem(client.post("/v1/events", json=many), 422, "invalid_request")


@pytest.mark.parametrize("path", POST_PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b"{", b"\xff\xfe", b'{"user_id": NaN}', b'{"user_id": "\\ud800"}', b'{"n": Infinity}',
        b"[" * 500_000, b'{"a":' * 100_000, b"1" * 100_000,
    ],
    ids=["cut", "bytes", "nan", "surrogate", "infinity", "nested", "nested-objects", "digits"],
)  # fmt: skip
def test_body_that_is_not_json_is_refused(client: LocalClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert_problem(answer, 400, "bad_request")


def test_large_body_is_refused_however_it_is_sent(client: LocalClient) -> None:
    headers = {"content-type": "application/json"}
    large = json.dumps({"user_id": "x" * 10_000_000}).encode()
    assert_problem(
        client.post(POST_PATHS[0], content=large, headers=headers), 413, "body_too_large"
    )

    def chunks() -> Iterator[bytes]:
        yield b'{"user_id": "'
        for _ in range(200):
            yield b"x" * 10_000

    assert_problem(
        client.post(POST_PATHS[0], content=chunks(), headers=headers), 413, "body_too_large"
    )


def test_unforeseen_error_discloses_nothing(tmp_path: Path) -> None:
    class Broken:
        config, database = Config(), SimpleNamespace(path=Path("nowhere/tastegraph.db"))

        def versions(self) -> tuple[str, str]:
            raise RuntimeError("secret")

        def watch(self) -> None:
            """Nothing is published."""

        def close(self) -> None:
            """Nothing waits."""

    app = create_app(Broken())  # type: ignore[arg-type]
    with LocalClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/healthz")
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "x-request-id" in answer.headers


@pytest.mark.slow
@pytest.mark.parametrize("path", POST_PATHS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_no_body_is_answered_by_5xx(client: LocalClient, path: str, body: object) -> None:
    answer = client.post(
        path, content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert answer.status_code < 500, answer.text


# Headers, files, the process.


def test_every_answer_has_an_id_and_strict_headers(client: LocalClient) -> None:
    for answer in (client.get("/"), client.get("/healthz"), client.get("/nowhere")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert len(answer.headers["x-request-id"]) == 32
    own_id = client.get("/healthz", headers={"x-request-id": "mine-1"})
    assert own_id.headers["x-request-id"] == "mine-1"
    unsafe = client.get("/healthz", headers={"x-request-id": "a b<c>"})
    assert unsafe.headers["x-request-id"] != "a b<c>"


def test_page_loads_nothing_from_elsewhere(client: LocalClient) -> None:
    for path in ("/", "/docs"):
        text = client.get(path).text
        assert "<script src=" in text
        assert "http://" not in text
        assert "https://" not in text
    for file in (
        "page.js",
        "page.css",
        "words.js",
        "dom.js",
        "path.js",
        "docs.js",
        "language.js",
        "mark.svg",
    ):
        answer = client.get(f"/page/{file}")
        assert answer.status_code == 200
        assert "innerHTML" not in answer.text
    assert client.get("/openapi.json").json()["info"]["title"] == "Tastegraph"


@pytest.mark.slow
def test_serving_needs_no_torch(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.support import serving_world
from tests.support.api_requests import BODIES, POST_PATHS, assert_problem
from tests.support.local_client import LocalClient
from pathlib import Path
from tastegraph.serving.api.app import create_app
client = LocalClient(create_app(serving_world.open_engine(Path({str(tmp_path)!r}))))
assert client.post("/v1/recommendations", json={{"user_id": "western-1"}}).json()["items"]
assert not any(name.split(".")[0] == "torch" for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_concurrent_requests_are_all_answered(tmp_path: Path) -> None:
    app = create_app(serving_world.open_engine(tmp_path))

    async def statuses() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            body = {"user_id": "western-1"}
            requests = [client.post("/v1/recommendations", json=body) for _ in range(20)]
            event = {"user_id": "western-1", "item_id": "space-1"}
            requests += [client.post("/v1/events", json={"events": [event]}) for _ in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*requests)]

    assert asyncio.run(statuses()) == [200] * 40
