"""A model is served with the configuration that it was fitted with, whatever the file says now."""

from __future__ import annotations

import json

import pytest
import tomli_w

from tastegraph.core.config import Config
from tastegraph.core.errors import SnapshotError, TastegraphError
from tastegraph.core.records import Event
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.serving.engine import ListOptions
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films

USER = "western-fan-3"
ANN = [
    Event(str(k), "", f"western-{k:02}", "rating", float(v)) for k, v in enumerate((5, 4, 2))
] + [Event("v", "", "space-01", "view")]


def reopened(workspace: Workspace, **sections: object) -> Workspace:
    """The workspace with other settings in its file."""
    workspace.close()
    file = workspace.directory / "tastegraph.toml"
    file.write_text(tomli_w.dumps({**SETTINGS, **sections}), encoding="utf-8")
    return Workspace(workspace.directory)


def lists(workspace: Workspace) -> list[list[tuple[str, float]]]:
    return [
        [(item.item_id, item.score) for item in workspace.recommend(who, 10).items]
        for who in (USER, ANN)
    ]


OTHER = {
    "threshold": {"events": {"positive_rating": 2.0}},
    "weights": {"events": {"weights": {"view": -1.0, "rating": -0.5}}},
    "history": {"model": {**SETTINGS["model"], "history": 1}},
}


@pytest.mark.slow
@pytest.mark.parametrize("sections", OTHER.values(), ids=OTHER)
def test_lists_stay_until_the_next_build(cinema, sections):
    before = lists(cinema)
    changed = reopened(cinema, **sections)
    assert lists(changed) == before
    assert changed.explain(ANN, "space-05").score == dict(before[1]).get(
        "space-05", changed.explain(ANN, "space-05").score
    )
    # New items count at once, and still as the model was fitted.
    changed.build(only={"graph", "text"})
    assert lists(changed) == before
    assert changed.fitted().changes(changed.config)
    changed.build()
    assert lists(changed) != before
    assert not changed.fitted().changes(changed.config)


def test_a_profile_says_what_counts_in_the_model(cinema):
    other = reopened(cinema, events={"positive_rating": 6.0})
    assert {(p.value, p.counts) for p in other.engine.profile(USER).events} == {(5, 1), (1, -1)}


def test_how_it_is_served_and_read_follows_the_file(cinema):
    assert "director" in {tie.phrase for tie in cinema.engine.content("western-00").content}
    other = reopened(
        cinema,
        relations={"directed_by": {"phrase": "film-maker"}},
        serving={"exclude": {"rating": False}},
    )
    assert other.fitted().changes(other.config) == []
    assert len(other.recommend(USER, 24).items) == 24
    assert "film-maker" in {tie.phrase for tie in other.engine.content("western-00").content}


def test_more_ratings_change_no_scale_in_service(cinema):
    """One rating of 10 makes the scale another: with the next build."""
    cinema.record([Event("ten", "somebody", "western-01", "rating", 10.0)])
    assert cinema.rating_scale().positive == 7
    assert cinema.fitted().meaning.scale.positive == 4
    (past,) = cinema.engine.profile("somebody").events
    assert past.counts == 1
    cinema.record([Event("five", "somebody", "western-02", "rating", 5.0)])
    assert cinema.engine.profile("somebody").events[0].counts == 1
    cinema.build()
    assert cinema.fitted().meaning.scale.positive == 7
    assert cinema.engine.profile("somebody").events[0].counts == -1


@pytest.mark.slow
def test_retraining_learns_anew_where_events_mean_something_else(cinema, capsys):
    fresh = [Event(f"more{k}", f"western-fan-{k}", "western-03", "like") for k in range(30)]
    other = reopened(cinema, events={"weights": {"rating": 0.5}})
    other.retrain()
    assert "events.weights.rating changed" in capsys.readouterr().err
    other.record(fresh)
    done = other.retrain()
    messages = capsys.readouterr().err
    assert "all is learned anew: events.weights.rating changed in tastegraph.toml" in messages
    if done.version is not None:
        assert other.fitted().meaning.weights["rating"] == 0.5
    else:
        assert other.fitted().meaning.weights["rating"] == 1.0


