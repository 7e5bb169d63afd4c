"""Triggers and the worker: commands run when they are due, one process at a time."""

from __future__ import annotations

import itertools
import random
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tastegraph.core.config import Config, LoopConfig
from tastegraph.core.records import Event, Item
from tastegraph.evaluation.feedback import response_dropped
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.serving.process import background
from tastegraph.serving.process.background import Scheduler, WorkerSlot
from tastegraph.serving.process.triggers import (
    DriftTrigger,
    EventCountTrigger,
    KnowledgeTrigger,
    configured_triggers,
)
from tastegraph.store import catalogue, revision
from tastegraph.store import events as log
from tastegraph.store.durable import file_lock
from tastegraph.workspace import Workspace
from tests.support import serving_world
from tests.support.local_client import LocalClient


def send(engine, count: int, start: int = 0) -> None:
    engine.record(
        Event(f"s{k}", "western-1", f"space-{k % 6}", "view", None, 2e3 + k)
        for k in range(start, start + count)
    )


def writing(file: Path, ending: str = "") -> list[str]:
    """A command that adds a line to a file."""
    code = f"open({str(file)!r}, 'a').write('ran\\n'); {ending}"
    return [sys.executable, "-c", code]


def lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def own_manifest(snapshot) -> dict:
    """The manifest without what publishing adds."""
    added = ("format", "version", "files")
    return {key: value for key, value in snapshot.manifest.items() if key not in added}


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize("ending", ["", "raise SystemExit(1)"])
def test_command_runs_once_after_so_many_events(tmp_path: Path, ending) -> None:
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    trigger = EventCountTrigger(10, writing(file, ending))
    assert not trigger.due(engine)
    send(engine, 9)
    assert not trigger.due(engine)
    send(engine, 1, 9)
    assert trigger.due(engine)
    with LocalClient(create_app(engine, Scheduler(engine, [trigger], pause=0.02))):
        wait_until(lambda: lines(file) == 1)
        send(engine, 9, 10)
        time.sleep(0.3)
        assert lines(file) == 1
        send(engine, 1, 19)
        wait_until(lambda: lines(file) == 2)


@pytest.mark.slow
def test_running_command_is_ended_with_the_service(tmp_path: Path) -> None:
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    trigger = EventCountTrigger(1, writing(file, "import time; time.sleep(600)"))
    send(engine, 1)
    began = time.monotonic()
    with LocalClient(create_app(engine, Scheduler(engine, [trigger], pause=0.02))):
        wait_until(lambda: lines(file) == 1)
    assert time.monotonic() - began < 300


