"""Retraining and its gate: what has learned well is served, what learned from poison never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tastegraph.core.errors import BusyError
from tastegraph.core.records import Event, Item
from tastegraph.kg.from_store import item_ids
from tastegraph.models.artefacts import fitted_model_from, item_features_from, model_from
from tastegraph.models.base import BEHAVIOUR, KNOWN, NEW, SimilarityComponent
from tastegraph.models.fit import fit
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import TableKernel
from tastegraph.pipeline import judge as judge_module
from tastegraph.pipeline import retrain
from tastegraph.pipeline.content import unprompted
from tastegraph.pipeline.retrain import parted
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.serving.engine import ListOptions
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films

LATER = 2e6


def more(rng: np.random.Generator, people: int = 30) -> list[Event]:
    """What the same people, and some new ones, go on to like of their own kind."""
    return [
        Event(f"more-{kind}-{u}-{k}", f"{kind}-fan-{u}", f"{kind}-{k:02}", "like", None, LATER + k)
        for kind in ("western", "space")
        for u in range(people)
        for k in rng.choice(12, 3, replace=False)
    ]


# The whole way.


@pytest.mark.slow
def test_what_happened_since_is_learned_and_served(cinema) -> None:
    before = cinema.engine.versions()
    cinema.ingest(items=[Item("western-new", "Western New", "cowboys ride to a gunfight")])
    cinema.record(more(np.random.default_rng(1)))
    cinema.record(
        Event(f"n{u}", f"western-fan-{u}", "western-new", "like", None, LATER) for u in range(20)
    )
    done = cinema.retrain()
    assert done.verdict is not None
    assert done.verdict.passed, done.verdict.in_words()
    assert (done.version, done.events) == ("000002", 200)
    model, graph = cinema.engine.versions()
    assert (model, graph) == ("000002", "000002") != before
    manifest = cinema.snapshots.manifest("000002")
    assert manifest["gate"]["passed"]
    assert manifest["learned_until"] == len(events()) + 200
    listed = [item.item_id for item in cinema.recommend("western-fan-25", 2).items]
    assert {item.split("-")[0] for item in listed} == {"western"}
    again = cinema.retrain()
    assert (again.version, again.verdict, again.events) == ("000002", None, 0)
    assert cinema.snapshots.roll_back().version == "000001"


def test_a_build_knows_until_when_it_learned(cinema) -> None:
    assert cinema.snapshots.manifest("000001")["learned_until"] == len(events())
    before = model_from(cinema.snapshots.open()).popularity
    cinema.record(Event(f"x{k}", f"n{k}", "western-01", "like", None, LATER) for k in range(9))
    cinema.build(only={"graph", "text"})
    # What no gate has let pass is in no model, even where graph and texts are made anew.
    assert (model_from(cinema.snapshots.open()).popularity == before).all()
    assert cinema.snapshots.manifest("000002")["learned_until"] == len(events())
    assert cinema.snapshots.manifest("000002")["gate"] is None


@pytest.mark.slow
def test_a_model_that_knew_nobody_has_no_gate(tmp_path) -> None:
    workspace = Workspace.init(tmp_path / "early", SETTINGS)
    workspace.ingest(items=films(), facts={"films": facts()})
    workspace.build()
    workspace.record(events())
    done = workspace.retrain()
    assert (done.version, done.verdict, done.events) == ("000002", None, len(events()))
    listed = workspace.recommend("space-fan-1", 3).items
    assert {item.item_id.split("-")[0] for item in listed} == {"space"}
    workspace.close()


@pytest.mark.slow
def test_weights_that_newest_events_decided_are_not_judged_by_them(cinema, monkeypatch) -> None:
    file = cinema.directory / "tastegraph.toml"
    file.write_text(file.read_text() + "\n[loop]\ntolerance = 1.0\n", encoding="utf-8")
    workspace, judged = type(cinema)(cinema.directory), []
    monkeypatch.setattr(judge_module, "evaluate", lambda *told: judged.append(told[-1]) or {})
    workspace.evaluate()
    workspace.record(more(np.random.default_rng(1)))
    assert workspace.retrain().version == "000002"
    workspace.evaluate()
    assert [hyperparameters is None for hyperparameters in judged] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize("poison", ["labels", "vectors", "graph"])
def test_what_learned_from_poison_is_never_served(cinema, monkeypatch, poison) -> None:
    """Shuffled labels, vectors that are no numbers, an empty graph."""
    cinema.record(more(np.random.default_rng(2)))
    partial_fit, assemble = retrain.partial_fit, retrain.assemble

    def poisoned(item_features, told, before, fitted_model, config):
        if poison == "labels":
            rng = np.random.default_rng(3)
            told = Interactions(
                told.user_ids, told.n_items, told.users, rng.permutation(told.items),
                told.times, told.weights, told.given,
            )  # fmt: skip
            return fit(item_features, told, fitted_model.hyperparameters, config)
        return partial_fit(item_features, told, before, fitted_model, config)

    def spoiled(item_features, likes, fitted_model):
        model = assemble(item_features, likes, fitted_model)
        if poison == "vectors" and fitted_model is not spoiled.first:
            spoiled.first = fitted_model
            table = np.full((item_features.graph.n_items,) * 2, np.nan, dtype=np.float32)
            parts = {
                **model.components,
                BEHAVIOUR: SimilarityComponent(Recency(), TableKernel(table)),
            }
            return HybridModel(parts, _all_on(parts), model.warm, model.rows, model.popularity)
        return model

    spoiled.first = None
    monkeypatch.setattr(retrain, "go_on", poisoned)
    monkeypatch.setattr(retrain, "assemble", spoiled)
    if poison == "graph":
        item_features = retrain.Builder.item_features

        def emptied(self, stages, old, told):
            read = item_features(self, stages, old, told)
            return replace(read, item_features=read.item_features.graph_off())

        monkeypatch.setattr(retrain.Builder, "content", emptied)
    done = cinema.retrain()
    assert done.verdict is not None
    assert done.version is None, done.verdict.in_words()
    assert cinema.snapshots.versions() == ["000001"]
    assert cinema.snapshots.current() == "000001"


def _all_on(parts) -> Blend:
    weights = {who: dict.fromkeys(parts, 1.0) for who in (KNOWN, NEW)}
    return Blend(weights, weights)


@pytest.mark.slow
def test_random_clicks_of_many_are_not_served(cinema) -> None:
    """Ten times as many made-up people as there are, each clicking at random."""
    rng = np.random.default_rng(4)
    items = [f"{kind}-{k:02}" for kind in ("western", "space") for k in range(12)]
    cinema.record(
        Event(f"bot-{u}-{n}", f"bot-{u}", items[k], "like", None, LATER + n)
        for u in range(600)
        for n, k in enumerate(rng.choice(24, 8, replace=False))
    )
    cinema.record(more(rng))
    done = cinema.retrain()
    assert done.verdict is not None
    assert done.version is None, done.verdict.in_words()
    (resembles,) = (check for check in done.verdict.checks if check.name.startswith("AUC"))
    assert not resembles.passed
    assert resembles.candidate == pytest.approx(0.5, abs=0.1)


def test_only_one_retrains(cinema, monkeypatch) -> None:
    cinema.record(more(np.random.default_rng(1), people=3))

    def meanwhile(*_, **__):
        with pytest.raises(BusyError):
            type(cinema)(cinema.directory).retrain()
        raise KeyboardInterrupt

    monkeypatch.setattr(retrain, "go_on", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        cinema.retrain()
    assert cinema.snapshots.versions() == ["000001"]


@pytest.mark.slow
def test_retrain_on_the_command_line(cinema, tastegraph) -> None:
    assert "nothing has happened" in tastegraph("retrain", cinema.directory).out
    cinema.record(more(np.random.default_rng(1), people=20))
    assert "in service: snapshot 000002" in tastegraph("retrain", cinema.directory).out


def test_of_many_witnesses_some_decide_the_weights() -> None:
    held = np.arange(2_000) % 2 == 0
    judging, weighing = parted(held, 7)
    assert not (judging & weighing).any()
    assert ((judging | weighing) == held).all()
    assert weighing.sum() == pytest.approx(250, abs=40)
    few = held[:100]
    judging, weighing = parted(few, 7)
    assert (judging == few).all()
    assert not weighing.any()


@pytest.mark.slow
def test_weights_go_on_from_those_in_service(cinema, monkeypatch) -> None:
    """What clearly helps is found; what decides nothing stays as it was."""
    monkeypatch.setattr(retrain, "MANY", 10)
    asked = []
    reweighed = retrain.reweighed

    def watched(item_features, training, valid, fitted_model, config):
        hyperparameters = reweighed(item_features, training, valid, fitted_model, config)
        asked.append((fitted_model.hyperparameters.weights, hyperparameters.weights, valid.nnz))
        return hyperparameters

    monkeypatch.setattr(retrain, "reweighed", watched)
    cinema.record(more(np.random.default_rng(1)))
    assert cinema.retrain().verdict is not None
    ((before, after, liked),) = asked
    assert liked > 0
    assert before.keys() == after.keys()


@pytest.mark.slow
def test_what_witnesses_did_last_neither_teaches_nor_states(cinema, monkeypatch) -> None:
    """And the network goes on from the one in service, against which it is judged as it is."""
    told_of, starts, incumbents = [], [], []
    item_features, partial_fit, judge = (
        retrain.Builder.item_features,
        retrain.partial_fit,
        retrain.judged,
    )

    def watched(self, stages, old, told):
        names = item_ids(cinema.database)
        told_of.append(told(names))
        return item_features(self, stages, old, told)

    def gone_on(item_features, told, before, fitted_model, config):
        starts.append(fitted_model.network)
        return partial_fit(item_features, told, before, fitted_model, config)

    def judging(candidate, incumbent, *rest):
        incumbents.append(incumbent)
        return judge(candidate, incumbent, *rest)

    monkeypatch.setattr(retrain.Builder, "content", watched)
    monkeypatch.setattr(retrain, "go_on", gone_on)
    monkeypatch.setattr(retrain, "judged", judging)
    before = cinema.snapshots.open()
    cinema.record(more(np.random.default_rng(1)))
    cinema.retrain()
    ((told,), (start,), (incumbent,)) = told_of, starts, incumbents
    likes = len(events()) + len(more(np.random.default_rng(1)))
    assert len(events()) < len(told) < likes
    for name, array in fitted_model_from(before).network.parameters.items():
        np.testing.assert_array_equal(array, start.parameters[name])
    somebody = [History(np.array([1, 2], "i4"), np.ones(2, "f4"))]
    np.testing.assert_array_equal(
        incumbent.score(somebody), model_from(before).score(somebody)[:, incumbent.at]
    )


@pytest.mark.slow
def test_retraining_teaches_the_language_model_where_that_is_asked_for(cinema, monkeypatch) -> None:
    file = cinema.directory / "tastegraph.toml"
    file.write_text(file.read_text() + "\n[loop]\nteach = true\n", encoding="utf-8")
    stages = []
    item_features = retrain.Builder.item_features

    def watched(self, asked, old, told):
        stages.append(set(asked))
        return item_features(self, asked, old, told)

    monkeypatch.setattr(retrain.Builder, "content", watched)
    workspace = type(cinema)(cinema.directory)
    workspace.record(more(np.random.default_rng(1)))
    workspace.retrain()
    assert stages == [{"graph", "text", "model"}]


def test_events_that_the_models_own_lists_prompted_are_told_from_others(cinema) -> None:
    """Of a list the places count that were given to exploration."""
    shown = cinema.engine.recommend_and_store("western-fan-1", 12, ListOptions(explore=0.7, seed=5))
    best = next(item.item_id for item in shown.items if item.best)
    explored = next(item.item_id for item in shown.items if not item.best)
    key = shown.recommendation_id
    cinema.record([
        Event("a", "somebody", best, "like", None, LATER, None, key, 1),
        Event("b", "somebody", explored, "like", None, LATER, None, key, 2),
        Event("c", "somebody", "space-01", "like", None, LATER),
        Event("d", "somebody", best, "like", None, LATER, None, "a list nobody knows", 1),
    ])  # fmt: skip
    cinema.engine.close()
    graph = item_features_from(cinema.snapshots.open()).graph
    free = unprompted(cinema.database, graph.item_ids, cinema.fitted().meaning, 10**9)
    mine = free.users == free.user_ids.index("somebody")
    liked = {graph.item_ids[item] for item in free.items[mine]}
    assert liked == {explored, "space-01"}
