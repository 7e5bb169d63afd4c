"""The routes of wishes and interests, as a client sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.local_client import LocalClient

FAN = "western-0"


@pytest.fixture
def client(tmp_path: Path):
    engine = serving_world.open_engine(tmp_path)
    yield LocalClient(create_app(engine))
    engine.close()


def genres(answer) -> set[str]:
    return {item["item_id"].split("-")[0] for item in answer.json()["items"]}


def test_a_wish_steers_and_its_chips_come_back_edited(client):
    body = {"user_id": FAN, "n": 5, "steer": "only space operas, zorp"}
    answer = client.post("/v1/recommendations", json=body)
    assert genres(answer) == {"space"}
    steer = answer.json()["steer"]
    assert [entry["words"] for entry in steer["ignored"]] == ["zorp"]
    (chip,) = steer["parsed"]
    turned = {**body, "steer": [{**chip, "direction": "never"}]}
    assert "space" not in genres(client.post("/v1/recommendations", json=turned))


def test_reading_a_wish_stores_nothing(client):
    answer = client.post("/v1/wishes", json={"steer": "不要 Western", "lang": "zh"})
    assert [chip["text"] for chip in answer.json()["parsed"]] == ["不要：Western"]
    interests = client.get(f"/v1/users/{FAN}/interests").json()["interests"]
    assert {entry["state"] for entry in interests} == {"inferred"}


def test_interests_are_edited_and_undone(client):
    place = f"/v1/users/{FAN}/interests"
    (western,) = [i for i in client.get(place).json()["interests"] if i["label"] == "Western"]
    one = f"{place}/{western['interest']}"
    muted = client.patch(one, json={"muted": True, "weight": 2})
    assert (muted.json()["state"], muted.json()["weight"]) == ("muted", 2)
    assert client.patch(one, json={"muted": True, "pinned": True}).status_code == 422
    assert client.patch(f"{place}/none", json={"muted": True}).status_code == 404
    assert client.get(one).json()["history"][0]["chip"]["direction"] == "less"
    assert client.post(f"{place}:undo").status_code == 200
    assert client.get(one).json()["state"] == "inferred"
    assert client.post(f"{place}:undo").status_code == 404
    added = client.post(place, json={"steer": "never space opera"})
    assert added.json()["interests"][0]["chip"]["duration"] == "always"
    (wished,) = [i for i in added.json()["interests"] if i["state"] == "wished"]
    assert client.delete(f"{place}/{wished['interest']}").json()["chip"] is None
    assert client.delete(place).status_code == 200


def test_a_chip_without_what_it_is_about_is_ignored_and_listed(client):
    for chip in (
        {"direction": "more", "kind": "entity"},
        {"direction": "more", "kind": "range", "relation": "year"},
        {"direction": "more", "kind": "novelty", "duration": "days"},
    ):
        steer = client.post("/v1/wishes", json={"steer": [chip]}).json()
        assert steer["parsed"] == []
        assert "needs" in steer["ignored"][0]["reason"]


def test_bad_chips_are_refused_by_name(client):
    for chip in (
        {"direction": "more", "kind": "novelty", "strength": 1e9},
        {"direction": "sideways", "kind": "novelty"},
    ):
        body = {"user_id": FAN, "steer": [chip]}
        answer = client.post("/v1/recommendations", json=body)
        assert answer.status_code == 422
        assert "steer" in str(answer.json())
    assert client.post("/v1/wishes", json={"steer": "x" * 501}).status_code == 422


def test_a_hostile_wish_comes_back_as_json_text(client):
    wish = "<img src=x onerror=alert(1)>\r\nX-Bad: 1 more Western"
    answer = client.post("/v1/wishes", json={"steer": wish})
    assert answer.headers["content-type"].startswith("application/json")
    assert "x-bad" not in answer.headers
    assert "Western" in [chip["label"] for chip in answer.json()["parsed"]]
