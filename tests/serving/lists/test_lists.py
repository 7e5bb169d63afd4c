"""Stored lists: with their propensities, attributed to events, and replayed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.core.records import MAX_CLOCK_SKEW, Event
from tastegraph.models.hybrid import Ranked
from tastegraph.profiles.interactions import History
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.serving.lists import request_view
from tastegraph.serving.lists.exploration import POOL_PER_PLACE, draw_list
from tastegraph.store import served_lists
from tastegraph.store.served_lists import Exposure, ListPlace, ServedList
from tests.support import serving_world
from tests.support.local_client import LocalClient


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


def order(answer) -> list[str]:
    return [item.item_id for item in answer.items]


# Exploration.


def test_without_exploration_the_best_items_come_first() -> None:
    scores = np.array([0.1, -np.inf, 0.7, 0.7, 0.2], dtype=np.float32)
    draw = draw_list(scores, np.ones(5, np.float32), 3, 0.0, np.random.default_rng(0))
    assert (draw.items, draw.propensities) == ([2, 3, 4], [1.0, 1.0, 1.0])


def test_propensities_follow_the_formula() -> None:
    """One place, ε = .5, disagreements 1, 2, 1: the chances are .5 + .5 / 4, 1/4 and 1/8."""
    scores, disagreement = np.array([3, 2, 1], "f4"), np.array([1, 2, 1], "f4")
    counts: Counter[int] = Counter()
    chance = {0: 0.625, 1: 0.25, 2: 0.125}
    for seed in range(4000):
        draw = draw_list(scores, disagreement, 1, 0.5, np.random.default_rng(seed))
        assert draw.propensities == [pytest.approx(chance[draw.items[0]])]
        assert draw.best == [draw.items[0] == 0]
        counts[draw.items[0]] += 1
    for item, expected in chance.items():
        assert counts[item] / 4000 == pytest.approx(expected, abs=0.03)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 8), st.floats(0, 1), st.booleans())
def test_drawn_items_are_different_items_of_the_pool(seed, places, share, certain) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=30).astype(np.float32)
    scores[rng.random(30) < 0.2] = -np.inf
    disagreement = np.zeros(30, "f4") if certain else rng.random(30).astype(np.float32)
    draw = draw_list(scores, disagreement, places, share, rng)
    assert len(set(draw.items)) == len(draw.items) == min(places, np.isfinite(scores).sum())
    assert all(0 < chance <= 1 for chance in draw.propensities)
    best = np.argsort(-scores, kind="stable")[: POOL_PER_PLACE * places]
    assert set(draw.items) <= set(best.tolist())


def test_disagreement_is_the_weighted_deviation_of_component_scores() -> None:
    """Weights 1 and 3, scores 0 and 4: mean 3, variance (9 + 3) / 4."""
    one, three = np.ones(1, np.float32), np.full(1, 3, np.float32)
    component_scores = {"a": (one, np.zeros(1, "f4")), "b": (three, np.full(1, 4, "f4"))}
    nobody = History(np.zeros(0, "i4"), np.zeros(0, "f4"))
    ranked = Ranked(nobody, np.zeros(1, np.int64), one, {}, component_scores)
    assert ranked.disagreement() == pytest.approx([np.sqrt(3)])
    assert replace(ranked, component_scores={}).disagreement() == pytest.approx([0])


# Stored lists.


def test_list_is_stored_as_it_was_answered(engine: Engine) -> None:
    answer = engine.recommend_and_store("western-1", 4, ListOptions(explore=0.5, seed=3))
    engine.close()
    stored = engine.stored_list(answer.recommendation_id)
    assert [place.item_id for place in stored.places] == order(answer)
    assert [place.propensity for place in stored.places] == [i.propensity for i in answer.items]
    assert (stored.user_id, stored.snapshot) == ("western-1", engine.versions()[0] or "000001")
    with pytest.raises(NotFoundError, match="no list"):
        engine.stored_list("other")


def test_replay_gives_the_same_list_after_new_events(engine: Engine) -> None:
    session = [Event("s", "", "space-0", "like", None, 5.0)]
    answers = [
        engine.recommend_and_store("western-1", 5, ListOptions(explore=0.4, seed=1)),
        engine.recommend_and_store(session, 5, ListOptions()),
        engine.recommend_and_store("nobody", 5, ListOptions(exclude_seen=False)),
    ]
    engine.record(
        Event(f"new-{k}", "western-1", f"space-{k}", "purchase", None, 9e8) for k in range(5)
    )
    assert order(engine.recommend("western-1", 5)) != order(answers[0])
    engine.close()
    for answer in answers:
        again = engine.replay(answer.recommendation_id)
        assert again == answer


@pytest.mark.parametrize("erased", [False, True])
def test_list_of_an_unknown_or_erased_id_stores_nothing_about_it(
    engine: Engine, erased: bool
) -> None:
    """The list itself is stored, so that later clicks belong to it and it can be replayed."""
    if erased:
        engine.record([Event("f", "Secret-Name", "space-0", "like", None, 5.0)])
        engine.erase.user("Secret-Name")
    answer = engine.recommend_and_store("Secret-Name", 3, ListOptions(explore=0.5, seed=3))
    engine.explain("Secret-Name", "space-0")
    engine.close()
    assert engine.stored_list(answer.recommendation_id).user_id is None
    assert engine.replay(answer.recommendation_id) == answer
    for file in engine.database.path.parent.glob("tastegraph.db*"):
        assert b"Secret-Name" not in file.read_bytes()


def test_list_of_a_user_with_impressions_alone_is_stored_under_the_id(engine: Engine) -> None:
    engine.record([Event("i", "new-user", "space-0", "impression", None, 5.0)])
    answer = engine.recommend_and_store("new-user", 3, ListOptions())
    engine.close()
    assert engine.stored_list(answer.recommendation_id).user_id == "new-user"


def test_erased_item_is_in_no_replay(engine: Engine) -> None:
    engine.erase.item("western-5")
    answer = engine.recommend_and_store("western-1", 5, ListOptions(explore=0.0))
    engine.close()
    again = engine.replay(answer.recommendation_id)
    assert order(again) == order(answer)
    assert "western-5" not in again.model_dump_json()


def test_impressions_do_not_displace_likes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_view, "MAX_USER_EVENTS", 20)
    engine.record(
        Event(f"seen{k}", "western-1", f"space-{k % 6}", "impression", None, 1e9 + k)
        for k in range(30)
    )
    assert engine.recommend("western-1", 3).personal


def test_user_without_counting_events_is_a_stranger(engine: Engine) -> None:
    """Not whose items are all seen, or no longer there, or about whom no item says anything."""
    nobody = engine.recommend("nobody", 3)
    assert (nobody.stranger, nobody.personal) == (True, False)
    assert "nothing is known of your taste" in nobody.items[0].reasons[0].text
    gone = [Event("", "", "never heard of", "like")]
    of_gone = engine.recommend(gone, 3)
    assert (of_gone.stranger, of_gone.personal) == (False, False)
    assert not any("nothing is known" in r.text for item in of_gone.items for r in item.reasons)
    everything = [Event("", "", item.item_id, "like") for item in serving_world.ITEMS]
    full = engine.recommend(everything, 3)
    assert (full.stranger, full.personal, full.items) == (False, True, ())
    seen = [Event("", "", "space-0", "impression")]
    assert engine.recommend(seen, 3).stranger


def test_reasons_are_in_the_requested_or_configured_language(engine: Engine) -> None:
    in_english = engine.recommend("western-1", 3)
    in_chinese = engine.recommend("western-1", 3, language="zh")
    assert "which you rated 5" in in_english.items[0].reasons[0].text
    assert "你打了 5 分" in in_chinese.items[0].reasons[0].text
    assert engine.explain("western-1", "western-0", language="zh").reasons[0].text != (
        engine.explain("western-1", "western-0").reasons[0].text
    )
    serving = engine.config.serving.model_copy(update={"language": "zh"})
    engine.config = engine.config.model_copy(update={"serving": serving})
    assert engine.recommend("western-1", 3).items == in_chinese.items
    assert (
        engine.recommend_and_store("western-1", 3, ListOptions(), language="en").items
        == in_english.items
    )


def test_list_is_not_stored_where_store_lists_is_off(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    quiet = engine.config.serving.model_copy(update={"store_lists": False})
    engine.config = engine.config.model_copy(update={"serving": quiet})
    answer = engine.recommend_and_store("western-1", 3, ListOptions())
    engine.close()
    with pytest.raises(NotFoundError):
        engine.stored_list(answer.recommendation_id)


def test_click_counts_for_the_list_that_it_names(engine: Engine) -> None:
    places = [ListPlace("a", 2.0, 1.0, True), ListPlace("b", 1.0, 0.25, False)]
    served = [
        ServedList(name, "u", timestamp, "1", "1", "1", 0, {}, places)
        for name, timestamp in (("first", 1.0), ("second", 2.0))
    ]
    clicks = [
        Event("1", "u", "b", "click", recommendation_id="first", position=2),
        Event("2", "u", "b", "purchase", recommendation_id="first"),
        Event("3", "u", "a", "click"),
        Event("4", "u", "a", "click", recommendation_id="never"),
    ]
    with engine.database.writing() as connection:
        for each in served:
            served_lists.save(connection, each)
            served_lists.save(connection, each)
    engine.record(clicks)
    with engine.database.reading() as connection:
        exposures = list(served_lists.exposures(connection))
        assert list(served_lists.exposures(connection, since=1.5)) == exposures[2:]
    assert exposures == [
        Exposure("first", "1", 1.0, "a", 1, 1.0, True, (), "u", snapshot="1"),
        Exposure("first", "1", 1.0, "b", 2, 0.25, False, ("click", "purchase"), "u", snapshot="1"),
        Exposure("second", "1", 2.0, "a", 1, 1.0, True, (), "u", snapshot="1"),
        Exposure("second", "1", 2.0, "b", 2, 0.25, False, (), "u", snapshot="1"),
    ]


# Over HTTP, and events out of the ordinary.


@pytest.mark.slow
def test_lists_over_http(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        body = {"user_id": "western-1", "n": 3, "explore": 1.0, "seed": 5}
        answer = client.post("/v1/recommendations", json=body).json()
        listed = [(item["item_id"], item["propensity"]) for item in answer["items"]]
        same = client.post("/v1/recommendations", json=body).json()
        assert listed == [(item["item_id"], item["propensity"]) for item in same["items"]]
        assert any(chance < 1 for _, chance in listed)
        engine.close()
        stored = client.get(f"/v1/recommendations/{answer['recommendation_id']}").json()
        assert [(place["item_id"], place["propensity"]) for place in stored["places"]] == listed
        again = client.get(f"/v1/recommendations/{answer['recommendation_id']}/replay").json()
        assert [item["item_id"] for item in again["items"]] == [item for item, _ in listed]
        assert client.get("/v1/recommendations/none").status_code == 404
        assert client.post("/v1/recommendations", json=body | {"explore": 2}).status_code == 422


def test_event_from_the_future_is_rejected_alone(engine: Engine) -> None:
    now = time.time()
    rows = [
        {"event_id": "near", "user_id": "u", "item_id": "space-0", "ts": now + MAX_CLOCK_SKEW / 2},
        {"event_id": "far", "user_id": "u", "item_id": "space-1", "ts": now + 2 * MAX_CLOCK_SKEW},
    ]
    with LocalClient(create_app(engine)) as client:
        receipt = client.post("/v1/events", json={"events": rows}).json()
    assert receipt["accepted"] == 1
    assert [(row["index"], row["code"]) for row in receipt["rejected"]] == [(1, "invalid_value")]
    assert "not in the future" in receipt["rejected"][0]["message"]


def test_engine_refuses_an_event_from_the_future(engine: Engine) -> None:
    near, far = (
        Event(name, "u", "space-0", "like", None, time.time() + ahead)
        for name, ahead in (("near", MAX_CLOCK_SKEW / 2), ("far", 2 * MAX_CLOCK_SKEW))
    )
    with pytest.raises(RowError, match=r"events, line 2, column 'timestamp': .* not in the future"):
        engine.record([near, far])
    assert engine.record([near]).accepted == 1


def test_late_event_is_ordered_by_its_time(engine: Engine) -> None:
    for event_id, item, at in (("a", "space-0", 100.0), ("b", "space-1", 300.0)):
        engine.record([Event(event_id, "late", item, "like", None, at)])
    engine.record([Event("c", "late", "space-2", "like", None, 200.0)])
    history = [past.item_id for past in engine.profile("late").events]
    assert history == ["space-1", "space-2", "space-0"]


def test_event_on_an_unknown_item_is_stored_and_counts_for_nothing(engine: Engine) -> None:
    before = order(engine.recommend("western-1", 5))
    receipt = engine.record([Event("x", "western-1", "never heard of", "like", None, 1e9)])
    assert receipt.accepted == 1
    assert order(engine.recommend("western-1", 5)) == before
    assert engine.profile("western-1").events[0].item_id == "never heard of"
