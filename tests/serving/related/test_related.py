"""Lists that know no user's taste, and what they say that two items have in common."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import Event, Fact, Item
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.related.similar import RelatedLists
from tastegraph.serving.stored import StoredRecords
from tests.support import serving_world
from tests.support.local_client import LocalClient


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def lists(engine: Engine) -> RelatedLists:
    return RelatedLists(engine)


def test_similar_items_are_of_the_same_taste_and_not_the_item_itself(lists: RelatedLists) -> None:
    items = lists.similar_items("western-1", 5).items
    assert {item.item_id for item in items} == {f"western-{k}" for k in (0, 2, 3, 4, 5)}
    assert [item.rank for item in items] == [1, 2, 3, 4, 5]
    assert [item.score for item in items] == sorted((i.score for i in items), reverse=True)


def test_every_reason_of_a_similar_item_is_true(engine: Engine, lists: RelatedLists) -> None:
    stated = {(fact.subject, fact.relation, fact.object) for fact in serving_world.FACTS}
    likes: dict[str, set[str]] = {}
    for event in serving_world.events():
        likes.setdefault(event.item_id, set()).add(event.user_id)
    kinds = set()
    for genre in ("western", "space"):
        for k in range(6):
            item_id = f"{genre}-{k}"
            for item in lists.similar_items(item_id, 10, reasons=4).items:
                assert len({reason.text for reason in item.reasons}) == len(item.reasons)
                for reason in item.reasons:
                    kinds.add(reason.kind)
                    steps = [(step.s, step.p, step.o) for step in reason.path]
                    assert set(steps) <= stated
                    ends = {end for s, _, o in steps for end in (s, o)}
                    if reason.kind == "knowledge":
                        assert {f"item:{item_id}", f"item:{item.item_id}"} <= ends
                    if reason.kind == "behaviour":
                        both = likes[item_id] & likes[item.item_id]
                        assert reason.support == len(both)
    assert {"knowledge", "behaviour"} <= kinds


def test_reasons_are_of_the_two_items_and_not_of_a_user(lists: RelatedLists) -> None:
    items = {item.item_id: item for item in lists.similar_items("western-2", 5).items}
    texts = [reason.text for reason in items["western-4"].reasons]
    assert "in common: director The western director" in texts
    assert not [text for text in texts if "you" in text]
    chinese = lists.similar_items("western-2", 5, language="zh").items
    assert any("共同点：" in reason.text for item in chinese for reason in item.reasons)
    (prequel,) = (
        item for item in lists.similar_items("western-1", 5).items if item.item_id == "western-0"
    )
    assert "Western No. 1 · prequel · Western No. 0" in [r.text for r in prequel.reasons]
    assert not any(item.reasons for item in lists.similar_items("western-2", 5, reasons=0).items)


def test_only_the_items_that_may_be_are_listed(engine: Engine, lists: RelatedLists) -> None:
    records = StoredRecords(engine)
    subset = {"western-3", "space-2", "none such"}
    items = lists.similar_items("western-1", 9, item_ids=subset).items
    assert [item.item_id for item in items][:1] == ["western-3"]
    assert {item.item_id for item in items} <= subset
    records.put_items([Item("western-3", "W", attributes={"hidden": ("true",)})])
    assert "western-3" not in {item.item_id for item in lists.similar_items("western-1", 9).items}
    assert "western-3" not in {item.item_id for item in lists.general("popular", 20).items}
    records.put_items([Item("western-3", "W")])
    assert "western-3" in {item.item_id for item in lists.general("popular", 20).items}
    with pytest.raises(NotFoundError, match="none such"):
        lists.similar_items("none such")


def test_popular_items_come_by_their_number_of_likers(engine: Engine, lists: RelatedLists) -> None:
    counts = engine.snapshot.model.popularity
    items = lists.general("popular", 13).items
    assert [item.score for item in items] == sorted(counts[counts > 0].tolist(), reverse=True)


def test_the_latest_come_first_to_the_second(engine: Engine, lists: RelatedLists) -> None:
    records, now = StoredRecords(engine), int(time.time())
    starts = {"space-0": now - 3, "space-1": now - 2, "space-2": now - 4, "space-3": now + 900}
    for item_id, start in starts.items():
        records.put_items([Item(item_id, "S", attributes={"available_from": (str(start),)})])
    items = lists.general("latest", 10).items
    assert [item.item_id for item in items] == ["space-1", "space-0", "space-2"]
    assert items[0].score == now - 2
    for item_id in starts:
        records.put_items([Item(item_id, "S")])


def test_similar_users_by_a_hand_computed_cosine(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    likes = {"ann": ["space-1", "space-2"], "bob": ["space-1"], "session:x": ["space-1"]}
    engine.record(
        [
            Event(f"{user}{item}", user, item, "like", None, 2000.0)
            for user, items in likes.items()
            for item in items
        ]
    )
    answer = RelatedLists(engine).similar_users("bob", 100)
    users = {user.user_id: user for user in answer.users}
    assert "bob" not in users
    assert "session:x" not in users
    model = engine.snapshot.model
    assert model.likers is not None

    def weight(item: str) -> float:
        row = engine.snapshot.item_rows.get(item)
        assert row is not None
        return math.log1p(model.likers.active / model.popularity[row])

    cosine = weight("space-1") / np.hypot(weight("space-1"), weight("space-2"))
    assert users["ann"].similarity == pytest.approx(cosine)
    assert (users["ann"].shared, users["ann"].text) == (1, "both like Space opera No. 1")
    assert all(user.user_id.startswith("space") or user.user_id == "ann" for user in answer.users)
    with pytest.raises(NotFoundError):
        RelatedLists(engine).similar_users("nobody")
    engine.close()


def test_trending_says_where_the_model_does_not_know(lists: RelatedLists) -> None:
    with pytest.raises(NotFoundError, match="lately"):
        lists.general("trending")


def test_the_routes_answer_with_the_same_lists(engine: Engine, lists: RelatedLists) -> None:
    with LocalClient(create_app(engine)) as client:
        similar = client.get("/v1/items/western-1/similar?n=3&reasons=1").json()
        assert similar == json.loads(
            lists.similar_items("western-1", 3, reasons=1).model_dump_json()
        )
        users = client.get("/v1/users/western-1/similar?n=3").json()["users"]
        assert [user["user_id"].split("-")[0] for user in users] == ["western"] * 3
        popular = client.get("/v1/lists/popular").json()["items"]
        assert [item["rank"] for item in popular] == list(range(1, 11))
        for path, status in {
            "items/none/similar": 404, "users/none/similar": 404, "lists/none": 422,
            "lists/trending": 404, "lists/latest": 200, "lists/popular?n=0": 422,
        }.items():  # fmt: skip
            assert client.get(f"/v1/{path}").status_code == status, path


def test_the_graph_is_looked_up_by_name_and_by_id(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        (genre, *_) = client.get("/v1/kg/entities?name=WESTERN").json()["entities"]
        assert genre == {
            "id": "genre:western", "name": "Western", "items": 7, "relations": ["genre"]
        }  # fmt: skip
        typo = client.get("/v1/kg/entities?name=the western directr").json()["entities"]
        assert [entity["id"] for entity in typo] == ["person:western-0"]
        edges = client.get("/v1/kg/neighbors?id=person:western-0&n=2").json()
        assert edges["total"] == 3
        assert all(
            edge["id"] in {f"item:western-{k}" for k in (0, 2, 4)} for edge in edges["edges"]
        )
        facts = client.get("/v1/kg/neighbors?id=item:western-1&n=9").json()["edges"]
        assert {"id": "item:western-0", "name": "Western No. 0", "phrase": "prequel",
                "relation": "prequel", "reverse": False} in facts  # fmt: skip
        assert client.get("/v1/kg/neighbors?id=none").status_code == 404
        assert client.get("/v1/kg/entities?name=nobody at all").json() == {"entities": []}


def test_the_neighbours_of_a_value_are_those_of_every_relation(tmp_path: Path) -> None:
    """By the id that the search and the edges of an item give."""
    values = [Fact(f"item:space-{k}", "year", "1968", literal=True) for k in range(3)]
    values += [Fact(f"item:space-{k}", "catalogue number", "1968", literal=True) for k in (1, 4)]
    facts = [*serving_world.FACTS, *values]
    world = (serving_world.ITEMS, facts, [], serving_world.events(), Config())
    serving_world.make(tmp_path, *world)
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine)) as client:
        of_item = client.get("/v1/kg/neighbors?id=item:space-0").json()["edges"]
        assert "1968" in [edge["id"] for edge in of_item if edge["relation"] == "year"]
        answer = client.get("/v1/kg/neighbors?id=1968").json()
        assert (answer["id"], answer["name"], answer["total"]) == ("1968", "1968", 5)
        edges = {(edge["relation"], edge["id"]) for edge in answer["edges"]}
        assert edges == {(fact.relation, fact.subject) for fact in values}
        assert all(edge["reverse"] for edge in answer["edges"])
        assert client.get("/v1/kg/neighbors?id=1969").status_code == 404
    engine.close()


def test_users_and_items_are_put_read_and_listed(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine)) as client:
        user = {"attributes": {"age": 24, "tags": ["a"]}, "comment": "new"}
        assert client.put("/v1/users/a/b", json=user).json() == {"user_id": "a/b", **user}
        assert client.get("/v1/users/a/b").json() == {"user_id": "a/b", **user}
        assert client.get("/v1/users/western-1").json()["attributes"] == {}
        assert client.get("/v1/users/nobody").status_code == 404
        names, after = [], ""
        while after is not None:
            page = client.get("/v1/users", params={"n": 6, "after": after}).json()
            names += [row["user_id"] for row in page["users"]]
            after = page["after"]
        assert names == sorted({event.user_id for event in serving_world.events()} | {"a/b"})
        client.delete("/v1/users/a/b")
        assert client.get("/v1/users/a/b").status_code == 404
        for k in range(3):
            client.put(f"/v1/items/i{k}", json={"title": f"Item {k}", "attributes": {"x": "1"}})
        page = client.get("/v1/items?n=2").json()
        assert [row["item_id"] for row in page["items"]] == ["i0", "i1"]
        assert page["items"][0]["attributes"] == {"x": ["1"]}
        rest = client.get("/v1/items", params={"n": 2, "after": page["after"]}).json()
        assert ([row["item_id"] for row in rest["items"]], rest["after"]) == (["i2"], None)
        assert [i["item_id"] for i in client.get("/v1/items?q=item 1").json()["items"]] == ["i1"]
    engine.close()
