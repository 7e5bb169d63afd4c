"""Events on entities while serving: they count at once, and no list has an entity."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastegraph.core.records import ENTITY, Event
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.workspace import Workspace
from tests.support import serving_world
from tests.support.local_client import LocalClient

DIRECTOR = "person:western-0"
ITS_FILMS = {"western-0", "western-2", "western-4"}
OF_GENRE = {f"western-{k}" for k in range(6)}
ALL_ITEMS = {item.item_id for item in serving_world.ITEMS}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def client(engine: Engine) -> Iterator[LocalClient]:
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client


def opinion(user: str, entity: str, kind: str = "like", value: float | None = None) -> Event:
    return Event(f"{user}-{entity}-{kind}", user, "", kind, value, 5000.0, entity_id=entity)


def scores(engine: Engine, user: str | list[Event]) -> dict[str, float]:
    return {item: engine.explain(user, item).score for item in ALL_ITEMS}


def sums_to_score(engine: Engine, user: str) -> None:
    for item in ALL_ITEMS:
        explanation = engine.explain(user, item)
        shares = sum(reason.share for reason in explanation.reasons)
        assert shares == pytest.approx(explanation.score, abs=1e-5)


def test_a_new_user_with_a_like_of_a_director_gets_that_directors_films(engine: Engine) -> None:
    engine.record([opinion("new", DIRECTOR)])
    answer = engine.recommend("new", 5)
    assert answer.personal
    assert not answer.stranger
    assert {item.item_id for item in answer.items[:3]} == ITS_FILMS
    first = answer.items[0].reasons[0]
    assert first.text == "because you like the director *The western director*"
    assert (first.entity, first.item_id) == (DIRECTOR, None)
    (step,) = first.path
    assert step.o == DIRECTOR
    sums_to_score(engine, "new")


def test_the_reason_is_put_into_chinese(engine: Engine) -> None:
    engine.record([opinion("new", DIRECTOR)])
    (first, *_) = engine.recommend("new", 1, language="zh").items[0].reasons
    assert first.text == "因为你喜欢导演 The western director"


def test_a_dislike_lowers_what_is_tied_to_the_entity_and_nothing_else(engine: Engine) -> None:
    before = scores(engine, "western-1")
    engine.record([opinion("western-1", DIRECTOR, "dislike")])
    after = scores(engine, "western-1")
    changes = {item: after[item] - before[item] for item in ALL_ITEMS}
    lowered = {item for item in ALL_ITEMS if changes[item] == min(changes.values())}
    assert lowered <= ITS_FILMS
    assert max(changes[item] for item in ITS_FILMS) < min(
        changes[item] for item in ALL_ITEMS - ITS_FILMS
    )
    sums_to_score(engine, "western-1")


def test_a_low_rating_counts_against_an_entity(engine: Engine) -> None:
    engine.record([opinion("low", DIRECTOR, "rating", 1.0), opinion("low", "genre:space")])
    of_films = scores(engine, "low")
    assert max(of_films[item] for item in ITS_FILMS) < 0
    assert min(of_films[item] for item in ALL_ITEMS if item.startswith("space")) > 0


def test_three_entities_and_items_are_one_history(engine: Engine) -> None:
    engine.record([
        opinion("mixed", DIRECTOR), opinion("mixed", "genre:western"),
        opinion("mixed", "nobody knows"),
        Event("film", "mixed", "western-1", "like", None, 5001.0),
    ])  # fmt: skip
    listed = [item.item_id for item in engine.recommend("mixed", 20).items]
    assert set(listed) == ALL_ITEMS - {"western-1"}
    assert set(listed[:3]) == ITS_FILMS
    sums_to_score(engine, "mixed")


def test_the_profile_has_the_event_and_the_interest(engine: Engine) -> None:
    engine.record([opinion("new", DIRECTOR)])
    profile = engine.profile("new")
    (event,) = profile.events
    assert (event.entity, event.item_id, event.did) == (DIRECTOR, "", "liked")
    assert event.title == "The western director"
    (interest,) = profile.interests
    assert (interest.node, interest.stated, interest.direct) == (DIRECTOR, True, 1)
    assert interest.strength > 0


def test_a_session_may_have_events_on_entities(engine: Engine) -> None:
    session = [opinion("session", DIRECTOR)]
    assert {item.item_id for item in engine.recommend(session, 3).items} == ITS_FILMS


def test_a_stored_list_of_a_session_is_replayed(engine: Engine) -> None:
    answer = engine.recommend_and_store([opinion("session", DIRECTOR)], 3, ListOptions())
    engine._committer.close()
    del vars(engine)["_committer"]
    replayed = engine.replay(answer.recommendation_id)
    assert [item.item_id for item in replayed.items] == [item.item_id for item in answer.items]


def test_an_entity_that_is_an_item_is_that_item(engine: Engine) -> None:
    engine.record([opinion("fan", "item:western-1")])
    assert "western-1" not in {i.item_id for i in engine.recommend("fan", 20).items}
    assert engine.explain("fan", "western-1").seen


def test_events_on_items_alone_are_scored_as_ever(engine: Engine) -> None:
    """The rows of nodes behind the items change no score."""
    snapshot = engine._view("western-1").snapshot
    history = engine._view("western-1").user().scored.history
    plain = {
        name: component.kernel.row(history.items, component.attention(history))
        for name, component in snapshot.model.similarities.items()
    }
    ranked = snapshot.model.rank(history)
    for name, (_, standardised) in ranked.component_scores.items():
        (spread,) = snapshot.model.inverse_spread(plain[name][None, :])
        np.testing.assert_allclose(standardised, spread * plain[name], rtol=1e-5)


# Over HTTP


def send(client: LocalClient, *events: object) -> Any:
    return client.post("/v1/events", json={"events": events})


def test_events_on_entities_are_stored_over_http(client: LocalClient) -> None:
    one = {"user_id": "http", "entity": DIRECTOR, "type": "like"}
    assert send(client, one, {**one, "entity": None, "entity_id": "genre:western"}).json() == {
        "accepted": 2, "duplicates": 0, "rejected": [],
    }  # fmt: skip
    answer = client.post("/v1/recommendations", json={"user_id": "http", "n": 3}).json()
    assert {item["item_id"] for item in answer["items"]} <= OF_GENRE | {"hostile"}
    history = client.get("/v1/users/http/profile").json()["events"]
    assert {event["entity"] for event in history} == {DIRECTOR, "genre:western"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_event_on_both_or_neither_is_refused(client: LocalClient, lang: str) -> None:
    both = {"user_id": "u", "item_id": "western-1", "entity": DIRECTOR}
    answer = client.post("/v1/events", json={"events": [both], "lang": lang})
    assert answer.status_code == 422
    expected = "not both" if lang == "en" else "只能有一个"
    assert expected in answer.json()["errors"][0]["message"]
    neither = client.post("/v1/events", json={"events": [{"user_id": "u"}], "lang": lang})
    assert neither.status_code == 422


def test_an_entity_of_a_snapshot_is_no_item_over_http(client: LocalClient) -> None:
    body = {"user_id": "western-1", "item_id": f"{ENTITY}{DIRECTOR}"}
    assert client.post("/v1/explanations", json=body).status_code in (404, 422)


def test_erasing_a_user_erases_what_they_said_of_entities(engine: Engine) -> None:
    engine.record([opinion("gone", DIRECTOR)])
    assert engine.erase.user("gone").events == 1
    assert not engine.recommend("gone", 3).personal


# After the next build


@pytest.fixture(scope="module")
def rebuilt(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The cinema, built with events on its directors and genres."""
    directory = tmp_path_factory.mktemp("entities") / "cinema"
    shutil.copytree(built, directory)
    workspace = Workspace(directory)
    fans = [f"{genre}-fan-{k}" for genre in ("western", "space") for k in range(10)]
    new_events = [opinion(fan, f"person:{fan.split('-')[0]}-0") for fan in fans]
    new_events += [opinion("new", f"person:space-{k}") for k in range(3)]
    workspace.ingest(events=new_events)
    workspace.build()
    yield workspace
    workspace.close()


