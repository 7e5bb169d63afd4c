"""Every kind of rule that keeps an item out of a list is named with what can be looked up."""

from __future__ import annotations

import json
import time

import pytest
from starlette.testclient import TestClient

from tastegraph.core.config import Boost, Pin, SurfaceConfig
from tastegraph.core.errors import FilterError, NotFoundError
from tastegraph.core.languages import LANGUAGES
from tastegraph.core.records import Event, Item
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.serving.policies.policy import PolicyOptions
from tastegraph.serving.wishes.interests import EditableInterests
from tastegraph.workspace import Workspace
from tests.core.test_messages import CHINESE
from tests.support.cinema import GENRE_TEXTS

FAN = "western-fan-0"


def item(name: str, **attributes: str) -> Item:
    genre = name.split("-")[0]
    values = {key: (value,) for key, value in attributes.items()}
    title = f"{genre.title()} {int(name[-2:])}"
    return Item(name, title, GENRE_TEXTS[genre], {"genre": (genre,), **values})


def explain(workspace: Workspace, name: str, n: int | None = None, **options):
    list_options = ListOptions(
        options.pop("exclude_seen", False),
        steer=options.pop("steer", None),
        policy=PolicyOptions(**options),
    )
    answer = workspace.engine.explain(FAN, name, n=n, options=list_options)
    shares = sum(reason.share for reason in answer.reasons)
    assert shares == pytest.approx(answer.score, abs=1e-3)
    return answer.why_not


def kinds(why_not):
    return [rule.kind for rule in why_not.rules]


def test_each_availability_is_named_with_its_moment(cinema):
    later, earlier = time.time() + 86_400, time.time() - 86_400
    cinema.ingest(items=[
        item("space-00", hidden="true"),
        item("space-01", available_from=str(later)),
        item("space-02", available_until=str(earlier)),
        item("space-03", hidden="true", available_until=str(earlier)),
    ])  # fmt: skip
    expected = {"space-00": ["hidden"], "space-01": ["not_yet"], "space-02": ["no_more"],
                "space-03": ["hidden", "no_more"]}  # fmt: skip
    for name, names in expected.items():
        why_not = explain(cinema, name, 24)
        assert kinds(why_not) == names
        assert why_not.place is None
        assert why_not.place_if_admitted is not None
    assert explain(cinema, "space-01").rules[0].moment == pytest.approx(later, abs=1)
    assert explain(cinema, "space-04", 24).rules == ()


def test_a_delisted_item_says_so(cinema):
    names = [i for i in cinema.engine.snapshot.names.item_ids if i != "space-05"]
    cinema.ingest(items=[item(name) for name in names], replace_catalogue=True)
    assert kinds(explain(cinema, "space-05")) == ["delisted"]


def test_a_seen_item_names_what_the_user_did(cinema):
    seen = next(e for e in cinema.engine.profile(FAN).events if e.value == 5)
    why_not = explain(cinema, seen.item_id, exclude_seen=True)
    (rule,) = why_not.rules
    assert (rule.kind, rule.moment) == ("seen", seen.timestamp)
    assert rule.text.endswith("rated 5")
    assert kinds(explain(cinema, seen.item_id)) == []


def test_an_erased_and_a_newer_item_are_not_found_and_the_error_says_why(cinema):
    cinema.engine.erase.item("space-00")
    cinema.ingest(items=[item("space-77")])
    for name, words in {"space-00": "erased", "space-77": "not in the snapshot",
                        "space-88": "no item"}.items():  # fmt: skip
        with pytest.raises(NotFoundError, match=words):
            explain(cinema, name)


def test_a_filter_names_its_false_conditions_alone_and_what_the_item_has(cinema):
    cinema.ingest(items=[item("space-00", price="45"), item("space-01")])
    text = "price < 30 and genre = 'space' and directed_by = 'Old western hand'"
    price, director = explain(cinema, "space-00", filter=text).rules
    assert (price.clause, price.values) == ("price < 30", {"price": ("45",)})
    assert price.text == "the filter asks for price < 30, and it has price 45"
    assert director.values == {"directed_by": ("Old space hand",)}
    missing = explain(cinema, "space-01", filter=text).rules[0]
    assert missing.text == "the filter asks for price < 30, and it has no price"
    with pytest.raises(FilterError, match="prize"):
        explain(cinema, "space-00", filter="prize < 3")


def test_an_age_is_a_condition_too(cinema):
    cinema.ingest(items=[item("space-00", released="2001-02-03")])
    (rule,) = explain(cinema, "space-00", max_age={"released": 30}, relax=["max_age"]).rules
    assert (rule.kind, rule.gives_way) == ("max_age", True)
    assert rule.values == {"released": ("2001-02-03",)}


def test_a_full_limit_names_the_items_that_have_its_places(cinema):
    brands = [item(f"western-{k:02}", brand="Acme") for k in range(12)]
    cinema.ingest(items=brands)
    policy = {"max_per": {"brand": 2}, "n": 4}
    listed = cinema.engine.recommend(
        FAN, 4, exclude_seen=False, policy=PolicyOptions(max_per={"brand": 2})
    )
    acme = [i.item_id for i in listed.items if i.item_id.startswith("western")]
    assert len(acme) == 2
    other = next(f"western-{k:02}" for k in range(12) if f"western-{k:02}" not in acme)
    (rule,) = explain(cinema, other, **policy).rules
    assert (rule.kind, set(rule.items), rule.values) == ("max_per", set(acme), {"brand": ("Acme",)})
    assert rule.text.startswith("the list has at most 2 with one brand")


