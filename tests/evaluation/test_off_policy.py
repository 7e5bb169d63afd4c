"""Off-policy estimates against values worked out by hand, and against the truth they estimate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.records import Event
from tastegraph.evaluation.feedback import feedback_by_model
from tastegraph.evaluation.metrics import gini
from tastegraph.evaluation.off_policy import (
    cumulative_propensity,
    doubly_robust,
    ips,
    observed_mean,
    snips,
)
from tastegraph.serving.engine import ListOptions
from tastegraph.serving.exploration import draw_list
from tastegraph.store.served_lists import Exposure, exposures
from tests.support import serving_world


def test_by_hand() -> None:
    """w = 2, 0, 4, 1: Σ w r = 2 + 1 = 3 over four, and over Σ w = 7."""
    reward, target = np.array([1.0, 1, 0, 1]), np.array([0.5, 0, 1, 1])
    chance = np.array([0.25, 0.5, 0.25, 1])
    assert ips(reward, target, chance).value == pytest.approx(3 / 4)
    assert snips(reward, target, chance).value == pytest.approx(3 / 7)
    # q = .5 throughout: .5 + w (r − .5) = 1.5, .5, −1.5, 1.
    half = np.full(4, 0.5)
    assert doubly_robust(reward, target, chance, half, half).value == pytest.approx(1.5 / 4)
    assert ips(reward, target, chance).effective == pytest.approx(49 / 21)
    assert observed_mean(reward).value == 0.75
    # The variance of 2, 0, 0, 1 is 11/12; its error √(11/48).
    told = ips(reward, target, chance)
    assert told.high - told.value == pytest.approx(1.959964 * np.sqrt(11 / 48))


def test_a_rate_is_between_nought_and_one() -> None:
    low = doubly_robust(np.zeros(4), np.ones(4), np.full(4, 0.1), np.full(4, 0.5), np.full(4, 0.5))
    assert low.value < 0
    assert (low.as_rate().value, low.as_rate().low, low.as_rate().high) == (0, 0, 0)
    high = ips(np.ones(3), np.ones(3), np.array([0.2, 0.5, 1.0]))
    assert high.value > 1
    assert high.as_rate().value == high.as_rate().high == 1
    assert np.isnan(observed_mean(np.zeros(0)).as_rate().value)


def test_nothing_and_nonsense() -> None:
    none = np.zeros(0)
    assert np.isnan(ips(none, none, none).value)
    assert np.isnan(snips(np.ones(2), np.zeros(2), np.ones(2)).value)
    with pytest.raises(ValueError, match="propensity"):
        ips(np.ones(1), np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match="2 rewards"):
        ips(np.ones(2), np.ones(1), np.ones(1))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 0.8))
def test_they_find_what_the_other_way_earns(seed: int, share: float) -> None:
    """Four things of known worth; shown ε-greedily, judged as if the best alone were shown."""
    rng = np.random.default_rng(seed)
    worth, n = rng.uniform(0.1, 0.9, 4), 20_000
    chances = np.full(4, share / 4)
    chances[0] += 1 - share
    shown = rng.choice(4, n, p=chances)
    reward = (rng.random(n) < worth[shown]).astype(float)
    target, chance = (shown == 0).astype(float), chances[shown]
    wrong = np.full(4, 0.5)
    for told in (
        ips(reward, target, chance),
        snips(reward, target, chance),
        doubly_robust(reward, target, chance, wrong[shown], np.full(n, wrong[0])),
    ):
        assert told.value == pytest.approx(worth[0], abs=0.06)


def test_a_wrong_chance_is_mended_by_a_right_model() -> None:
    rng = np.random.default_rng(0)
    shown = rng.choice(2, 50_000, p=[0.8, 0.2])
    worth = np.array([0.3, 0.6])
    reward = (rng.random(50_000) < worth[shown]).astype(float)
    target, chance = (shown == 1).astype(float), np.full(50_000, 0.5)
    assert abs(ips(reward, target, chance).value - 0.6) > 0.2
    told = doubly_robust(reward, target, chance, worth[shown], np.full(50_000, worth[1]))
    assert told.value == pytest.approx(0.6, abs=0.02)


def test_places_of_a_list_are_weighed_with_those_above() -> None:
    group = np.array([0, 0, 0, 1, 1])
    chances = np.array([0.5, 0.5, 0.2, 0.9, 0.1])
    assert cumulative_propensity(chances, group) == pytest.approx([0.5, 0.25, 0.05, 0.9, 0.09])
    # Two lists with sums of 2 and 0 apart from twice the mean: variance 2, of a mean of places.
    told = observed_mean(np.array([1.0, 1, 0, 0]), np.array([0, 0, 1, 1]))
    assert told.high - told.value == pytest.approx(1.959964 * np.sqrt(2 * 2) / 4)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_lists_that_explored_tell_what_they_would_have_earned(share) -> None:
    """Ten items whose worth falls from place to place: after an explored place the best left is
    what would have stood above, which is not what the list without exploration has there."""
    rng = np.random.default_rng(0)
    worth = 0.6 * 0.8 ** np.arange(10)
    scores, doubt = -np.arange(10, dtype=np.float32), np.ones(10, dtype=np.float32)
    shown = []
    for k in range(6_000):
        made = draw_list(scores, doubt, 4, share, rng)
        for rank, (item, chance, best) in enumerate(
            zip(made.items, made.propensities, made.best, strict=True), start=1
        ):
            events = ("click",) if rng.random() < worth[item] else ()
            shown.append(Exposure(f"l{k}", "m", k, f"i{item}", rank, chance, best, events))
    (told,) = feedback_by_model(shown, ("click",), 10)
    for estimate in told.unexplored.values():
        assert estimate.low - 0.01 < worth[:4].mean() < estimate.high + 0.01
        assert estimate.high - estimate.low < 0.06


def test_gini() -> None:
    assert gini(np.ones(5)) == pytest.approx(0)
    assert gini(np.array([0.0, 0, 0, 7])) == pytest.approx(0.75)
    assert gini(np.array([1.0, 3])) == pytest.approx(0.25)
    assert gini(np.zeros(3)) == 0


def test_feedback_by_model() -> None:
    shown = [
        Exposure("l1", "m1", 1.0, "a", 1, 0.9, True, ("click",)),
        Exposure("l1", "m1", 1.0, "b", 2, 0.1, False, ("impression",)),
        Exposure("l2", "m1", 2.0, "a", 1, 0.9, True, ()),
        Exposure("l3", "m2", 3.0, "c", 1, 1.0, True, ("purchase", "impression")),
    ]
    first, second = feedback_by_model(shown, ("click", "purchase"), n_items=4)
    assert (first.model, first.lists, first.places) == ("m1", 2, 3)
    assert first.answered.value == pytest.approx(1 / 3)
    assert first.by_rank == {1: 0.5, 2: 0.0}
    assert first.unexplored["ips"].value == pytest.approx((1 / 0.9) / 3)
    assert first.unexplored["snips"].value == pytest.approx(0.5)
    assert first.coverage == 0.5
    assert first.gini == pytest.approx(gini(np.array([2.0, 1, 0, 0])))
    assert second.answered.value == 1
    assert second.as_dict()["unexplored"]["ips"]["value"] == 1


def test_what_was_shown_over_the_service_is_told(tmp_path, tastegraph) -> None:
    engine = serving_world.open_engine(tmp_path)
    answers = [
        engine.recommend_and_store(f"western-{k}", 3, ListOptions(explore=0.2, seed=k))
        for k in range(5)
    ]
    engine.record(
        Event(f"c{k}", f"western-{k}", a.items[0].item_id, "click", None, 2e3 + k,
              recommendation_id=a.recommendation_id, position=1)
        for k, a in enumerate(answers)
    )  # fmt: skip
    engine.close()
    with engine.database.reading() as connection:
        (told,) = feedback_by_model(exposures(connection), ("click",), 13)
    assert (told.lists, told.places) == (5, 15)
    assert told.by_rank[1] == 1.0
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    said = tastegraph("feedback", tmp_path)
    assert said.code == 0, said.err
    assert "5 lists" in said.out
    assert "33.3%" in said.out
