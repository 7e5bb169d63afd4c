"""Retraining by itself: after so many events, one process at a time, and not again for nothing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import serving_world
from tastegraph.records import Event
from tastegraph.serving.http import create_app
from tastegraph.serving.schedule import Schedule, retraining


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


def awaited(condition) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("ending", ["", "raise SystemExit(1)"])
def test_it_runs_after_so_many_events_and_not_again_for_nothing(tmp_path: Path, ending) -> None:
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    schedule = Schedule(engine, 10, writing(file, ending), pause=0.02)
    assert not schedule.due()
    send(engine, 9)
    assert not schedule.due()
    send(engine, 1, 9)
    assert schedule.due()
    with TestClient(create_app(engine, schedule)):
        awaited(lambda: lines(file) == 1)
        send(engine, 9, 10)
        time.sleep(0.3)
        assert lines(file) == 1
        send(engine, 1, 19)
        awaited(lambda: lines(file) == 2)


def test_what_runs_is_ended_with_the_service(tmp_path: Path) -> None:
    engine, file = serving_world.open_engine(tmp_path), tmp_path / "ran"
    schedule = Schedule(engine, 1, writing(file, "import time; time.sleep(60)"), pause=0.02)
    send(engine, 1)
    began = time.monotonic()
    with TestClient(create_app(engine, schedule)):
        awaited(lambda: lines(file) == 1)
    assert time.monotonic() - began < 20


def test_the_command_is_that_of_the_command_line(cinema, tastegraph) -> None:
    _, _, _, *words = retraining(cinema.directory)
    assert tastegraph(*words).code == 0
