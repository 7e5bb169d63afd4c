"""Ids in paths: what is percent-encoded belongs to the id, whatever its end looks like."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.paths import escape_slashes, unescaped
from tests.support import serving_world
from tests.support.local_client import LocalClient

ENDINGS = ["interests", "interests/a", "profile", "recent", "buy-again", "similar", "export"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalClient]:
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    with LocalClient(create_app(engine)) as client:
        yield client


def likes(client: LocalClient, user_id: str) -> None:
    event = {"user_id": user_id, "item_id": "western-0", "type": "like"}
    assert client.post("/v1/events", json={"events": [event]}).status_code == 200


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_user_whose_id_ends_like_a_route_can_be_read_and_erased(client, ending):
    eva, other = "eva", f"eva/{ending}"
    for user_id in (eva, other):
        likes(client, user_id)
    path = f"/v1/users/{quote(other, safe='')}"
    assert client.get(path).json()["user_id"] == other
    assert client.get(f"{path}/profile").json()["user_id"] == other
    assert client.delete(path).json()["events"] == 1
    assert client.get(f"{path}/profile").status_code == 404
    assert client.get("/v1/users/eva/profile").json()["user_id"] == eva
    assert client.delete("/v1/users/eva").json()["events"] == 1


def test_slashes_as_they_are_still_name_a_user_where_no_route_goes_on(client):
    likes(client, "a/b")
    assert client.get("/v1/users/a/b").json()["user_id"] == "a/b"
    assert client.get("/v1/users/a/b/interests").json()["user_id"] == "a/b"
    assert client.delete("/v1/users/a/b").json()["events"] == 1


def test_gorse_clients_may_have_slashes_in_ids(client):
    likes(client, "g/h%2Fi")
    assert client.get(f"/api/user/{quote('g/h%2Fi', safe='')}").json()["UserId"] == "g/h%2Fi"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1).filter(
    lambda text: text.strip() and text not in (".", "..")))  # fmt: skip
def test_every_id_comes_as_it_was_encoded(client, user_id):
    answer = client.get(f"/v1/users/{quote(user_id, safe='')}/interests")
    assert answer.json()["user_id"] == user_id


@given(st.text(), st.text())
def test_escapes_are_undone_exactly(first, second):
    names = [text.encode("utf-8", "replace").decode() for text in (first, second)]
    quoted = "/".join(quote(name, safe="") for name in names)
    scope = {"raw_path": quoted.encode(), "path": "/".join(names)}
    escape_slashes(scope)
    if "%2" in quoted:
        segments = scope["path"].split("/")
        assert [unescaped({"id": segment})["id"] for segment in segments] == names
    else:
        assert scope["path"] == "/".join(names)
