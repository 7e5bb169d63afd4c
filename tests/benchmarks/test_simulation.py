"""The simulated world: its truth is what it says, and who knows the truth regrets nothing."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.loop import simulation
from benchmarks.loop.simulation import World, simulate
from benchmarks.loop.truth import Truth, read

from tastegraph.core.config import Config, ModelConfig

SMALL = World(users=40, items=40, new=2, rounds=3, items_at_start=20)


class Knowing:
    """A model that scores by the truth."""

    def __init__(self, pleases: np.ndarray) -> None:
        self.pleases, self.user = pleases, 0

    def rank(self, history):
        user, self.user = self.user, (self.user + 1) % len(self.pleases)
        return type("Ranked", (), {"scores": self.pleases[user].astype("f4")})


def test_truth_by_hand() -> None:
    truth = Truth(np.array([[1.0, 0], [1, 1]]), np.array([0.5, 0]), np.array([[2.0, -1]]))
    # -3 + 2 + .5 = -.5 and -3 + 2 - 1 = -2
    assert truth.pleases() == pytest.approx(1 / (1 + np.exp([[0.5, 2.0]])))
    assert read(4) == pytest.approx([1, 0.7071, 0.5774, 0.5], abs=1e-4)


def test_interests_drift_of_some_alone() -> None:
    truth = Truth.of(200, 10, 1)
    before = truth.interests.copy()
    truth.drift(0.2, np.random.default_rng(0))
    changed = (before != truth.interests).any(axis=1).mean()
    assert 0.1 < changed < 0.3


def test_who_knows_the_truth_regrets_nothing(monkeypatch) -> None:
    """And reaches every new item that belongs into a list."""
    knowing = Knowing(Truth.of(SMALL.users, 46, 3).pleases())
    monkeypatch.setattr(simulation, "chosen", lambda *_: None)
    monkeypatch.setattr(simulation, "_served", lambda *_: knowing)
    world = World(**{**vars(SMALL), "drift": 0.0})
    rounds = list(simulate("no feedback", world, Config(model=ModelConfig(seed=3))))
    assert [one.regret for one in rounds] == pytest.approx([0, 0, 0], abs=1e-9)
    assert [one.new_items_reached for one in rounds] == [1, 1, 1]
    assert all(0 < one.coverage <= 1 and 0 <= one.gini < 1 for one in rounds)


@pytest.mark.slow
def test_rounds_are_those_of_their_seed() -> None:
    config = Config(model=ModelConfig(seed=2, epochs=2, dimensions=8))
    first, again = (list(simulate("loop", SMALL, config)) for _ in range(2))
    assert first == again
    assert [one.regret for one in first] != [
        one.regret for one in simulate("no exploration", SMALL, config)
    ]
