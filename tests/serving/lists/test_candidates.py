"""Ranking of candidates that the caller names: the order of lists, and what is left out."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.records import Event
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine, ListOptions
from tests.support import serving_world
from tests.support.local_client import LocalClient

USER = "western-1"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return serving_world.open_engine(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def client(engine: Engine) -> LocalClient:
    return LocalClient(create_app(engine), raise_server_exceptions=False)


def ranked(client: LocalClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/rank", json={"user_id": USER, **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_candidates_stand_as_in_the_list_of_all(client: LocalClient, data: st.DataObject) -> None:
    body = {"user_id": USER, "n": 100, "exclude": "none"}
    whole = ids(client.post("/v1/recommendations", json=body).json())
    candidates = data.draw(st.lists(st.sampled_from(whole), min_size=1, max_size=20))
    answer = ranked(client, item_ids=candidates)
    assert ids(answer) == [item_id for item_id in whole if item_id in candidates]
    assert answer["left_out"] == []


def test_what_has_no_place_is_named_with_the_cause(client: LocalClient) -> None:
    candidates = ["western-0", "western-1", "no such item", "space-1", "western-5"]
    answer = ranked(client, item_ids=candidates, exclude="seen", filter='genre = "western"')
    causes = {entry["item_id"]: entry["cause"] for entry in answer["left_out"]}
    assert causes == {"western-1": "seen", "no such item": "unknown", "space-1": "no_place"}
    assert sorted(ids(answer)) == ["western-0", "western-5"]
    short = ranked(client, item_ids=["western-0", "western-5"], n=1)
    assert [entry["cause"] for entry in short["left_out"]] == ["no_place"]


def test_an_item_that_was_seen_by_the_name_of_its_entity_is_seen(engine: Engine) -> None:
    session = [Event("e", "", entity_id="item:western-1", type="like", timestamp=1.0)]
    options = ListOptions(candidates=("western-1", "western-2"))
    answer = engine.recommend_and_store(session, 2, options)
    assert [item.item_id for item in answer.items] == ["western-2"]
    assert [(entry.item_id, entry.cause) for entry in answer.left_out] == [("western-1", "seen")]


def test_a_ranking_is_stored_and_replayed(client: LocalClient) -> None:
    answer = ranked(client, item_ids=["space-1", "western-0"], explore=0.0)
    place = f"/v1/recommendations/{answer['recommendation_id']}"
    for _ in range(100):
        if client.get(place).status_code == 200:
            break
        time.sleep(0.02)
    assert ids(client.get(f"{place}/replay").json()) == ids(answer)


@pytest.mark.parametrize("candidates", [[], ["x"] * 1001, None, [""]])
def test_wrong_candidates_are_refused(client: LocalClient, candidates: object) -> None:
    answer = client.post("/v1/rank", json={"user_id": USER, "item_ids": candidates})
    assert answer.status_code == 422
