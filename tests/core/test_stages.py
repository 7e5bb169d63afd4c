"""Times of stages add up to the whole, and long jobs are never silent."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from tastegraph.core import progress as progress_module
from tastegraph.core.progress import announcing, progress
from tastegraph.core.stages import REST, current_profile, profiled, stage


@pytest.fixture
def lines(monkeypatch):
    """What is printed to standard error, which is no terminal."""
    output = io.StringIO()
    monkeypatch.setattr(progress_module, "_console", Console(file=output, force_terminal=False))
    return lambda: output.getvalue().splitlines()


def work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_an_inner_stage_takes_its_time_out_of_the_outer_one():
    start = time.process_time()
    with profiled() as profile, stage("outer"):
        work(0.05)
        with stage("inner"):
            work(0.1)
        work(0.05)
    whole = time.process_time() - start
    outer, inner = profile.stages["outer"], profile.stages["inner"]
    assert outer.runs == inner.runs == 1
    assert inner.processor_seconds >= 0.1
    assert outer.processor_seconds >= 0.1
    assert profile.processor_seconds <= whole
    assert profile.processor_seconds > 0.9 * whole


def test_stages_of_one_name_are_summed():
    with profiled() as profile:
        for _ in range(3):
            with stage("again"):
                work(0.01)
    assert profile.stages["again"].runs == 3
    assert profile.stages["again"].processor_seconds >= 0.03


def test_a_stage_that_fails_ends():
    with profiled() as profile:
        with pytest.raises(ValueError, match="broken"), stage("first"):
            raise ValueError("broken")
        with stage("second"):
            work(0.01)
    assert set(profile.stages) == {REST, "first", "second"}


def test_a_profile_inside_another_is_the_same():
    with profiled() as outer, profiled() as inner, stage("one"):
        assert inner is outer
    assert outer.stages["one"].runs == 1


def test_a_manifest_gets_the_time_of_the_running_stage_too():
    assert current_profile() is None
    with profiled(), stage("publishing"):
        work(0.02)
        assert current_profile()["publishing"]["processor_seconds"] >= 0.02


def test_words_name_the_longest_stage_first():
    with profiled() as profile:
        with stage("hardly any"):
            pass
        with stage("short"):
            work(0.06)
        with stage("long"):
            work(0.15)
    words = profile.in_words().splitlines()
    assert len(words) == 4
    assert words[1].startswith("long")
    assert words[-1].startswith("all")


def test_stages_are_lines_where_they_are_announced(lines):
    with stage("not announced"):
        pass
    with announcing():
        for _ in range(2):
            with stage("reading"):
                pass
        with stage("learning"), stage("inside", quiet=True):
            pass
    assert lines() == ["reading …", "learning …"]


def test_a_long_stage_says_how_far_it_is_without_a_terminal(lines, monkeypatch):
    monkeypatch.setattr(progress_module, "SECONDS_BETWEEN_LINES", 0.01)
    with announcing(), stage("learning"), progress("steps", 10) as advance:
        advance(4)
        deadline = time.monotonic() + 10
        while len(lines()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert lines()[1].startswith("learning: steps, 4 of 10, ")