@pytest.mark.slow
def test_a_built_model_never_lists_an_entity(rebuilt: Workspace) -> None:
    for user in ("western-fan-0", "new"):
        listed = [item.item_id for item in rebuilt.recommend(user, 100).items]
        assert len(listed) == len(set(listed))
        assert not any(ENTITY in item for item in listed)
    assert rebuilt.snapshots.open().manifest["counts"]["items"] == 24


@pytest.mark.slow
def test_a_new_user_with_three_entities_and_no_item_gets_films_by_them(rebuilt: Workspace) -> None:
    answer = rebuilt.recommend("new", 9)
    assert answer.personal
    assert all(item.item_id.startswith("space") for item in answer.items[:6])
    explanation = rebuilt.explain("new", answer.items[0].item_id)
    shares = sum(reason.share for reason in explanation.reasons)
    assert shares == pytest.approx(explanation.score, abs=1e-4)
    (first, *_) = rebuilt.engine.profile("new").interests
    assert (first.node, first.direct) == ("person:space-0", 1)


@pytest.mark.slow
def test_retraining_learns_from_events_on_entities(rebuilt: Workspace) -> None:
    rebuilt.ingest(events=[opinion(f"western-fan-{k}", "person:western-1") for k in range(20, 30)])
    result = rebuilt.retrain()
    assert result.events == 10
    names = rebuilt.snapshots.open().strings("graph.items")
    if result.version is not None:
        assert f"{ENTITY}person:western-1" in names
