"""New items are listed by what is known of them, beside a snapshot that stays as it is."""

import numpy as np
import pytest

from tastegraph.core import narrow
from tastegraph.core.records import Event, Fact, Item
from tastegraph.models import hybrid, tables
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.persistence import (
    associations_from,
    fitted_model_from,
    item_features_from,
    model_from,
)
from tastegraph.models.ranked import Quota
from tastegraph.models.retrieval import fit
from tastegraph.pipeline import new_items
from tastegraph.pipeline.build import Builder
from tests.support.cinema import GENRE_TEXTS

FAN = "western-fan-0"
PLACES = 5


@pytest.fixture
def growing(cinema, monkeypatch):
    monkeypatch.setattr(new_items, "MAX_SHARE", 1.0)
    return cinema


def new_films(number):
    return [
        Item(f"{genre}-new-{number}", f"New {genre}", text, {"genre": (genre,)})
        for genre, text in GENRE_TEXTS.items()
    ]


def add(workspace, min_items=0):
    places = workspace.directory, workspace.config, workspace.database, workspace.snapshots
    return new_items.add_new_items(*places, min_items)


def scores(workspace):
    answer = workspace.recommend(FAN, 100)
    return {item.item_id: item.score for item in answer.items}


def test_a_new_item_is_listed_and_all_others_keep_their_scores(growing):
    before = scores(growing)
    assert add(growing) is None
    growing.ingest(
        items=new_films(1),
        facts={
            "more films": [
                Fact("item:western-new-1", "directed_by", "person:western-0"),
                Fact("item:space-new-1", "composed_by", "person:somebody"),
                Fact("item:space-new-1", "sequel_of", "item:space-03"),
            ]
        },
    )
    assert add(growing) == "000002" == growing.snapshots.current()
    after = scores(growing)
    assert {*after} == {*before, "western-new-1", "space-new-1"}
    assert after["western-new-1"] > after["space-new-1"]
    assert after["western-new-1"] > np.median([*before.values()])
    for name, score in before.items():
        assert after[name] == pytest.approx(score, abs=1e-5)
    assert add(growing) is None


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 10_000])
def test_a_snapshot_of_narrow_matrices_grows_alike(growing, monkeypatch, columns):
    """Whether rows are coded, or, as rows of few numbers are, float16."""
    exact = scores(growing)
    monkeypatch.setattr(narrow, "MIN_ROWS", 2)
    monkeypatch.setattr(narrow, "MIN_CODED_COLUMNS", columns)
    monkeypatch.setattr(tables, "MIN_ENTRIES", 1)
    growing.ingest(events=[Event("one more", "western-fan-1", "western-03", "like", None, 2e6)])
    growing.build()
    snapshot = growing.snapshots.open()
    coded = {name for name, values in snapshot.everything.items() if values.dtype.names}
    assert ("network.items" in coded) == ("network.learned.node" in coded) == (columns == 1)
    before = scores(growing)
    assert {*before} == {*exact}
    assert np.corrcoef([before[name] for name in exact], [*exact.values()])[0, 1] > 0.95
    learned, whole = fitted_model_from(snapshot).learned, model_from(snapshot, whole=True)
    assert learned["network"]["learned.node"].dtype == np.float32
    assert all(
        isinstance(side, np.ndarray)
        for each in whole.similarities.values()
        if isinstance(each.kernel, FactorKernel)
        for side in (each.kernel.left, each.kernel.right)
    )
    growing.ingest(
        items=new_films(1),
        facts={"x": [Fact("item:western-new-1", "directed_by", "person:western-0")]},
    )
    add(growing)
    after = scores(growing)
    assert {*after} == {*before, "western-new-1", "space-new-1"}
    assert after["western-new-1"] > after["space-new-1"]
    assert {name: after[name] for name in before} == pytest.approx(before, abs=1e-4)
    growing.build({"graph", "text"})
    assert {*scores(growing)} == {*after}


