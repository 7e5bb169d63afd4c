"""Seen items are left out of lists: all of them, however old, by event type."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tastegraph.core.config import Config, load_config
from tastegraph.core.errors import ConfigError
from tastegraph.core.records import Event
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.list_maker import ListMaker, ListOptions
from tastegraph.serving.lists.request_view import MAX_USER_EVENTS
from tests.support import serving_world
from tests.support.local_client import LocalClient

ALL_ITEMS = {item.item_id for item in serving_world.ITEMS}
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
    engine.lists = ListMaker(engine.database, engine.config)


def recommended_ids(engine: Engine, user: str | Sequence[Event], **more: bool) -> set[str]:
    return {
        item.item_id for item in engine.recommend(user, len(ALL_ITEMS), reasons=0, **more).items
    }


def long_history(newer: int) -> list[Event]:
    """Two items of old, then many events on a third."""
    old = [Event(f"old{k}", FAN, item, "purchase", None, 1e6 + k) for k, item in enumerate(OLD)]
    return old + [Event(f"new{k}", FAN, "western-5", "click", None, 2e6 + k) for k in range(newer)]


@pytest.mark.slow
def test_seen_items_are_left_out_however_long_the_history(engine: Engine) -> None:
    engine.record(long_history(MAX_USER_EVENTS + 50))
    start = time.process_time()  # other work of the machine does not count
    assert recommended_ids(engine, FAN) == ALL_ITEMS - {*OLD, "western-5"}
    assert time.process_time() - start < 2
    assert recommended_ids(engine, FAN, exclude_seen=False) == ALL_ITEMS
    assert engine.explain(FAN, OLD[0]).seen
    assert not engine.explain(FAN, "western-4").seen


@pytest.mark.slow
def test_replay_of_a_long_history_is_the_same_list(engine: Engine) -> None:
    engine.record(long_history(MAX_USER_EVENTS + 50))
    answer = engine.recommend_and_store(FAN, len(ALL_ITEMS), ListOptions())
    engine.record([Event("later", FAN, "western-4", "click", None, 3e6)])
    assert "western-4" not in recommended_ids(engine, FAN)
    engine.close()  # What waited is on disk.
    again = engine.replay(answer.recommendation_id)
    assert [item.item_id for item in again.items] == [item.item_id for item in answer.items]


@pytest.mark.slow
def test_seen_items_are_left_out_over_http(engine: Engine) -> None:
    engine.record(long_history(MAX_USER_EVENTS + 50))
    with LocalClient(create_app(engine)) as client:
        body = {"user_id": FAN, "n": 50}
        answer = client.post("/v1/recommendations", json=body).json()
        assert {i["item_id"] for i in answer["items"]} == ALL_ITEMS - {*OLD, "western-5"}
        answer = client.post("/v1/recommendations", json={**body, "exclude": "none"}).json()
        assert {i["item_id"] for i in answer["items"]} == ALL_ITEMS


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
def test_excluding_event_types_are_configured(
    engine: Engine, types: dict[str, bool], seen: set[str]
) -> None:
    engine.record(THREE)
    excluding(engine, **types)
    assert recommended_ids(engine, "ann") == ALL_ITEMS - seen
    assert recommended_ids(engine, THREE) == ALL_ITEMS - seen
    assert {item for item in ALL_ITEMS if engine.explain("ann", item).seen} == seen
    assert {item for item in ALL_ITEMS if engine.explain(THREE, item).seen} == seen
    with LocalClient(create_app(engine)) as client:
        session = {"events": [{"item_id": e.item_id, "type": e.type} for e in THREE]}
        for user in ({"user_id": "ann"}, {"session": session}):
            answer = client.post("/v1/recommendations", json={**user, "n": 50}).json()
            assert {i["item_id"] for i in answer["items"]} == ALL_ITEMS - seen


@pytest.mark.parametrize("user", ["ann", THREE], ids=["user", "session"])
def test_replay_uses_the_configuration_of_its_list(engine: Engine, user: str | list[Event]) -> None:
    engine.record(THREE)
    excluding(engine, view=False)
    answer = engine.recommend_and_store(user, len(ALL_ITEMS), ListOptions())
    excluding(engine, purchase=False)
    engine.close()
    again = engine.replay(answer.recommendation_id)
    assert [item.item_id for item in again.items] == [item.item_id for item in answer.items]
    assert "western-1" in {item.item_id for item in again.items}


def test_unknown_event_type_in_exclude_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "tastegraph.toml"
    file.write_text("[serving.exclude]\nveiw = false\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no event type 'veiw'; there are view, click"):
        load_config(file)
    file.write_text("[events.weights]\nstar = 1\n[serving.exclude]\nstar = false\n", "utf-8")
    assert load_config(file).serving.repeats == ("impression", "star")
    assert Config().serving.repeats == ("impression",)


def test_command_line_uses_the_configured_exclusion(cinema, tastegraph, write) -> None:
    rows = "user_id,item_id,type\n" + "".join(f"ann,western-{k:02},view\n" for k in range(11))
    tastegraph("record", cinema.directory, "--events", write("views.csv", rows))
    before = tastegraph("recommend", cinema.directory, "ann", "-n", 24).out
    assert "[western-11]" in before
    assert "[western-00]" not in before
    file = cinema.directory / "tastegraph.toml"
    config = file.read_text(encoding="utf-8")
    file.write_text(f"{config}\n[serving.exclude]\nview = false\n", encoding="utf-8")
    after = tastegraph("recommend", cinema.directory, "ann", "-n", 24).out
    assert all(f"[western-{k:02}]" in after for k in range(12))


def test_configured_event_types_are_read_from_atomic_files(tastegraph, tmp_path) -> None:
    shop, folder = tmp_path / "shop", tmp_path / "atomic"
    tastegraph("init", shop)
    (shop / "tastegraph.toml").write_text("[events.weights]\nstar = 1\n", encoding="utf-8")
    folder.mkdir()
    rows = "user_id:token\titem_id:token\ttype:token\nann\ta\tstar\n"
    (folder / "shop.inter").write_text(rows, encoding="utf-8")
    done = tastegraph("import", shop, "--atomic", folder)
    assert done.code == 0, done.err
    assert "1 events" in done.out