def test_wishes_that_keep_an_item_out_are_named(cinema):
    never = explain(cinema, "space-00", steer="no space")
    assert [rule.chip.direction for rule in never.rules] == ["never"]
    only = explain(cinema, "space-00", steer="only western")
    assert [rule.chip.direction for rule in only.rules] == ["only"]
    assert kinds(explain(cinema, "western-00", 24, steer="only western")) == []


def test_without_the_wish_that_kept_it_out_it_would_be_in_the_list(cinema):
    user = cinema.engine
    first = user.recommend(FAN, 3).items[0].item_id
    answer = user.explain(
        FAN, first, n=3, options=ListOptions(steer="no western"), search_changes=True
    )
    (change,) = answer.why_not.changes
    assert (change.kind, change.place, change.chip.label) == ("without_wish", 1, "western")


def test_pins_are_the_cause_where_they_have_the_place(cinema):
    best = cinema.engine.recommend(FAN, 1, exclude_seen=False).items[0].item_id
    pins = (Pin(item_id="space-03", place=1),)
    why_not = explain(cinema, best, 1, pins=pins)
    assert (why_not.place, why_not.rules, why_not.rank_listable) == (None, (), 1)
    assert why_not.text.endswith("to others: pins.")


def test_boosts_count_in_the_score_and_are_among_the_reasons(cinema):
    plain = cinema.engine.explain(FAN, "space-03")
    boost = Boost(filter="title = 'Space 3'", add=50)
    options = ListOptions(policy=PolicyOptions(boosts=(boost,)))
    boosted = cinema.engine.explain(FAN, "space-03", options=options)
    assert boosted.score == pytest.approx(plain.score + 50, abs=1e-3)
    assert (boosted.reasons[0].kind, boosted.rank) == ("rule", 1)


def test_a_liked_item_really_brings_it_in_once_the_event_is_stored(cinema):
    engine = cinema.engine
    n, others = 5, [each.item_id for each in engine.recommend(FAN, 24, reasons=0).items[5:]]
    name, like = next(
        (name, change)
        for name in others
        for change in engine.explain(FAN, name, n=n, search_changes=True).why_not.changes
        if change.kind == "like"
    )
    now = time.time()
    on = [{"item_id": i} for i in like.item_ids] or [{"entity_id": like.entity}]
    engine.record([
        Event(f"w{k}", FAN, type=like.type, timestamp=now + k / 1000, **target)
        for k, target in enumerate(on)
    ])  # fmt: skip
    items = engine.recommend(FAN, n, reasons=0).items
    assert items[like.place - 1].item_id == name


def test_what_the_model_does_not_know_is_said(cinema):
    stranger = cinema.engine.explain("nobody", "space-00").why_not
    assert [part.kind for part in stranger.missing] == ["history"]


def test_the_route_answers_in_both_languages_and_refuses_what_is_wrong(cinema):
    body = {"user_id": FAN, "item_id": "space-00", "n": 5, "filter": "genre = 'western'",
            "changes": True}  # fmt: skip
    with TestClient(create_app(cinema.engine), base_url="http://localhost") as client:
        for language in LANGUAGES:
            answer = client.post("/v1/explain", json={**body, "lang": language}).json()
            texts = [answer["why_not"]["text"], answer["why_not"]["rules"][0]["text"]]
            assert all(bool(CHINESE.search(text)) == (language == "zh") for text in texts)
        del body["filter"]
        answer = client.post("/v1/explain", json=body).json()["why_not"]
        assert answer["changes"], json.dumps(answer)
        assert client.post("/v1/explain", json={**body, "n": 0}).status_code == 422
        assert client.post("/v1/explain", json={**body, "surface": "x"}).status_code == 404
        wrong = client.post("/v1/explain", json={**body, "filter": "genre ="})
        assert wrong.json()["code"] == "invalid_filter"


def test_a_surface_is_named_with_its_false_condition(cinema):
    surfaces = {"home": SurfaceConfig(filter="genre = 'western'", relax=("filter",), n=3)}
    config = cinema.config.model_copy(update={"surfaces": surfaces})
    engine = Engine(cinema.snapshots, cinema.database, config)
    options = ListOptions(policy=PolicyOptions(surface="home"))
    why_not = engine.explain(FAN, "space-00", options=options).why_not
    engine.close()
    (rule,) = (rule for rule in why_not.rules if rule.kind == "surface_filter")
    assert (why_not.n, rule.clause, rule.gives_way) == (3, 'genre = "western"', True)
    assert rule.text.startswith("the filter of the surface home asks for genre")


def test_a_muted_interest_that_holds_an_item_back_is_a_change_that_brings_it_in(cinema):
    engine = cinema.engine
    first = engine.recommend(FAN, 1, reasons=0).items[0].item_id
    EditableInterests(engine).wish(FAN, "less western", "en")
    answer = engine.explain(FAN, first, n=1, search_changes=True)
    assert any(r.kind == "wish" and r.share < 0 for r in answer.reasons)
    if answer.why_not.place is None:
        assert "without_wish" in {change.kind for change in answer.why_not.changes}
    assert sum(r.share for r in answer.reasons) == pytest.approx(answer.score, abs=1e-3)
