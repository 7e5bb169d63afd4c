"""Responses to the lists of each model."""

from __future__ import annotations

import numpy as np
import pytest

from tastegraph.core.records import Event
from tastegraph.evaluation.feedback import feedback_by_model
from tastegraph.evaluation.metrics import gini
from tastegraph.serving.engine import ListOptions
from tastegraph.serving.lists.exploration import draw_list
from tastegraph.store.served_lists import Exposure, exposures
from tests.support import serving_world


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_exploring_lists_estimate_the_reward_without_exploration(share) -> None:
    """Ten items with falling click rates: after an explored place, the next best item is the one
    that would have been above, which differs from the list without exploration."""
    rng = np.random.default_rng(0)
    click_rate = 0.6 * 0.8 ** np.arange(10)
    scores, disagreement = -np.arange(10, dtype=np.float32), np.ones(10, dtype=np.float32)
    places = []
    for k in range(6_000):
        drawn_list = draw_list(scores, disagreement, 4, share, rng)
        for rank, (item, chance, best) in enumerate(
            zip(drawn_list.items, drawn_list.propensities, drawn_list.best, strict=True), start=1
        ):
            events = ("click",) if rng.random() < click_rate[item] else ()
            places.append(Exposure(f"l{k}", "m", k, f"i{item}", rank, chance, best, events))
    (feedback,) = feedback_by_model(places, ("click",), 10)
    for estimate in feedback.unexplored.values():
        assert estimate.low - 0.01 < click_rate[:4].mean() < estimate.high + 0.01
        assert estimate.high - estimate.low < 0.06


def test_feedback_by_hand() -> None:
    places = [
        Exposure("l1", "m1", 1.0, "a", 1, 0.9, True, ("click",)),
        Exposure("l1", "m1", 1.0, "b", 2, 0.1, False, ("impression",)),
        Exposure("l2", "m1", 2.0, "a", 1, 0.9, True, ()),
        Exposure("l3", "m2", 3.0, "c", 1, 1.0, True, ("purchase", "impression")),
    ]
    first, second = feedback_by_model(places, ("click", "purchase"), n_items=4)
    assert (first.model, first.lists, first.places) == ("m1", 2, 3)
    assert first.answered.value == pytest.approx(1 / 3)
    assert first.by_rank == {1: 0.5, 2: 0.0}
    assert first.unexplored["ips"].value == pytest.approx((1 / 0.9) / 3)
    assert first.unexplored["snips"].value == pytest.approx(0.5)
    assert first.coverage == 0.5
    assert first.gini == pytest.approx(gini(np.array([2.0, 1, 0, 0])))
    assert second.answered.value == 1
    assert second.as_dict()["unexplored"]["ips"]["value"] == 1


def test_feedback_of_a_service(tmp_path, tastegraph) -> None:
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
        (feedback,) = feedback_by_model(exposures(connection), ("click",), 13)
    assert (feedback.lists, feedback.places) == (5, 15)
    assert feedback.by_rank[1] == 1.0
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    result = tastegraph("feedback", tmp_path)
    assert result.code == 0, result.err
    assert "5 lists" in result.out
    assert "33.3%" in result.out
