"""Lists from the event log, against what a reader of the log would count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import Event, Item
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.related.log_lists import LogLists
from tastegraph.serving.stored import StoredRecords
from tests.support import serving_world
from tests.support.local_client import LocalClient

BASKETS = {
    "ann": ["space-0", "space-1", "space-1", "space-2"],
    "bob": ["space-0", "space-1"],
    "cem": ["space-0", "western-0"],
    "dan": ["space-2"],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    engine.record(
        [
            Event(f"{user}{k}", user, item, "purchase", None, 5000.0 + k)
            for user, items in BASKETS.items()
            for k, item in enumerate(items)
        ]
    )
    yield engine
    engine.close()


def ids(answer) -> list[str]:
    return [item.item_id for item in answer.items]


def test_what_was_bought_together_is_counted_by_buyers(engine: Engine) -> None:
    answer = LogLists(engine).bought_together("space-0", 5)
    assert ids(answer) == ["space-1", "space-2", "western-0"]
    assert [item.score for item in answer.items] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert [item.reasons[0].text for item in answer.items] == [
        "2 people bought both", "one person bought both", "one person bought both"
    ]  # fmt: skip
    assert ids(LogLists(engine).bought_together("western-5")) == []
    with pytest.raises(NotFoundError):
        LogLists(engine).bought_together("none")


def test_a_user_sees_what_was_bought_often_and_touched_lately(engine: Engine) -> None:
    lists = LogLists(engine)
    again = lists.buy_again("ann")
    assert ids(again) == ["space-1", "space-2", "space-0"]
    assert [item.score for item in again.items] == [2, 1, 1]
    engine.record([Event("v", "ann", "western-3", "view", None, 6000.0)])
    engine.record([Event("i", "ann", "western-4", "impression", None, 7000.0)])
    recent = lists.recently_viewed("ann", 3)
    assert ids(recent) == ["western-3", "space-2", "space-1"]
    assert recent.items[0].score == 6000.0
    StoredRecords(engine).put_items([Item("western-3", "W", attributes={"hidden": ("true",)})])
    assert ids(lists.recently_viewed("ann", 2)) == ["space-2", "space-1"]
    for call in (lists.buy_again, lists.recently_viewed):
        with pytest.raises(NotFoundError):
            call("nobody")


def test_an_audience_likes_the_like_and_does_not_have_the_item(engine: Engine) -> None:
    having = {e.user_id for e in serving_world.events() if e.item_id == "western-0"}
    audience = LogLists(engine).audience("western-0", 20)
    users = [user.user_id for user in audience.users]
    assert not having & set(users)
    assert "cem" not in users
    westerners = {f"western-{k}" for k in range(10)} - having
    assert set(users[: len(westerners)]) == westerners
    assert [u.score for u in audience.users] == sorted(u.score for u in audience.users)[::-1]
    likes = {e.item_id for e in serving_world.events() if e.user_id == users[0]}
    named = audience.users[0].text.removeprefix("likes ").split(", ")
    assert {f"western-{name[-1]}" for name in named} <= likes


def test_the_routes_answer_with_these_lists(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        paths = ("items/space-0/bought-together", "users/ann/buy-again", "users/ann/recent")
        for path in paths:
            assert client.get(f"/v1/{path}?n=1").json()["items"][0]["rank"] == 1, path
        assert client.get("/v1/items/space-0/audience?n=2").json()["users"]
        assert client.get("/v1/users/none/recent").status_code == 404
