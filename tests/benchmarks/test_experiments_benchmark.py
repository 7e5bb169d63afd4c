"""The simulation of experiments: a winner is told right, a tie is not, and the page is its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.experiments.__main__ import PAGE, RESULTS, measured
from benchmarks.experiments.experiments_page import page
from benchmarks.experiments.simulation import World, looks

WORLD = World(rate=0.2, gain=0.08, users=40, returning=0.2, likeness=0.3)


def test_winner_is_told_right_in_95_of_100_runs_and_a_tie_in_5_at_most() -> None:
    figures = measured(WORLD, 100, seed=7)
    assert figures["sequence"]["right"] >= 95
    assert figures["sequence"]["wrong"] == 0
    assert figures["sequence"]["tie_told"] <= 5
    assert figures["one look"]["tie_told"] > 20, "looking every day is what makes it hard"


def test_lists_of_a_user_are_as_alike_as_the_world_says() -> None:
    world = World(rate=0.3, gain=0.0, users=4000, returning=1.0, likeness=0.2, days=2)
    *_, (control, _) = looks(world, 0.0, 1, seed=3)
    assert control.rate == pytest.approx(0.3, abs=0.02)
    # A variance of n lists of one user is n · p(1 − p) · (1 + (n − 1) · likeness).
    n = np.array([2.0, 1.0]).repeat(4000)
    expected = n.sum() ** 2 / (n * (1 + (n - 1) * 0.2)).sum()
    assert control.effective_lists == pytest.approx(expected, rel=0.05)


def test_page_is_made_from_the_results() -> None:
    results = json.loads(Path(RESULTS).read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(results)