def test_a_new_item_has_the_facts_that_a_build_gives_it(growing):
    growing.ingest(
        items=new_films(1),
        facts={"x": [Fact("item:western-new-1", "directed_by", "person:western-0")]},
    )
    add(growing)
    grown = growing.snapshots.open()
    growing.build({"graph", "text"})
    built = growing.snapshots.open()

    def ties(snapshot):
        associations, graph = associations_from(snapshot), item_features_from(snapshot).graph
        row = graph.item_ids.index("western-new-1")
        names = graph.item_ids + graph.node_ids
        at = associations.of_item(row)
        return {
            (graph.relations[associations.relation[f]], names[associations.node[f]]): value
            for f, value in zip(
                associations.strength.indices[at].tolist(),
                associations.strength.data[at].tolist(),
                strict=True,
            )
        }

    assert ties(grown) == pytest.approx(ties(built), abs=0.01)
    assert len(ties(grown)) == 2
    features = item_features_from(grown)
    assert len(features.text) == features.graph.n_nodes == grown.manifest["counts"]["nodes"]
    assert features.words.shape[0] == features.graph.n_items == 26
    row, other = (features.graph.item_ids.index(f"western-{name}") for name in ("new-1", "00"))
    assert features.text[row] @ features.text[other] > 0.8


def test_items_are_added_again_and_a_build_takes_them_in(growing):
    for number in (1, 2):
        growing.ingest(items=new_films(number))
        assert add(growing) == f"00000{number + 1}"
        snapshot = growing.snapshots.open()
        assert snapshot.manifest["changes"] < number + 100
        assert snapshot.manifest["model"] == "000001"
    names = {item.item_id for new in (1, 2) for item in new_films(new)}
    assert names < {*scores(growing)}
    grown = scores(growing)
    assert growing.build({"graph", "text"}) == "000004"
    built = scores(growing)
    assert {*grown} == {*built}
    assert built["western-new-1"] > built["space-new-1"]


def test_what_did_not_grow_is_linked_and_not_written(growing):
    growing.ingest(items=new_films(1))
    add(growing)
    first, second = growing.snapshots.open("000001"), growing.snapshots.open("000002")
    for name in ("learning/behaviour.items", "learning/network.learned.event", "likes.indices"):
        inodes = {(shelf.path / f"{name}.npy").stat().st_ino for shelf in (first, second)}
        assert len(inodes) == 1, name


def test_small_catalogues_and_many_new_items_are_left_to_the_build(cinema):
    cinema.ingest(items=new_films(1))
    assert add(cinema, None) is None
    assert add(cinema) is None
    assert cinema.snapshots.current() == "000001"


def test_a_dense_table_does_not_outgrow_its_limit(growing, monkeypatch):
    snapshot = growing.snapshots.open()
    assert "behaviour.table" in snapshot.arrays
    growing.ingest(items=new_films(1))
    n_items = snapshot.manifest["counts"]["items"]
    monkeypatch.setattr(tables, "MAX_DENSE_ITEMS", n_items + 1)
    assert add(growing) is None
    monkeypatch.setattr(tables, "MAX_DENSE_ITEMS", n_items + len(GENRE_TEXTS))
    assert add(growing) == "000002"


def test_after_an_erasure_the_build_makes_all_anew(growing):
    growing.ingest(items=new_films(1))
    growing.erase.item("western-00")
    assert add(growing) is None


def test_a_build_of_graph_and_texts_lists_new_items_before_it_begins(growing, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(new_items, "MIN_ITEMS", 0)
    monkeypatch.setattr(Builder, "build", stop)
    growing.ingest(items=new_films(1))
    with pytest.raises(KeyboardInterrupt):
        growing.build({"graph", "text"})
    assert growing.snapshots.current() == "000002"
    assert "western-new-1" in scores(growing)


def test_the_index_finds_new_items_too(growing, monkeypatch):
    """Two thirds of the items are candidates; lists are those of all scores."""
    for name, value in {
        "EXHAUSTIVE_ITEMS": 0,
        "ITEMS_FOR_EACH_DIMENSION": 0.01,
        "SHAPES": ((64, 18),),
        "MIN_RECALL": 0.0,
    }.items():
        monkeypatch.setattr(fit, name, value)
    monkeypatch.setattr(hybrid, "OVERSAMPLING", 1)
    growing.ingest(items=new_films(1))
    growing.build()
    growing.ingest(items=new_films(2))
    assert add(growing)
    model = growing.engine.snapshot.model
    assert model.index is not None
    assert model.index.vectors[-2:].any(axis=1).all()
    for user in ("western-fan-0", "space-fan-1"):
        history = growing.engine._view(user).user().scored.history
        whole = model.rank(history)
        best = model.rank(history, [Quota(None, PLACES)])
        assert len(best.items) < len(whole.items)
        np.testing.assert_allclose(
            np.sort(best.scores)[-PLACES:], np.sort(whole.scores)[-PLACES:], atol=1e-4
        )
