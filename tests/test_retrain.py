"""Retraining and its gate: what has learned well is served, what learned from poison never is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from conftest import events
from tastegraph.config import Loop
from tastegraph.errors import BusyError
from tastegraph.learning import gate, retrain
from tastegraph.learning.content import unprompted
from tastegraph.learning.gate import Asked, judge
from tastegraph.learning.retrain import parted, without_newest
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.ranking.artefacts import content_from
from tastegraph.ranking.kernels import TableKernel
from tastegraph.ranking.model import BEHAVIOUR, KNOWN, NEW, Blend, Model, Part
from tastegraph.records import Event, Item
from tastegraph.serving.engine import Asked as Shown

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
    assert cinema.snapshots.roll_back() == "000001"


def test_a_build_knows_until_when_it_learned(cinema) -> None:
    assert cinema.snapshots.manifest("000001")["learned_until"] == len(events())
    cinema.record([Event("x", "western-fan-1", "western-01", "like", None, LATER)])
    cinema.build(only={"graph", "text"})
    assert cinema.snapshots.manifest("000002")["learned_until"] == len(events())
    assert cinema.snapshots.manifest("000002")["gate"] is None


@pytest.mark.parametrize("poison", ["labels", "vectors", "graph"])
def test_what_learned_from_poison_is_never_served(cinema, monkeypatch, poison) -> None:
    """Shuffled labels, vectors that are no numbers, an empty graph."""
    cinema.record(more(np.random.default_rng(2)))
    fit, assemble = retrain.fit, retrain.assemble

    def poisoned(content, told, choice, config, start):
        if poison == "labels":
            rng = np.random.default_rng(3)
            told = Interactions(
                told.user_ids, told.n_items, told.users, rng.permutation(told.items),
                told.times, told.weights, told.given,
            )  # fmt: skip
            start = None
        return fit(content, told, choice, config, start=start)

    def spoiled(content, likes, learned):
        model = assemble(content, likes, learned)
        if poison == "vectors" and learned is not spoiled.first:
            spoiled.first = learned
            table = np.full((content.graph.n_items,) * 2, np.nan, dtype=np.float32)
            parts = {**model.parts, BEHAVIOUR: Part(Recency(), TableKernel(table))}
            return Model(parts, _all_on(parts), model.warm, model.rows, model.popularity)
        return model

    spoiled.first = None
    monkeypatch.setattr(retrain, "fit", poisoned)
    monkeypatch.setattr(retrain, "assemble", spoiled)
    if poison == "graph":
        content = retrain.Builder.content

        def emptied(self, stages, old):
            read = content(self, stages, old)
            return replace(read, content=read.content.graph_off())

        monkeypatch.setattr(retrain.Builder, "content", emptied)
    done = cinema.retrain()
    assert done.verdict is not None
    assert done.version is None, done.verdict.in_words()
    assert cinema.snapshots.versions() == ["000001"]
    assert cinema.snapshots.current() == "000001"


def _all_on(parts) -> Blend:
    weights = {who: dict.fromkeys(parts, 1.0) for who in (KNOWN, NEW)}
    return Blend(weights, weights)


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


def test_only_one_retrains(cinema, monkeypatch) -> None:
    cinema.record(more(np.random.default_rng(1), people=3))

    def meanwhile(*_, **__):
        with pytest.raises(BusyError):
            type(cinema)(cinema.directory).retrain()
        raise KeyboardInterrupt

    monkeypatch.setattr(retrain, "fit", meanwhile)
    with pytest.raises(KeyboardInterrupt):
        cinema.retrain()
    assert cinema.snapshots.versions() == ["000001"]


def test_retrain_on_the_command_line(cinema, tastegraph) -> None:
    assert "nothing has happened" in tastegraph("retrain", cinema.directory).out
    cinema.record(more(np.random.default_rng(1), people=20))
    assert "in service: snapshot 000002" in tastegraph("retrain", cinema.directory).out


# What a candidate is told, and what it is asked.


def told(rows: list[tuple[int, int]], users: int = 3, items: int = 6) -> Interactions:
    user, item = np.array(rows, dtype=np.int32).T
    return Interactions(
        [f"u{k}" for k in range(users)], items, user, item, np.arange(len(rows), dtype=float),
        np.ones(len(rows), "f4"), np.full(len(rows), -1, "i1"),
    )  # fmt: skip


def test_of_a_witness_the_newest_is_left_out() -> None:
    before = told([(0, 1), (1, 2)], users=2)
    now = told([(0, 1), (0, 3), (1, 2), (1, 4), (2, 5)])
    left = without_newest(now, before, np.array([False, True, True]))
    assert list(zip(left.users.tolist(), left.items.tolist(), strict=True)) == [
        (0, 1), (0, 3), (1, 2),
    ]  # fmt: skip
    asked = gate.asked_newest(before, now, np.array([False, True, True]), 10)
    assert [history.items.tolist() for history in asked.histories] == [[2]]
    assert asked.wanted.toarray().nonzero()[1].tolist() == [4]


def test_the_last_fifth_of_what_was_known_is_asked_for() -> None:
    rows = [(0, k) for k in range(5)] + [(1, k) for k in range(4)]
    asked = gate.asked_earlier(told(rows, users=2), 10)
    assert [history.items.tolist() for history in asked.histories] == [[0, 1, 2, 3]]
    assert asked.wanted.toarray().nonzero()[1].tolist() == [4]
    assert asked.seen.toarray().nonzero()[1].tolist() == [0, 1, 2, 3]


def test_witnesses_change_and_are_enough() -> None:
    people = [str(k) for k in range(10_000)]
    first, second = gate.witnesses(people, 0.1, 1), gate.witnesses(people, 0.1, 2)
    assert first.mean() == pytest.approx(0.1, abs=0.02)
    assert (first & second).mean() == pytest.approx(0.01, abs=0.005)
    assert gate.witnesses(people[:40], 0.1, 1).mean() == pytest.approx(0.5, abs=0.25)


def of(table: np.ndarray) -> Model:
    part = Part(Recency(), TableKernel(table.astype("f4")))
    weights = {who: {BEHAVIOUR: 1.0} for who in (KNOWN, NEW)}
    n = len(table)
    return Model({BEHAVIOUR: part}, Blend(weights, weights), np.ones(n, bool), np.arange(n),
                 np.ones(n, int))  # fmt: skip


def test_the_gate_weighs_loss_against_chance() -> None:
    """A table that says everything passes against one that says noise, and not the other way."""
    rng = np.random.default_rng(0)
    seen = sparse.csr_array(rng.random((200, 40)) < 0.15)
    truth = rng.normal(size=(40, 40))
    truth = truth + truth.T
    scores = seen.toarray() @ truth
    scores[seen.toarray() > 0] = -np.inf
    best = scores >= np.sort(scores, axis=1)[:, [-3]]
    wanted = sparse.csr_array(best & np.isfinite(scores))
    histories = [History(row.nonzero()[0].astype("i4"), np.ones(row.sum(), "f4"))
                 for row in seen.toarray()]  # fmt: skip
    asked = {"newest": Asked(histories, sparse.csr_array(seen), wanted)}
    good, bad = of(truth), of(rng.normal(size=(40, 40)))
    loop = Loop(seconds=10)
    assert judge(good, bad, (9, 9), asked, loop).passed
    verdict = judge(bad, good, (9, 9), asked, loop)
    assert [check.name for check in verdict.checks if not check.passed] == ["NDCG@10, newest"]
    nearly = of(truth + rng.normal(scale=0.02, size=(40, 40)))
    assert judge(nearly, good, (9, 9), asked, loop).passed
    assert not judge(good, good, (4, 9), asked, loop).passed
    nobody = {"newest": Asked([], asked["newest"].seen[:0], wanted[:0])}
    assert not judge(good, good, (9, 9), nobody, loop).passed
    slow = judge(good, good, (9, 9), asked, Loop(slower=1, seconds=1e-9))
    assert {check.name for check in slow.checks} >= {"seconds of a list", "facts"}
    assert "FAILED" in verdict.in_words()
    assert not verdict.as_dict()["passed"]


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


def test_weights_go_on_from_those_in_service(cinema, monkeypatch) -> None:
    """What clearly helps is found; what decides nothing stays as it was."""
    monkeypatch.setattr(retrain, "MANY", 10)
    asked = []
    reweighed = retrain.reweighed

    def watched(content, training, valid, learned, config):
        choice = reweighed(content, training, valid, learned, config)
        asked.append((learned.choice.weights, choice.weights, valid.nnz))
        return choice

    monkeypatch.setattr(retrain, "reweighed", watched)
    cinema.record(more(np.random.default_rng(1)))
    assert cinema.retrain().verdict is not None
    ((before, after, liked),) = asked
    assert liked > 0
    assert before.keys() == after.keys()


def test_retraining_teaches_the_language_model_where_that_is_asked_for(cinema, monkeypatch) -> None:
    file = cinema.directory / "tastegraph.toml"
    file.write_text(file.read_text() + "\n[loop]\nteach = true\n", encoding="utf-8")
    stages = []
    content = retrain.Builder.content

    def watched(self, asked, old):
        stages.append(set(asked))
        return content(self, asked, old)

    monkeypatch.setattr(retrain.Builder, "content", watched)
    workspace = type(cinema)(cinema.directory)
    workspace.record(more(np.random.default_rng(1)))
    workspace.retrain()
    assert stages == [{"graph", "text", "model"}]


def test_what_a_list_prompted_is_asked_for_only_where_too_little_else_is(monkeypatch) -> None:
    """Person 0 liked item 3 of their own accord and item 4 because a list had it."""
    before = told([(0, 1), (1, 2)], users=2)
    now = told([(0, 1), (0, 3), (0, 4), (1, 2), (1, 5)], users=2)
    free = told([(0, 1), (0, 3), (1, 2)], users=2)
    judging = np.array([True, True])
    everything = retrain.asked_newest(before, now, free, judging, 10)
    assert everything.wanted.toarray().nonzero()[1].tolist() == [3, 4, 5]
    monkeypatch.setattr(retrain, "ENOUGH", 1)
    own = retrain.asked_newest(before, now, free, judging, 10)
    assert own.wanted.toarray().nonzero()[1].tolist() == [3]
    nobody = retrain.asked_newest(before, now, free, np.array([False, True]), 10)
    assert nobody.wanted.toarray().nonzero()[1].tolist() == [5]


def test_events_that_the_models_own_lists_prompted_are_told_from_others(cinema) -> None:
    """Of a list the places count that were given to exploration."""
    shown = cinema.engine.show("western-fan-1", 12, Shown(explore=0.7, seed=5))
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
    graph = content_from(cinema.snapshots.open()).graph
    free = unprompted(cinema.database, graph, cinema.config, 10**9)
    mine = free.users == free.user_ids.index("somebody")
    liked = {graph.item_ids[item] for item in free.items[mine]}
    assert liked == {explored, "space-01"}
