"""Gorse's routes, called by its public client ``pygorse`` unchanged, over a loopback service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gorse import AsyncGorse, Gorse, GorseException

from tastegraph.serving.api.app import create_app
from tastegraph.store.keys import KeyFile
from tests.support import serving_world
from tests.support.local_client import LocalClient

BOB = {"UserId": "bob", "Labels": {"gender": "M", "age": 24, "tags": ["a"]}, "Comment": "my user"}
VUE = {
    "ItemId": "vuejs:vue", "IsHidden": False, "Categories": ["framework"],
    "Timestamp": "2022-02-24T00:00:00Z", "Comment": "Vue.js framework",
    "Labels": {"language": "JavaScript", "topics": ["ui", "web"], "n": 24, "nested": {"a": [1]}},
}  # fmt: skip
TIMES = [f"2022-02-{day}T00:00:00Z" for day in range(24, 29)]


def feedback(kind: str, user: str, item: str, day: int = 0, **more: Any) -> dict[str, Any]:
    return {"FeedbackType": kind, "UserId": user, "ItemId": item, "Value": 0,
            "Timestamp": TIMES[day], **more}  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_world.served(tmp_path_factory.mktemp("world")) as (url, _):
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Gorse:
    return Gorse(url, "a key that nobody needs on loopback", timeout=60)


def refused(error: pytest.ExceptionInfo[GorseException], status: int, *words: str) -> None:
    assert error.value.status_code == status
    assert not [word for word in words if word not in error.value.message], error.value.message


def pages(read: Any, n: int) -> list[dict[str, Any]]:
    rows, cursor = [], ""
    while True:
        page, cursor = read(n, cursor)
        assert len(page) <= n
        rows += page
        if not cursor:
            return rows


# Users.


def test_a_user_comes_back_as_it_was_put(client: Gorse) -> None:
    assert client.insert_user(BOB) == {"RowAffected": 1}
    assert client.get_user("bob") == BOB
    assert client.insert_user({**BOB, "Comment": "another"})["RowAffected"] == 1
    assert client.get_user("bob")["Comment"] == "another"
    assert client.delete_user("bob") == {"RowAffected": 1}
    with pytest.raises(GorseException) as error:
        client.get_user("bob")
    refused(error, 404, "'bob'")


def test_users_are_listed_by_page_with_those_of_events(client: Gorse) -> None:
    users = [{"UserId": f"u{k}", "Labels": None, "Comment": ""} for k in range(7)]
    assert client.insert_users(users) == {"RowAffected": 7}
    names = [user["UserId"] for user in pages(client.get_users, 3)]
    assert names == sorted(names)
    assert len(set(names)) == len(names)
    assert {"western-0", "space-9", *(user["UserId"] for user in users)} <= set(names)


# Items.


def test_an_item_comes_back_as_it_was_put(client: Gorse) -> None:
    assert client.insert_item(VUE) == {"RowAffected": 1}
    assert client.get_item("vuejs:vue") == VUE
    client.update_item("vuejs:vue", is_hidden=True, comment="hidden")
    assert client.get_item("vuejs:vue") == {**VUE, "IsHidden": True, "Comment": "hidden"}
    client.update_item("vuejs:vue", is_hidden=False, categories=["a", "b"], labels=["x", "y"])
    assert client.get_item("vuejs:vue") == {
        **VUE, "Comment": "hidden", "Categories": ["a", "b"], "Labels": ["x", "y"]
    }  # fmt: skip
    client.update_item("vuejs:vue", timestamp="2023-01-01T00:00:00.25Z")
    assert client.get_item("vuejs:vue")["Timestamp"] == "2023-01-01T00:00:00.25Z"
    assert client.delete_item("vuejs:vue") == {"RowAffected": 1}
    for call in (client.get_item, client.update_item):
        with pytest.raises(GorseException) as error:
            call("vuejs:vue")
        refused(error, 404, "vuejs:vue")


@pytest.mark.parametrize(
    "labels",
    [None, {}, ["a"], ["a", "b"], {"labels": ["a", "b"]}, {"title": "T"}, {"item_id": "x"},
     {"embedding": [0.1] * 20}, {"n": 1, "s": "1"}, {"b": True}, {"one": ["x"]}, "text", [1, 2]],
)  # fmt: skip
def test_any_labels_come_back(client: Gorse, labels: Any) -> None:
    client.insert_item({**VUE, "ItemId": "labelled", "Labels": labels})
    assert client.get_item("labelled")["Labels"] == labels


def test_items_are_listed_by_page_and_found_by_words(client: Gorse, url: str) -> None:
    items = [{**VUE, "ItemId": f"i{k}", "Comment": f"The {k}th of them"} for k in range(5)]
    answer = httpx.post(f"{url}/api/items", json=items)
    assert answer.json() == {"RowAffected": 5}
    names = [item["ItemId"] for item in pages(client.get_items, 2)]
    assert names == sorted(names)
    assert {f"i{k}" for k in range(5)} <= set(names)
    assert [item["ItemId"] for item in client.search_items("the 3TH")] == ["i3"]
    assert client.search_items("100%") == []


def test_categories_are_added_and_taken_back(client: Gorse, url: str) -> None:
    client.insert_item({**VUE, "ItemId": "sorted"})
    path = f"{url}/api/item/sorted/category/news"
    for _ in range(2):
        assert httpx.put(path).json() == {"RowAffected": 1}
    assert client.get_item("sorted")["Categories"] == ["framework", "news"]
    httpx.delete(path)
    assert client.get_item("sorted")["Categories"] == ["framework"]


# Feedback.


def test_feedback_comes_back_as_it_was_put(client: Gorse) -> None:
    rows = [feedback("star", "carol", f"western-{k}", k) for k in range(3)]
    assert client.insert_feedbacks(rows) == {"RowAffected": 3}
    assert client.list_feedbacks("star", "carol") == rows[::-1]
    assert client.list_feedbacks("read", "carol") == []
    assert client.delete_feedback("carol", "western-0") == {"RowAffected": 1}
    assert client.list_feedbacks("star", "carol") == rows[:0:-1]
    assert client.delete_feedback("carol", "western-0") == {"RowAffected": 0}


def test_values_of_a_pair_add_up_and_the_same_feedback_counts_once(client: Gorse, url: str) -> None:
    for day in (0, 1, 1):
        client.insert_feedback("read", "dora", "space-1", TIMES[day], value=2)
    assert client.list_feedbacks("read", "dora") == [
        feedback("read", "dora", "space-1", 1, Value=4)
    ]
    row = feedback("read", "dora", "space-1", 2, Value=9)
    assert httpx.put(f"{url}/api/feedback", json=[row]).json() == {"RowAffected": 1}
    assert client.list_feedbacks("read", "dora") == [row]
    client.insert_feedback("star", "dora", "space-1", TIMES[3])
    assert len(httpx.get(f"{url}/api/feedback/dora/space-1").json()) == 2
    path = f"{url}/api/feedback/star/dora/space-1"
    assert httpx.get(path).json()["Timestamp"] == TIMES[3]
    assert httpx.delete(path).json() == {"RowAffected": 1}
    assert httpx.get(path).status_code == 404
    assert client.list_feedbacks("read", "dora") == [row]


def test_all_feedback_is_listed_by_page(client: Gorse, url: str) -> None:
    rows = pages(client.get_feedbacks, 7)
    assert len(rows) >= 80
    assert len({(r["FeedbackType"], r["UserId"], r["ItemId"]) for r in rows}) == len(rows)
    typed, cursor = [], ""
    while True:
        answer = httpx.get(f"{url}/api/feedback/rating", params={"n": 9, "cursor": cursor}).json()
        typed += answer["Feedback"]
        cursor = answer["Cursor"]
        if not cursor:
            break
    assert typed == [row for row in rows if row["FeedbackType"] == "rating"]
    on_item = httpx.get(f"{url}/api/item/western-1/feedback").json()
    assert sorted(map(str, on_item)) == sorted(
        str(row) for row in rows if row["ItemId"] == "western-1"
    )
    assert httpx.get(f"{url}/api/item/western-1/feedback/rating").json()
    assert httpx.get(f"{url}/api/user/western-1/feedback").json()


def test_an_unknown_type_is_reported_and_nothing_is_stored(client: Gorse) -> None:
    rows = [feedback("star", "erin", "space-1"), feedback("fork", "erin", "space-2")]
    with pytest.raises(GorseException) as error:
        client.insert_feedbacks(rows)
    refused(error, 400, "entry 2", "'fork'", "[gorse] types", "[events.weights] fork")
    assert client.list_feedbacks("star", "erin") == []
    with pytest.raises(GorseException) as error:
        client.insert_feedback("star", "", "space-1", "the other day")
    refused(error, 400, "entry 1", "UserId")


# Lists.


def test_recommendations_have_scores_and_pages(client: Gorse, url: str) -> None:
    first = client.get_recommend("western-1", n=2)
    rest = client.get_recommend("western-1", n=3, offset=1)
    assert [item.id for item in first][1] == rest[0].id
    assert first[0].score > first[1].score
    ids = httpx.get(f"{url}/api/recommend/western-1", params={"n": 2}).json()
    assert ids == [item.id for item in first]
    assert not {"western-1", "western-2", "western-3", "western-4"} & set(ids)


def test_a_list_in_a_category_is_whole_if_there_are_enough_items(client: Gorse, url: str) -> None:
    for k in (1, 5):
        categories = ["odd", "far"] if k == 5 else ["odd"]
        client.insert_item({**VUE, "ItemId": f"space-{k}", "Categories": categories})
    assert {item.id for item in client.get_recommend("western-3", "odd", n=2)} == {
        "space-1", "space-5"
    }  # fmt: skip
    both = f"{url}/api/recommend/western-3?category=odd&category=far"
    assert httpx.get(both).json() == ["space-5"]
    assert client.get_recommend("western-3", "none such") == []
    session = [feedback("star", "", "western-1")]
    answer = httpx.post(f"{url}/api/session/recommend/far", json=session).json()
    assert [score["Id"] for score in answer] == ["space-5"]


def test_feedback_counts_in_the_next_list(client: Gorse) -> None:
    client.insert_feedbacks([feedback("star", "fay", f"space-{k}", k) for k in range(3)])
    assert {item.id for item in client.get_recommend("fay", n=3)} == {
        "space-3", "space-4", "space-5"
    }  # fmt: skip


def test_write_back_leaves_the_items_out_of_the_next_list(client: Gorse) -> None:
    first = {item.id for item in client.get_recommend("space-2", n=2, write_back_type="read")}
    assert {row["ItemId"] for row in client.list_feedbacks("read", "space-2")} == first
    assert not first & {item.id for item in client.get_recommend("space-2", n=10)}
    with pytest.raises(GorseException) as error:
        client.get_recommend("space-2", write_back_type="read", write_back_delay="10m")
    refused(error, 400, "write-back-delay")


def test_a_session_gets_a_list_without_being_stored(client: Gorse) -> None:
    rows = [feedback("star", "", f"western-{k}", k) for k in range(3)]
    scores = client.session_recommend(rows, n=3)
    assert {score["Id"] for score in scores} == {"western-3", "western-4", "western-5"}
    assert scores == sorted(scores, key=lambda score: -score["Score"])


def test_neighbours_of_items_and_users(client: Gorse, url: str) -> None:
    scores = client.get_neighbors("western-2", n=3)
    assert len(scores) == 3
    assert client.get_neighbors("western-2", n=2, offset=1) == scores[1:]
    for path in ("item-to-item/any/western-2?n=3", "item/western-2/neighbors/?n=3"):
        assert httpx.get(f"{url}/api/{path}").json() == scores
    client.insert_item({**VUE, "ItemId": "western-4", "Categories": ["near"]})
    near = httpx.get(f"{url}/api/item/western-2/neighbors/near").json()
    assert [score["Id"] for score in near] == ["western-4"]
    assert near == httpx.get(f"{url}/api/item-to-item/x/western-2?category=near").json()
    users = httpx.get(f"{url}/api/user/western-8/neighbors?n=3").json()
    assert {user["Id"].split("-")[0] for user in users} == {"western"}
    assert users == httpx.get(f"{url}/api/user-to-user/any/western-8?n=3").json()
    with pytest.raises(GorseException) as error:
        client.get_neighbors("none such")
    refused(error, 404, "none such")


def test_lists_for_everybody(client: Gorse, url: str) -> None:
    popular = httpx.get(f"{url}/api/popular?n=20").json()
    assert popular == httpx.get(f"{url}/api/non-personalized/popular?n=20").json()
    assert popular == sorted(popular, key=lambda score: -score["Score"])
    read = {row["ItemId"] for row in httpx.get(f"{url}/api/user/western-7/feedback").json()}
    unread = httpx.get(f"{url}/api/popular?n=20&user-id=western-7").json()
    assert [score for score in popular if score["Id"] not in read] == unread
    for item, day in {"space-0": "01", "space-1": "03", "space-2": "02"}.items():
        timestamp = f"2024-01-{day}T00:00:00Z"
        client.insert_item({**VUE, "ItemId": item, "Timestamp": timestamp, "Categories": ["dated"]})
    latest = httpx.get(f"{url}/api/latest/dated?n=2").json()
    assert [score["Id"] for score in latest] == ["space-1", "space-2"]
    missing = httpx.get(f"{url}/api/non-personalized/best")
    assert (missing.status_code, "popular" in missing.text) == (404, True)
    scores = httpx.get(f"{url}/api/collaborative-filtering/western-6?n=2").json()
    assert [score["Id"] for score in scores] == [
        item.id for item in client.get_recommend("western-6", n=2)
    ]


# The rest.


def test_the_async_client_works_too(url: str) -> None:
    async def run() -> None:
        client = AsyncGorse(url, "key")
        await client.insert_user({**BOB, "UserId": "gil"})
        await client.insert_feedback("star", "gil", "western-1", TIMES[0])
        assert [row["ItemId"] for row in await client.list_feedbacks("star", "gil")] == [
            "western-1"
        ]
        assert await client.get_recommend("gil", n=1)
        assert await client.delete_user("gil") == {"RowAffected": 1}

    asyncio.run(run())


def test_health_and_errors_are_in_the_shapes_of_gorse(url: str) -> None:
    for name in ("live", "ready"):
        health = httpx.get(f"{url}/api/health/{name}").json()
        assert health == {
            "Ready": True, "DataStoreError": None, "CacheStoreError": None,
            "DataStoreConnected": True, "CacheStoreConnected": True,
        }  # fmt: skip
    for path in ("recommend/x?n=0", "users?cursor=!", "items?cursor=WzFd", "feedback?n=x"):
        answer = httpx.get(f"{url}/api/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (
            400, "text/plain; charset=utf-8"
        ), path  # fmt: skip
        assert answer.text
    assert httpx.get(f"{url}/api/nothing").status_code == 404
    assert httpx.post(f"{url}/api/item", content="{").status_code == 400


def test_keys_and_scopes_hold_here_too(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    secret = KeyFile(tmp_path).add("reader", ["read"])
    with LocalClient(create_app(engine)) as client:
        path, key = "/api/recommend/western-1", {"X-API-Key": secret}
        assert client.get(path).status_code == 401
        assert client.get("/api/health/live").status_code == 200
        assert client.get(path, headers=key).status_code == 200
        row = [feedback("star", "western-1", "space-1")]
        for answer in (
            client.post("/api/feedback", json=row, headers=key),
            client.get(f"{path}?write-back-type=read", headers=key),
            client.delete("/api/user/western-1", headers=key),
        ):
            assert answer.status_code == 403
            assert "'write'" in answer.text
