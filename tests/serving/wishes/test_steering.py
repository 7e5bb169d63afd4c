"""Steering: lists follow wishes exactly, shares sum to scores, wishes that last are stored."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import ITEM
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.serving.wishes.chips import Chip
from tastegraph.serving.wishes.effects import WishEffects, WishTerm, spread_of, wish_effects
from tastegraph.serving.wishes.interests import EditableInterests, InterestEdit
from tastegraph.serving.wishes.steering import DAY, interest_id
from tastegraph.store import wishes
from tests.support import serving_world

FAN = "western-0"
"""A user who likes westerns."""


@pytest.fixture
def engine(tmp_path: Path):
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def interests(engine):
    return EditableInterests(engine)


def titles(answer):
    return [item.item_id.split("-")[0] for item in answer.items]


def test_only_and_never_are_exact(engine: Engine):
    assert set(titles(engine.recommend(FAN, steer="only space operas"))) == {"space"}
    assert "space" not in titles(engine.recommend(FAN, steer="no space opera"))
    both = engine.recommend(FAN, exclude_seen=False, steer="only westerns, no Western No. 2")
    assert set(titles(both)) <= {"western", "hostile"}
    assert "western-2" not in [item.item_id for item in both.items]


def test_more_and_less_move_the_list_both_ways(engine: Engine):
    plain = titles(engine.recommend(FAN, 4))
    more = engine.recommend(FAN, 4, steer="more space opera")
    assert titles(more).count("space") > plain.count("space")
    less = titles(engine.recommend(FAN, 4, steer="less western"))
    assert less.count("western") <= plain.count("western")
    stronger = engine.recommend(FAN, 4, steer="a lot more space opera")
    assert stronger.items[0].score > more.items[0].score


def test_a_list_without_a_wish_is_the_same_as_ever(engine: Engine):
    plain, unknown = engine.recommend(FAN), engine.recommend(FAN, steer="zorp")
    assert [i.score for i in plain.items] == [i.score for i in unknown.items]
    assert plain.steer is None
    assert [entry.words for entry in unknown.steer.ignored] == ["zorp"]


def test_a_wish_is_a_reason_and_shares_sum_to_the_score(engine: Engine, interests):
    (item, *_) = engine.recommend(FAN, steer="only space opera, more like Space opera No. 2").items
    assert "because you asked for more like Space opera No. 2" in [r.text for r in item.reasons]
    interests.wish(FAN, "more space opera", "en")
    for name in ("space-3", "western-5", "hostile"):
        explanation = engine.explain(FAN, name)
        total = sum(reason.share for reason in explanation.reasons)
        assert total == pytest.approx(explanation.score, abs=1e-4)
    listed = {item.item_id: item.score for item in engine.recommend(FAN, exclude_seen=False).items}
    for name, score in listed.items():
        assert engine.explain(FAN, name).score == pytest.approx(score, abs=1e-4)


def test_terms_are_exact_by_hand():
    """Two terms of 0.5 and -1 spreads; of the scores 0 … 10 the best is 5 above the mean."""

    class Ranked:
        items = np.arange(11)
        scores = np.arange(11, dtype=np.float32)

    chip = Chip(direction="more", kind="novelty")
    terms = (
        WishTerm(chip, np.array([1, 3]), np.array([0.5, 0.5], "f4")),
        WishTerm(chip, np.array([3]), np.array([-1.0], "f4")),
    )
    effects = WishEffects(terms, None, 11)
    assert effects.total.tolist() == [0, 0.5, 0, -0.5, *[0] * 7]
    assert spread_of(Ranked, 11) == 5.0
    assert [share for _, share in effects.shares(Ranked, 3)] == [2.5, -5.0]
    assert effects.shares(Ranked, 2) == []


def test_chips_come_back_edited_and_unknown_ones_are_said(engine: Engine):
    (chip,) = engine.read_wish("less western").parsed
    assert chip.node == "genre:western"
    turned = chip.model_copy(update={"direction": "only"})
    assert set(titles(engine.recommend(FAN, exclude_seen=False, steer=[turned]))) <= {
        "western", "hostile",
    }  # fmt: skip
    gone = chip.model_copy(update={"node": "genre:nothing"})
    answer = engine.recommend(FAN, steer=[gone])
    assert answer.steer.parsed == ()
    assert "graph" in answer.steer.ignored[0].reason


def test_a_steered_list_is_replayed_the_same(engine: Engine):
    options = ListOptions(steer="more space opera, no western")
    answer = engine.recommend_and_store(FAN, 5, options)
    engine.submit(lambda _: None).result()
    again = engine.replay(answer.recommendation_id)
    assert [(i.item_id, i.score) for i in again.items] == [
        (i.item_id, i.score) for i in answer.items
    ]


def test_wishes_that_last_are_stored_and_expire(engine: Engine, monkeypatch):
    engine.recommend_and_store(FAN, 5, ListOptions(steer="only space opera for the next 3 days"))
    assert set(titles(engine.recommend(FAN))) == {"space"}
    later = time.time() + 3 * DAY + 1
    monkeypatch.setattr("tastegraph.serving.wishes.steering.time.time", lambda: later)
    assert "western" in titles(engine.recommend(FAN))


def test_a_wish_for_this_list_is_not_stored(engine: Engine):
    engine.recommend_and_store(FAN, 5, ListOptions(steer="only space opera"))
    assert "western" in titles(engine.recommend(FAN))
    answer = engine.recommend_and_store(
        FAN, 5, ListOptions(steer="only space opera from now on", store_wishes=False)
    )
    assert "key" in answer.steer.notes[0]
    assert "western" in titles(engine.recommend(FAN))


def test_an_edit_shows_in_the_next_list_and_is_undone(engine: Engine, interests):
    western = next(i for i in interests.all(FAN, "en").interests if i.label == "Western")
    assert western.state == "inferred"
    plain = engine.recommend(FAN, 4)
    edited = interests.edit(FAN, western.interest, InterestEdit(muted=True, weight=2), "en")
    assert (edited.state, edited.weight, len(edited.history)) == ("muted", 2.0, 1)
    assert engine.recommend(FAN, 4) != plain
    interests.edit(FAN, western.interest, InterestEdit(pinned=True, days=1), "en")
    assert interests.one(FAN, western.interest, "en").state == "pinned"
    interests.undo(FAN, "en")
    assert interests.one(FAN, western.interest, "en").state == "muted"
    interests.undo(FAN, "en")
    scores = [item.score for item in engine.recommend(FAN, 4).items]
    assert scores == [item.score for item in plain.items]
    assert interests.one(FAN, western.interest, "en").state == "inferred"
    assert [c.undone is None for c in interests.one(FAN, western.interest, "en").history] == [
        False, False,
    ]  # fmt: skip
    with pytest.raises(NotFoundError):
        interests.undo(FAN, "en")


def test_a_withdrawn_wish_is_gone_and_stays_in_the_history(engine: Engine, interests):
    answer = interests.wish(FAN, "only space opera", "en")
    (wished,) = [each for each in answer.interests if each.chip is not None]
    assert (wished.state, wished.chip.duration) == ("wished", "always")
    withdrawn = interests.withdraw(FAN, wished.interest, "en")
    assert (withdrawn.chip, len(withdrawn.history)) == (None, 2)
    assert "western" in titles(engine.recommend(FAN))
    with pytest.raises(NotFoundError):
        interests.withdraw(FAN, wished.interest, "en")
    interests.wish(FAN, "no western, less space opera", "en")
    assert [i.chip for i in interests.withdraw_all(FAN, "en").interests if i.chip] == []


def test_a_user_without_events_can_have_wishes(engine: Engine, interests):
    interests.wish("nobody", "only space opera", "en")
    assert set(titles(engine.recommend("nobody"))) == {"space"}
    with pytest.raises(NotFoundError):
        interests.one("nobody", "0" * 20, "en")


def test_erasure_leaves_no_wish(engine: Engine, interests):
    interests.wish(FAN, "only space opera, more like Western No. 1", "en")
    engine.erase.item("western-1")
    with engine.database.reading() as connection:
        assert [row.chip["direction"] for row in wishes.history(connection, FAN)] == ["only"]
    engine.erase.user(FAN)
    with engine.database.reading() as connection:
        assert wishes.history(connection, FAN) == []


def test_a_user_has_a_bounded_number_of_standing_wishes(engine: Engine, interests, monkeypatch):
    monkeypatch.setattr(wishes, "MAX_WISHES", 1)
    answer = interests.wish(FAN, "no western, no space opera", "en")
    assert "1 standing" in answer.steer.notes[0]
    assert sum(each.chip is not None for each in answer.interests) == 1


def test_one_thing_has_one_id_whatever_is_wished_of_it():
    chip = Chip(direction="more", kind="entity", node="genre:western", relation="genre")
    assert interest_id(chip) == interest_id(chip.model_copy(update={"direction": "less"}))
    assert interest_id(chip) != interest_id(chip.model_copy(update={"relation": None}))


def test_a_never_on_an_item_hides_it(engine: Engine):
    chip = Chip(direction="never", kind="entity", node=f"{ITEM}western-4", label="x")
    view = engine._view(FAN)
    effects = wish_effects(engine.steerer.graph(view.snapshot), [chip], view.user().scored.history)
    assert np.flatnonzero(~effects.mask).tolist() == [view.snapshot.row("western-4")]
