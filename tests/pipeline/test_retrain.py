"""Retraining: a good candidate is served, one that learned from wrong data never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tastegraph.core.errors import BusyError
from tastegraph.core.records import Event, Item
from tastegraph.kg.from_store import item_ids
from tastegraph.models.base import BEHAVIOUR, KNOWN, NEW, SimilarityComponent
from tastegraph.models.fit import fit
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import TableKernel
from tastegraph.models.persistence import fitted_model_from, item_features_from, model_from
from tastegraph.pipeline import evaluate, retrain
from tastegraph.pipeline.retrain import split_holdout
from tastegraph.pipeline.training_events import organic_interactions
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.serving.engine import ListOptions
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films

LATER = 2e6


def later_likes(rng: np.random.Generator, n_users: int = 30) -> list[Event]:
    """Three more likes of each fan, of films of their genre."""
    return [
        Event(
            f"more-{genre}-{user}-{k}",
            f"{genre}-fan-{user}",
            f"{genre}-{k:02}",
            "like",
            None,
            LATER + k,
        )
        for genre in ("western", "space")
        for user in range(n_users)
        for k in rng.choice(12, 3, replace=False)
    ]


@pytest.mark.slow
def test_good_candidate_is_served(cinema) -> None:
    before = cinema.engine.versions()
    cinema.ingest(items=[Item("western-new", "Western New", "cowboys ride to a gunfight")])
    cinema.record(later_likes(np.random.default_rng(1)))
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


def test_build_of_graph_and_text_learns_from_no_new_event(cinema) -> None:
    assert cinema.snapshots.manifest("000001")["learned_until"] == len(events())
    before = model_from(cinema.snapshots.open()).popularity
    cinema.record(Event(f"x{k}", f"n{k}", "western-01", "like", None, LATER) for k in range(9))
    cinema.build(only={"graph", "text"})
    # Events that no gate has let pass are in no model, even where graph and texts are built.
    assert (model_from(cinema.snapshots.open()).popularity == before).all()
    assert cinema.snapshots.manifest("000002")["learned_until"] == len(events())
    assert cinema.snapshots.manifest("000002")["gate"] is None


@pytest.mark.slow
def test_first_events_need_no_gate(tmp_path) -> None:
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
def test_hyperparameters_of_retraining_are_not_evaluated(cinema, monkeypatch) -> None:
    file = cinema.directory / "tastegraph.toml"
    file.write_text(file.read_text() + "\n[loop]\nmax_ndcg_loss = 1.0\n", encoding="utf-8")
    workspace, hyperparameters = type(cinema)(cinema.directory), []

    def record(*arguments):
        hyperparameters.append(arguments[-1])
        return {}

    monkeypatch.setattr(evaluate, "evaluation_report", record)
    workspace.evaluate()
    workspace.record(later_likes(np.random.default_rng(1)))
    assert workspace.retrain().version == "000002"
    workspace.evaluate()
    assert [chosen_anew is None for chosen_anew in hyperparameters] == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize("poison", ["labels", "vectors", "graph"])
def test_candidate_from_wrong_data_is_never_served(cinema, monkeypatch, poison) -> None:
    """Shuffled items, scores that are nan, an empty graph."""
    cinema.record(later_likes(np.random.default_rng(2)))
    partial_fit, assemble = retrain.partial_fit, retrain.assemble

    def fit_to_wrong_labels(item_features, events, before, fitted_model, config):
        if poison == "labels":
            rng = np.random.default_rng(3)
            events = Interactions(
                events.user_ids, events.n_items, events.users, rng.permutation(events.items),
                events.times, events.weights, events.published_splits,
            )  # fmt: skip
            return fit(item_features, events, fitted_model.hyperparameters, config)
        return partial_fit(item_features, events, before, fitted_model, config)

    def assemble_with_nan(item_features, user_items, fitted_model):
        model = assemble(item_features, user_items, fitted_model)
        if poison == "vectors" and fitted_model is not assemble_with_nan.first:
            assemble_with_nan.first = fitted_model
            table = np.full((item_features.graph.n_items,) * 2, np.nan, dtype=np.float32)
            components = {
                **model.components,
                BEHAVIOUR: SimilarityComponent(Recency(), TableKernel(table)),
            }
            return HybridModel(
                components, _all_on(components), model.warm, model.rows, model.popularity
            )
        return model

    assemble_with_nan.first = None
    monkeypatch.setattr(retrain, "partial_fit", fit_to_wrong_labels)
    monkeypatch.setattr(retrain, "assemble", assemble_with_nan)
    if poison == "graph":
        build_features = retrain.Builder.build_features

        def without_graph(self, stages, previous, events_of):
            features = build_features(self, stages, previous, events_of)
            return replace(features, item_features=features.item_features.graph_off())

        monkeypatch.setattr(retrain.Builder, "build_features", without_graph)
    done = cinema.retrain()
    assert done.verdict is not None
    assert done.version is None, done.verdict.in_words()
    assert cinema.snapshots.versions() == ["000001"]
    assert cinema.snapshots.current() == "000001"


def _all_on(components) -> Blend:
    weights = {group: dict.fromkeys(components, 1.0) for group in (KNOWN, NEW)}
    return Blend(weights, weights)


@pytest.mark.slow
def test_random_clicks_of_many_fake_users_are_not_served(cinema) -> None:
    """Ten times as many fake users as real ones, each clicking at random."""
    rng = np.random.default_rng(4)
    items = [f"{genre}-{k:02}" for genre in ("western", "space") for k in range(12)]
    cinema.record(
        Event(f"bot-{u}-{n}", f"bot-{u}", items[k], "like", None, LATER + n)
        for u in range(600)
        for n, k in enumerate(rng.choice(24, 8, replace=False))
    )
    cinema.record(later_likes(rng))
    done = cinema.retrain()
    assert done.verdict is not None
    assert done.version is None, done.verdict.in_words()
    (resemblance,) = (check for check in done.verdict.checks if check.name.startswith("AUC"))
    assert not resemblance.passed
    assert resemblance.candidate == pytest.approx(0.5, abs=0.1)


def test_only_one_process_retrains(cinema, monkeypatch) -> None:
    cinema.record(later_likes(np.random.default_rng(1), n_users=3))

    def meanwhile(*_, **__):
        with pytest.raises(BusyError):
            type(cinema)(cinema.directory).retrain()
        raise KeyboardInterrupt

    monkeypatch.setattr(retrain, "partial_fit", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        cinema.retrain()
    assert cinema.snapshots.versions() == ["000001"]


@pytest.mark.slow
def test_retrain_on_the_command_line(cinema, tastegraph) -> None:
    assert "nothing has happened" in tastegraph("retrain", cinema.directory).out
    cinema.record(later_likes(np.random.default_rng(1), n_users=20))
    assert "in service: snapshot 000002" in tastegraph("retrain", cinema.directory).out


def test_some_of_many_holdout_users_decide_the_blend() -> None:
    holdout = np.arange(2_000) % 2 == 0
    gate_users, blend_users = split_holdout(holdout, 7)
    assert not (gate_users & blend_users).any()
    assert ((gate_users | blend_users) == holdout).all()
    assert blend_users.sum() == pytest.approx(250, abs=40)
    few_users = holdout[:100]
    gate_users, blend_users = split_holdout(few_users, 7)
    assert (gate_users == few_users).all()
    assert not blend_users.any()


@pytest.mark.slow
def test_blend_is_refitted_from_the_weights_in_service(cinema, monkeypatch) -> None:
    """Regression: the search starts from the weights in service."""
    monkeypatch.setattr(retrain, "MIN_USERS_TO_REFIT_BLEND", 10)
    calls = []
    update_weights = retrain.update_weights

    def recorded(item_features, training, valid, fitted_model, config):
        hyperparameters = update_weights(item_features, training, valid, fitted_model, config)
        calls.append((fitted_model.hyperparameters.weights, hyperparameters.weights, valid.nnz))
        return hyperparameters

    monkeypatch.setattr(retrain, "update_weights", recorded)
    cinema.record(later_likes(np.random.default_rng(1)))
    assert cinema.retrain().verdict is not None
    ((before, after, n_likes),) = calls
    assert n_likes > 0
    assert before.keys() == after.keys()


@pytest.mark.slow
def test_new_events_of_holdout_users_are_not_learned_from(cinema, monkeypatch) -> None:
    """And the network is trained on from the one in service, which the gate compares it with."""
    seen, starts, incumbents = [], [], []
    build_features, partial_fit, run_gate = (
        retrain.Builder.build_features,
        retrain.partial_fit,
        retrain.run_gate,
    )

    def record_events(self, stages, previous, events_of):
        rows = {name: row for row, name in enumerate(item_ids(cinema.database))}
        seen.append(events_of(rows))
        return build_features(self, stages, previous, events_of)

    def record_start(item_features, events, before, fitted_model, config):
        starts.append(fitted_model.learned["network"])
        return partial_fit(item_features, events, before, fitted_model, config)

    def record_incumbent(candidate, incumbent, *arguments):
        incumbents.append(incumbent)
        return run_gate(candidate, incumbent, *arguments)

    monkeypatch.setattr(retrain.Builder, "build_features", record_events)
    monkeypatch.setattr(retrain, "partial_fit", record_start)
    monkeypatch.setattr(retrain, "run_gate", record_incumbent)
    before = cinema.snapshots.open()
    cinema.record(later_likes(np.random.default_rng(1)))
    cinema.retrain()
    ((learned_from,), (start,), (incumbent,)) = seen, starts, incumbents
    n_events = len(events()) + len(later_likes(np.random.default_rng(1)))
    assert len(events()) < len(learned_from) < n_events
    for name, array in fitted_model_from(before).learned["network"].items():
        np.testing.assert_array_equal(array, start[name])
    somebody = [History(np.array([1, 2], "i4"), np.ones(2, "f4"))]
    np.testing.assert_array_equal(
        incumbent.score(somebody), model_from(before).score(somebody)[:, incumbent.rows]
    )


@pytest.mark.slow
def test_retraining_finetunes_the_language_model_where_configured(cinema, monkeypatch) -> None:
    file = cinema.directory / "tastegraph.toml"
    file.write_text(file.read_text() + "\n[loop]\nfinetune = true\n", encoding="utf-8")
    calls = []
    build_features = retrain.Builder.build_features

    def recorded(self, stages, previous, events_of):
        calls.append(set(stages))
        return build_features(self, stages, previous, events_of)

    monkeypatch.setattr(retrain.Builder, "build_features", recorded)
    workspace = type(cinema)(cinema.directory)
    workspace.record(later_likes(np.random.default_rng(1)))
    workspace.retrain()
    assert calls == [{"graph", "text", "model"}]


def test_organic_events_answer_no_list_of_the_model(cinema) -> None:
    """Except on the places of a list that were given to exploration."""
    answer = cinema.engine.recommend_and_store(
        "western-fan-1", 12, ListOptions(explore=0.7, seed=5)
    )
    best = next(item.item_id for item in answer.items if item.best)
    explored = next(item.item_id for item in answer.items if not item.best)
    key = answer.recommendation_id
    cinema.record([
        Event("a", "somebody", best, "like", None, LATER, None, key, 1),
        Event("b", "somebody", explored, "like", None, LATER, None, key, 2),
        Event("c", "somebody", "space-01", "like", None, LATER),
        Event("d", "somebody", best, "like", None, LATER, None, "a list nobody knows", 1),
    ])  # fmt: skip
    cinema.engine.close()
    graph = item_features_from(cinema.snapshots.open()).graph
    organic = organic_interactions(cinema.database, graph.rows, cinema.fitted().meaning, 10**9)
    of_user = organic.users == organic.user_ids.index("somebody")
    liked = {graph.item_ids[item] for item in organic.items[of_user]}
    assert liked == {explored, "space-01"}
