"""The next page of a list: everything once, in pages, until nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tastegraph.core.errors import NotFoundError
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.serving.lists.next_page import NextPages
from tastegraph.serving.policies.policy import PolicyOptions
from tests.support import serving_world
from tests.support.local_client import LocalClient


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


def ids(answer) -> list[str]:
    return [item.item_id for item in answer.items]


def test_pages_are_the_whole_list_and_end_with_an_empty_one(engine: Engine) -> None:
    whole = ids(engine.recommend("western-1", 100))
    answer = engine.recommend_and_store("western-1", 4, ListOptions())
    pages = [ids(answer)]
    while answer.items:
        earlier, answer = answer, NextPages(engine).after(answer.recommendation_id)
        assert answer.after == earlier.recommendation_id
        pages.append(ids(answer))
    assert [item for page in pages for item in page] == whole
    assert [len(page) for page in pages[:2]] == [4, 4]
    assert answer.note == f"there are no further items: {len(whole)} stood in the lists before"
    assert not NextPages(engine).after(answer.recommendation_id).items


def test_policy_and_wishes_of_the_list_hold_in_its_pages(engine: Engine) -> None:
    policy = PolicyOptions(filter='genre = "Western"')
    answer = engine.recommend_and_store(
        "space-1", 3, ListOptions(policy=policy, steer="no Western No. 4")
    )
    following = NextPages(engine).after(answer.recommendation_id, 100)
    together = ids(answer) + ids(following)
    assert len(set(together)) == len(together)
    assert all(item.startswith(("western", "hostile")) for item in together)


def test_a_page_is_a_list_of_its_own_that_can_be_replayed(engine: Engine) -> None:
    answer = engine.recommend_and_store("space-1", 3, ListOptions(explore=0.5))
    following = NextPages(engine).after(answer.recommendation_id, 2)
    assert len(following.items) == 2
    assert ids(engine.replay(following.recommendation_id)) == ids(following)
    stored = engine.stored_list(following.recommendation_id)
    assert stored.request["after"] == answer.recommendation_id
    assert stored.request["earlier_items"] == ids(answer)


def test_a_session_goes_on_with_its_events(engine: Engine) -> None:
    events = serving_world.events()[:2]
    answer = engine.recommend_and_store(events, 2, ListOptions())
    following = NextPages(engine).after(answer.recommendation_id)
    assert following.personal
    assert not set(ids(answer)) & set(ids(following))


def test_an_erased_item_takes_the_pages_behind_it_with_it(engine: Engine) -> None:
    answer = engine.recommend_and_store("western-1", 2, ListOptions())
    following = NextPages(engine).after(answer.recommendation_id)
    engine.erase.item(ids(answer)[0])
    for recommendation_id in (answer.recommendation_id, following.recommendation_id):
        with pytest.raises(NotFoundError):
            NextPages(engine).after(recommendation_id)


def test_over_http(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine)) as client:
        first = client.post("/v1/recommendations", json={"user_id": "western-1", "n": 3}).json()
        path = f"/v1/recommendations/{first['recommendation_id']}/next"
        following = client.get(path, params={"n": 1000, "explain": "none"}).json()
        assert following["after"] == first["recommendation_id"]
        assert following["note"] is None
        assert not any(item["reasons"] for item in following["items"])
        listed = [item["item_id"] for item in (*first["items"], *following["items"])]
        assert len(set(listed)) == len(listed)
        last = client.get(f"/v1/recommendations/{following['recommendation_id']}/next").json()
        assert last["items"] == []
        assert last["note"].startswith("there are no further items")
        assert client.get("/v1/recommendations/none/next").status_code == 404