def test_change_of_knowledge_is_due_once(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    trigger = KnowledgeTrigger([])
    send(engine, 3)
    assert not trigger.due(engine)
    with engine.database.writing() as connection:
        catalogue.put_items(connection, [Item("new", "New")])
    assert trigger.due(engine)
    trigger.on_start(engine)
    assert not trigger.due(engine)
    engine.erase.item("new")
    assert trigger.due(engine)


def test_rollback_is_not_undone(tmp_path: Path) -> None:
    """Changes and events that the rolled back version had learned are not due again."""
    engine = serving_world.open_engine(tmp_path)

    def learn(count: int) -> None:
        with engine.database.writing() as connection:
            catalogue.put_items(connection, [Item(f"new-{count}", "New")])
        send(engine, 5, 10 * count)
        old = engine.snapshots.open()
        with engine.database.reading() as connection:
            state = {
                "changes": revision.change_count(connection),
                "learned_until": log.revision(connection),
            }
        engine.snapshots.publish({**own_manifest(old), **state}, old.published)

    before = KnowledgeTrigger([]), EventCountTrigger(5, [])
    learn(1)
    engine.snapshots.roll_back()
    for trigger in (*before, KnowledgeTrigger([]), EventCountTrigger(5, [])):
        assert not trigger.due(engine)
    with engine.database.writing() as connection:
        catalogue.put_items(connection, [Item("newer", "Newer")])
    send(engine, 4, 100)
    changed, grown = KnowledgeTrigger([]), EventCountTrigger(5, [])
    assert changed.due(engine)
    assert not grown.due(engine)
    send(engine, 1, 104)
    assert grown.due(engine)
    learn(2)
    assert not changed.due(engine)
    assert not grown.due(engine)


def serve_lists(engine: Engine, rng: random.Random, count: int, share: float) -> None:
    """Store lists, and events on a share of them."""
    for _ in range(count):
        answer = engine.recommend_and_store("western-1", 1, ListOptions())
        if rng.random() < share:
            key, item = answer.recommendation_id, answer.items[0].item_id
            engine.record([Event(key, "passer-by", item, "like", None, 1.0, None, key, 1)])


@pytest.mark.slow
def test_lists_from_before_a_rollback_do_not_undo_it(tmp_path: Path) -> None:
    engine, rng = serving_world.open_engine(tmp_path), random.Random(1)
    serve_lists(engine, rng, 200, 0.5)
    serve_lists(engine, rng, 100, 0.1)
    assert DriftTrigger(0.2, 0.0, ["like"], []).due(engine, time.time() + 100)
    old = engine.snapshots.open()
    with engine.database.reading() as connection:
        state = {"learned_until": log.revision(connection)}
    engine.snapshots.publish({**own_manifest(old), **state}, old.published)
    engine.snapshots.roll_back()
    assert not DriftTrigger(0.2, 0.0, ["like"], []).due(engine, time.time() + 100)
    send(engine, 1, 1000)
    serve_lists(engine, rng, 200, 0.5)
    serve_lists(engine, rng, 100, 0.1)
    assert DriftTrigger(0.2, 0.0, ["like"], []).due(engine, time.time() + 100)


@pytest.mark.slow
def test_drop_of_responses_is_due(tmp_path: Path) -> None:
    engine, rng = serving_world.open_engine(tmp_path), random.Random(1)
    trigger = DriftTrigger(0.2, 0.0, ["like"], [])
    serve_lists(engine, rng, 200, 0.5)
    assert not trigger.due(engine, time.time() + 100)
    serve_lists(engine, rng, 100, 0.1)
    assert not trigger.due(engine, time.time() + 120), "looked at once a minute"
    assert trigger.due(engine, time.time() + 200)
    trigger.on_start(engine)
    assert not trigger.due(engine, time.time() + 300)


def test_drop_of_responses_is_distinguished_from_chance() -> None:
    """n₁ = n₂ = 100, p₁ = .5: z = .2 / √(.4 · .6 / 50) = 2.89, and .21 / √(.395 · .605 / 50)
    = 3.04 and .22 / √(.39 · .61 / 50) = 3.19: the first two are chance."""
    was = [True, False] * 50
    for now, alarm in ((30, False), (29, False), (28, True)):
        assert response_dropped([*was, *([True] * now), *([False] * (100 - now))], 0.1) is alarm
    assert not response_dropped([*was, *([True] * 28), *([False] * 72)], 0.5)
    assert not response_dropped([True] * 99 + [False] * 100, 0.1), "too few before"


def test_configuration_switches_triggers_on(cinema, tastegraph, tmp_path: Path) -> None:
    triggers = configured_triggers(Config(), tmp_path)
    assert [type(trigger) for trigger in triggers] == [KnowledgeTrigger]
    loop = LoopConfig(refresh=False, every=5, drift=0.1)
    triggers = configured_triggers(Config(loop=loop), cinema.directory)
    assert [type(trigger) for trigger in triggers] == [EventCountTrigger, DriftTrigger]
    _, _, _, *words = triggers[0].command
    assert tastegraph(*words).code == 0


def test_long_running_command_is_started_once_and_ends_with_the_service(tmp_path: Path) -> None:
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    stays = KnowledgeTrigger(writing(file, "import time; time.sleep(600)"))
    beside = EventCountTrigger(1, writing(tmp_path / "beside"))

    def change(number: int) -> None:
        with engine.database.writing() as connection:
            catalogue.put_items(connection, [Item(f"new-{number}", "New")])

    change(1)
    began = time.monotonic()
    with LocalClient(create_app(engine, Scheduler(engine, [stays, beside], pause=0.02))):
        wait_until(lambda: lines(file) == 1)
        change(2)
        send(engine, 1)
        wait_until(lambda: lines(tmp_path / "beside") == 1)
        time.sleep(0.2)
        assert lines(file) == 1
    assert time.monotonic() - began < 300


def change(engine) -> None:
    with engine.database.writing() as connection:
        catalogue.put_items(connection, [Item("new", "New")])


def test_changes_are_followed_during_a_retraining(tmp_path: Path) -> None:
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    learns = EventCountTrigger(1, writing(file, "import time; time.sleep(600)"))
    follows = KnowledgeTrigger(writing(tmp_path / "beside"))
    send(engine, 1)
    with LocalClient(create_app(engine, Scheduler(engine, [follows, learns], pause=0.02))):
        wait_until(lambda: lines(file) == 1)
        change(engine)
        wait_until(lambda: lines(tmp_path / "beside") == 1)


def test_failing_command_is_logged_and_run_again(tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(background, "FIRST_RETRY_SECONDS", 0.05)
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    fails = KnowledgeTrigger(
        writing(file, "import sys; sys.exit('reading\\nno disk is left\\n\\n')")
    )
    change(engine)
    with LocalClient(create_app(engine, Scheduler(engine, [fails], pause=0.02))):
        wait_until(lambda: lines(file) == 3)
        wait_until(lambda: "ended with 1: no disk is left" in caplog.text)
    assert "reading\n" not in caplog.text


@pytest.mark.parametrize("missing", [False, True])
def test_failing_command_waits_twice_as_long_each_time(tmp_path, monkeypatch, missing) -> None:
    """Started at 0, and failed at the next second: again after 2, 4, 8, 10 and 10 seconds."""
    starts, clock = [], SimpleNamespace(now=0)

    class Fails:
        def __init__(self, _: list[str]) -> None:
            starts.append(clock.now)
            if missing:
                raise OSError("no memory")

        def return_code(self) -> int:
            return 1

        def seconds(self) -> float:
            return 1.0

        def last_error_line(self) -> str:
            return ""

    monkeypatch.setattr(background, "ChildProcess", Fails)
    monkeypatch.setattr(background, "MAX_RETRY_SECONDS", 10.0)
    monkeypatch.setattr(background, "time", SimpleNamespace(monotonic=lambda: clock.now))
    engine = serving_world.open_engine(tmp_path)
    change(engine)
    slot = WorkerSlot(engine, [KnowledgeTrigger([])])
    for clock.now in range(50):
        slot.poll()
    seconds = 0 if missing else 1
    waits = [later - earlier - seconds for earlier, later in itertools.pairwise(starts)]
    assert waits[:5] == [2, 4, 8, 10, 10]


@pytest.mark.slow
def test_follow_builds_until_nothing_changes(cinema) -> None:
    """Graph and texts are new, the model is as it was; a change while it is learned waits."""
    model, _ = cinema.engine.versions()
    (trigger,) = configured_triggers(cinema.config, cinema.directory)
    item = Item("western-new", "Western New", "cowboys ride to a gunfight", {"genre": ("western",)})
    cinema.ingest(items=[item])
    assert trigger.due(cinema.engine)
    other = Workspace(cinema.directory)
    thread = threading.Thread(target=other.follow, args=(1.0, 0.02))
    with file_lock(cinema.directory / "build.lock", "learning"):
        thread.start()
        time.sleep(0.2)
        assert trigger.due(cinema.engine)
    thread.join(60)
    assert not thread.is_alive()
    assert not trigger.due(cinema.engine)
    assert cinema.engine.versions() == (model, "000002")
    listed = [item.item_id for item in cinema.recommend("western-fan-1", 8).items]
    assert "western-new" in listed


def test_command_of_the_knowledge_trigger_follows(cinema, tastegraph) -> None:
    (trigger,) = configured_triggers(cinema.config, cinema.directory)
    assert tastegraph(*trigger.command[3:], "--idle", "0").code == 0