def test_retraining_is_refused_where_nothing_counts_any_more(cinema):
    other = reopened(cinema, events={"positive_rating": 100.0, "weights": {"like": 0.0}})
    other.record([Event("more", USER, "western-03", "like")])
    with pytest.raises(TastegraphError, match="none of the 601 events counts for an item"):
        other.retrain()
    assert other.snapshots.current() == "000001"


def test_a_low_rating_of_a_list_is_no_success(cinema):
    answer = cinema.engine.recommend_and_store(USER, 2, ListOptions())
    cinema.engine.close()
    cinema.record(
        Event(f"{k}", USER, item.item_id, "rating", value, None, None, answer.recommendation_id, k)
        for k, (item, value) in enumerate(zip(answer.items, (5.0, 1.0), strict=True), start=1)
    )
    (feedback,) = cinema.feedback()
    assert (feedback.places, feedback.answered.value) == (2, 0.5)


@pytest.mark.slow
def test_retraining_goes_on_where_nothing_changed(cinema, capsys):
    cinema.record(Event(f"more{k}", f"western-fan-{k}", "western-03", "like") for k in range(30))
    cinema.retrain()
    assert "anew" not in capsys.readouterr().err
    assert cinema.fitted().meaning.scale.positive == 4


def test_the_manifest_holds_what_was_fitted_as_plain_json(cinema):
    file = cinema.snapshots.directory / cinema.snapshots.current() / "manifest.json"
    saved = json.loads(file.read_text(encoding="utf-8"))["fitted"]
    assert saved["meaning"]["scale"]["positive"] == 4
    assert saved["config"]["model"]["dimensions"] == 16
    assert saved["config"]["relations"] == {"directed_by": {"use": True, "single": False}}
    assert not {"llm", "serving", "loop"} & saved["config"].keys()
    again = FittedConfig.of({"fitted": saved})
    assert again.as_json() == saved
    assert again.meaning == cinema.fitted().meaning


def test_each_stage_keeps_its_own_configuration():
    meaning = EventMeaning.of(Config().events, {5.0: 1})
    first = FittedConfig(Config(), meaning)
    other = Config.model_validate(
        {"text": {"facts": True}, "model": {"seed": 9}, "relations": {"r": {"use": False}}}
    )
    ten = EventMeaning.of(Config().events, {10.0: 1})
    assert set(first.changes(other)) == {"relations.r", "text.facts", "model.seed"}
    after = first.with_stages({"graph", "text"}, other, ten)
    assert after.changes(other) == ["model.seed"]
    assert after.meaning == meaning
    assert first.with_stages({"graph", "text", "model"}, other, ten).meaning == ten


def test_info_and_serve_say_where_the_file_changed(cinema, tastegraph):
    assert "ratings 1 to 5: from 4 on" in tastegraph("info", cinema.directory).out
    assert "changed" not in tastegraph("info", cinema.directory).out
    reopened(cinema, events={"positive_rating": 3.0}).close()
    out = tastegraph("info", cinema.directory).out
    assert "before events.positive_rating changed in tastegraph.toml" in out
    assert "from 4 on" in out
    assert "from 4 on they count" in tastegraph("models", "list", cinema.directory, "--json").out


def test_snapshots_of_earlier_versions_are_refused_by_name(cinema, tastegraph):
    folder = cinema.snapshots.directory / cinema.snapshots.current()
    file = folder / "manifest.json"
    saved = json.loads(file.read_text(encoding="utf-8"))
    del saved["fitted"]
    file.write_text(json.dumps({**saved, "format": 5}), encoding="utf-8")
    with pytest.raises(SnapshotError, match=r"format 5, this version reads \d+: run 'tastegraph"):
        _ = Workspace(cinema.directory).engine
    done = tastegraph("recommend", cinema.directory, USER)
    assert done.code == 1
    assert str(folder) in done.err
    assert "run 'tastegraph build' again" in done.err
    for command in (("info",), ("models", "list")):
        assert tastegraph(*command, cinema.directory).code == 0


@pytest.mark.slow
def test_a_build_says_that_the_model_stays(tmp_path, capsys):
    workspace = Workspace.init(tmp_path / "cinema", SETTINGS)
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    workspace.build()
    other = reopened(workspace, model={**SETTINGS["model"], "history": 7})
    capsys.readouterr()
    other.build(only={"graph"})
    messages = capsys.readouterr().err
    assert "the model stays as it was learned, before model.history changed" in messages
