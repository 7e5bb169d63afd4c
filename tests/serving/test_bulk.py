"""Many records at once over HTTP, lists of many users, export of a user, undo of an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tastegraph.serving.api import batch as batch_api
from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[LocalClient]:
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine)) as client:
        yield client


def lines(*rows: object) -> bytes:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()


def batch(client: LocalClient, **body) -> list[dict]:
    answer = client.post("/v1/recommendations:batch", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


# Bulk.


def test_items_come_a_line_each_and_wrong_lines_are_named(client: LocalClient) -> None:
    body = lines(
        {"item_id": "new-1", "title": "One", "attributes": {"genre": "Western"}},
        "",
        "{broken",
        {"item_id": "new-2", "titel": "Two"},
        {"item_id": "new-3", "available_from": "never"},
        {"title": "without an id"},
        {"item_id": "new-4", "title": "Four"},
    )
    answer = client.post("/v1/items:bulk", content=body, headers=NDJSON).json()
    assert answer["accepted"] == 2
    assert [(row["index"], row["code"]) for row in answer["rejected"]] == [
        (2, "bad_request"), (3, "unknown_field"), (4, "invalid_value"), (5, "missing"),
    ]  # fmt: skip
    assert all(row["message"] for row in answer["rejected"])
    stored = client.get("/v1/items", params={"after": "new"}).json()["items"]
    assert [item["item_id"] for item in stored[:2]] == ["new-1", "new-4"]


def test_users_come_a_line_each(client: LocalClient) -> None:
    body = lines({"user_id": "ann", "attributes": {"age": 30}}, {"user_id": "western-1"})
    answer = client.post("/v1/users:bulk", content=body, headers=NDJSON).json()
    assert answer == {"accepted": 2, "rejected": []}
    assert client.get("/v1/users/ann").json()["attributes"] == {"age": 30}


def test_a_body_without_a_valid_line_is_refused(client: LocalClient) -> None:
    answer = client.post("/v1/users:bulk", content=lines({"user_id": ""}, 7), headers=NDJSON)
    problem = assert_problem(answer, 422, "invalid_request")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/0", "/1"]
    empty = client.post("/v1/users:bulk", content=b"\n \n", headers=NDJSON)
    assert empty.json() == {"accepted": 0, "rejected": []}


def test_too_many_lines_are_refused(client: LocalClient) -> None:
    body = b'{"user_id": "a"}\n' * 10_001
    answer = client.post("/v1/users:bulk", content=body, headers=NDJSON)
    assert_problem(answer, 413, "body_too_large")


# Lists of many users.


def test_each_line_is_the_list_of_a_user_and_the_last_says_that_it_is_whole(
    client: LocalClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_api, "USERS_AT_ONCE", 3)
    names = ["western-1", "nobody", "space-2", "western-1", "session:1", "western-4"]
    *answers, end = batch(client, users=names, n=3, explain="reasons")
    assert [answer["user_id"] for answer in answers] == names
    assert [answer.get("skipped") for answer in answers] == [
        None, "unknown", None, "repeated", "session", None,
    ]  # fmt: skip
    alone = client.post("/v1/recommendations", json={"user_id": "space-2", "n": 3}).json()["items"]
    assert [i["item_id"] for i in answers[2]["items"]] == [i["item_id"] for i in alone]
    assert answers[2]["items"][0]["reasons"]
    assert end == {
        "lists": 3, "skipped": {"unknown": 1, "repeated": 1, "session": 1},
        "snapshot": "000001", "model": "000001", "graph": "000001",
    }  # fmt: skip


def test_without_users_everybody_has_a_list(client: LocalClient) -> None:
    *answers, end = batch(client, n=2, filter='genre = "Western"')
    assert [answer["user_id"] for answer in answers] == sorted(
        f"{genre}-{number}" for genre in serving_world.GENRES for number in range(10)
    )
    assert end["lists"] == 20
    assert all(i["item_id"][0] in "wh" for answer in answers for i in answer["items"])


def test_a_batch_that_cannot_be_made_is_refused_before_it_begins(client: LocalClient) -> None:
    answer = client.post("/v1/recommendations:batch", json={"filter": "genre >"})
    assert_problem(answer, 422, "invalid_filter")


# Export and undo.


def test_export_has_all_that_is_stored_of_a_user_and_nothing_after_erasure(
    client: LocalClient,
) -> None:
    click = {"event_id": "c1", "user_id": "ann", "item_id": "space-1", "type": "like"}
    client.post("/v1/events", json={"events": [click]})
    client.put("/v1/users/ann", json={"attributes": {"city": "Graz"}, "comment": "friend"})
    listed = client.post("/v1/recommendations", json={"user_id": "ann", "n": 2}).json()
    client.post("/v1/users/ann/interests", json={"steer": "never Western"})
    client.delete("/v1/users/ann/interests")
    client.get(f"/v1/recommendations/{listed['recommendation_id']}/next")
    export = client.get("/v1/users/ann/export").json()
    assert (export["attributes"], export["comment"]) == ({"city": "Graz"}, "friend")
    assert [(e["event_id"], e["item_id"], e["type"]) for e in export["events"]] == [
        ("c1", "space-1", "like")
    ]
    assert len(export["lists"]) == 2
    assert export["lists"][0]["recommendation_id"] == listed["recommendation_id"]
    assert [wish["chip"] is None for wish in export["wishes"]] == [True, False]
    assert export["interests"]
    assert client.delete("/v1/users/ann").status_code == 200
    assert client.get("/v1/users/ann/export").status_code == 404


def test_export_of_a_user_of_whom_nothing_is_stored_is_not_found(client: LocalClient) -> None:
    assert_problem(client.get("/v1/users/nobody/export"), 404, "not_found")


def test_an_event_can_be_taken_back(client: LocalClient) -> None:
    def recommended() -> list[str]:
        answer = client.post("/v1/recommendations", json={"user_id": "ann", "n": 3}).json()
        return [item["item_id"] for item in answer["items"]]

    before = recommended()
    events = [
        {"event_id": f"s/{k}", "user_id": "ann", "item_id": f"space-{k}", "type": "like"}
        for k in range(2)
    ]
    client.post("/v1/events", json={"events": events})
    assert recommended() != before
    for event in events:
        answer = client.delete(f"/v1/events/{event['event_id']}")
        assert answer.json() == {"event_id": event["event_id"]}
    assert recommended() == before
    assert_problem(client.delete("/v1/events/s/0"), 404, "not_found")
    assert client.get("/v1/users/ann/export").json()["events"] == []
    receipt = client.post("/v1/events", json={"events": events}).json()
    assert receipt["accepted"] == 2
