"""What a person has seen is left out of their lists: all of it, however long ago, by event type."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tastegraph.core.config import Config, load_config
from tastegraph.core.errors import ConfigError
from tastegraph.core.records import Event
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import MAX_USER_EVENTS, Engine, ListOptions
from tests.support import serving_world

EVERY = {item.item_id for item in serving_world.ITEMS}
OLD = ("western-0", "space-3")
FAN = "collector"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


def excluding(engine: Engine, **types: bool) -> None:
    serving = engine.config.serving.model_copy(update={"exclude": types})
    engine.config = engine.config.model_copy(update={"serving": serving})


def listed(engine: Engine, who: str | Sequence[Event], **more: bool) -> set[str]:
    return {item.item_id for item in engine.recommend(who, len(EVERY), reasons=0, **more).items}


def long_history(newer: int) -> list[Event]:
    """Two items of old, then many events on a third."""
    old = [Event(f"old{k}", FAN, item, "purchase", None, 1e6 + k) for k, item in enumerate(OLD)]
    return old + [Event(f"new{k}", FAN, "western-5", "click", None, 2e6 + k) for k in range(newer)]


@pytest.mark.slow
def test_all_that_was_seen_is_left_out_however_long_the_history(engine: Engine) -> None:
    engine.record(long_history(MAX_USER_EVENTS + 50))
    began = time.perf_counter()
    assert listed(engine, FAN) == EVERY - {*OLD, "western-5"}
    assert time.perf_counter() - began < 2
    assert listed(engine, FAN, exclude_seen=False) == EVERY
    assert engine.explain(FAN, OLD[0]).seen
    assert not engine.explain(FAN, "western-4").seen


@pytest.mark.slow
def test_a_long_history_is_made_again_as_it_was(engine: Engine) -> None:
    engine.record(long_history(MAX_USER_EVENTS + 50))
    answer = engine.recommend_and_store(FAN, len(EVERY), ListOptions())
    engine.record([Event("later", FAN, "western-4", "click", None, 3e6)])
    assert "western-4" not in listed(engine, FAN)
    engine.close()  # What waited is on disk.
    again = engine.replay(answer.recommendation_id)
    assert [item.item_id for item in again.items] == [item.item_id for item in answer.items]


@pytest.mark.slow
def test_a_long_history_is_left_out_over_http(engine: Engine) -> None:
    engine.record(long_history(MAX_USER_EVENTS + 50))
    with TestClient(create_app(engine)) as client:
        wanted = {"user_id": FAN, "n": 50}
        answer = client.post("/v1/recommendations", json=wanted).json()
        assert {i["item_id"] for i in answer["items"]} == EVERY - {*OLD, "western-5"}
        answer = client.post("/v1/recommendations", json={**wanted, "exclude": "none"}).json()
        assert {i["item_id"] for i in answer["items"]} == EVERY


THREE = [
    Event("1", "ann", "western-1", "view", None, 1.0),
    Event("2", "ann", "western-2", "purchase", None, 2.0),
    Event("3", "ann", "western-3", "view", None, 3.0),
    Event("4", "ann", "western-3", "purchase", None, 4.0),
    Event("5", "ann", "western-4", "impression", None, 5.0),
]


@pytest.mark.parametrize(
    ("types", "seen"),
    [
        ({}, {"western-1", "western-2", "western-3"}),
        ({"view": False}, {"western-2", "western-3"}),
        ({"purchase": False}, {"western-1", "western-3"}),
        ({"view": False, "purchase": False}, set()),
        ({"impression": True}, {"western-1", "western-2", "western-3", "western-4"}),
    ],
)
def test_what_excludes_is_a_setting_by_event_type(
    engine: Engine, types: dict[str, bool], seen: set[str]
) -> None:
    engine.record(THREE)
    excluding(engine, **types)
    assert listed(engine, "ann") == EVERY - seen
    assert listed(engine, THREE) == EVERY - seen
    assert {item for item in EVERY if engine.explain("ann", item).seen} == seen
    assert {item for item in EVERY if engine.explain(THREE, item).seen} == seen
    with TestClient(create_app(engine)) as client:
        session = {"events": [{"item_id": e.item_id, "type": e.type} for e in THREE]}
        for who in ({"user_id": "ann"}, {"session": session}):
            answer = client.post("/v1/recommendations", json={**who, "n": 50}).json()
            assert {i["item_id"] for i in answer["items"]} == EVERY - seen


@pytest.mark.parametrize("who", ["ann", THREE], ids=["user", "session"])
def test_a_replay_goes_by_the_setting_of_then(engine: Engine, who: str | list[Event]) -> None:
    engine.record(THREE)
    excluding(engine, view=False)
    shown = engine.recommend_and_store(who, len(EVERY), ListOptions())
    excluding(engine, purchase=False)
    engine.close()
    again = engine.replay(shown.recommendation_id)
    assert [item.item_id for item in again.items] == [item.item_id for item in shown.items]
    assert "western-1" in {item.item_id for item in again.items}


def test_only_types_that_there_are_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "tastegraph.toml"
    file.write_text("[serving.exclude]\nveiw = false\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no event type 'veiw'; there are view, click"):
        load_config(file)
    file.write_text("[events.weights]\nstar = 1\n[serving.exclude]\nstar = false\n", "utf-8")
    assert load_config(file).serving.repeats == ("impression", "star")
    assert Config().serving.repeats == ("impression",)


def test_the_command_line_goes_by_the_setting(cinema, tastegraph, write) -> None:
    rows = "user_id,item_id,type\n" + "".join(f"ann,western-{k:02},view\n" for k in range(11))
    tastegraph("record", cinema.directory, "--events", write("views.csv", rows))
    before = tastegraph("recommend", cinema.directory, "ann", "-n", 24).out
    assert "[western-11]" in before
    assert "[western-00]" not in before
    file = cinema.directory / "tastegraph.toml"
    told = file.read_text(encoding="utf-8")
    file.write_text(f"{told}\n[serving.exclude]\nview = false\n", encoding="utf-8")
    after = tastegraph("recommend", cinema.directory, "ann", "-n", 24).out
    assert all(f"[western-{k:02}]" in after for k in range(12))


def test_own_types_come_from_every_kind_of_file(tastegraph, tmp_path) -> None:
    shop, folder = tmp_path / "shop", tmp_path / "atomic"
    tastegraph("init", shop)
    (shop / "tastegraph.toml").write_text("[events.weights]\nstar = 1\n", encoding="utf-8")
    folder.mkdir()
    rows = "user_id:token\titem_id:token\ttype:token\nann\ta\tstar\n"
    (folder / "shop.inter").write_text(rows, encoding="utf-8")
    done = tastegraph("import", shop, "--atomic", folder)
    assert done.code == 0, done.err
    assert "1 events" in done.out
