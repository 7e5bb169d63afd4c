"""Events on entities: learned from like those on items, and never listed or to be found."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tastegraph
from tastegraph.core.config import Config
from tastegraph.core.records import ENTITY, Event, Fact, Item, Link
from tastegraph.evaluation.evaluator import EvaluationData, Evaluator
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tastegraph.models import Knowledge
from tastegraph.models.base import Component
from tastegraph.models.cold_start import cold_item_holdout
from tastegraph.models.dataset import Dataset
from tastegraph.models.graph_network.component import GraphNetworkComponent
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.popularity import RecentPopularity
from tastegraph.models.registry import COMPONENTS
from tastegraph.models.training_data import TrainingData
from tastegraph.models.validation import Validation
from tastegraph.profiles.association import ITSELF, associate
from tastegraph.profiles.interactions import History
from tastegraph.profiles.splits import VALID, assign_splits
from tests.models.test_components import params_of

FILMS, DIRECTORS, USERS = 12, 3, 40
SILENT = (RecentPopularity,)
"""Components that have nothing to say without times."""


def film(k: int) -> str:
    return f"film-{k:02}"


def frames(seed: int = 0) -> dict[str, pl.DataFrame]:
    """Film k is by director k mod 3. Users like four films of a director, and half the director."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str | None, str | None, str, float]] = []
    for user in range(USERS):
        own = [k for k in range(FILMS) if k % DIRECTORS == user % DIRECTORS]
        name, start = f"user-{user:02}", float(100 * user)
        rows += [
            (name, film(k), None, "like", start + n) for n, k in enumerate(rng.permutation(own)[:3])
        ]
        if user % 2:
            rows.append((name, None, f"director-{user % DIRECTORS}", "like", start + 1.5))
        rows.append((name, None, f"director-{(user + 1) % DIRECTORS}", "dislike", start + 2.5))
    columns = ("user_id", "item_id", "entity", "event_type", "timestamp")
    events = pl.DataFrame(rows, schema=columns, orient="row")
    films = [film(k) for k in range(FILMS)]
    directed = [f"director-{k % DIRECTORS}" for k in range(FILMS)]
    names = [f"director-{k}" for k in range(DIRECTORS)]
    facts = pl.DataFrame({
        "head": [f"item:{name}" for name in films] + names,
        "relation": ["director"] * FILMS + ["label"] * DIRECTORS,
        "tail": directed + [f"Director Number {k}" for k in range(DIRECTORS)],
        "literal": ["false"] * FILMS + ["true"] * DIRECTORS,
    })  # fmt: skip
    texts = [f"a film of the kind {k % DIRECTORS}" for k in range(FILMS)]
    items = pl.DataFrame({"item_id": films, "title": films, "text": texts})
    return {"events": events, "items": items, "facts": facts}


def encode(texts: list[str]) -> np.ndarray:
    """Two numbers of each text, and one that all have."""
    return np.array([[len(t) % 5, sum(map(ord, t)) % 7, 3.0] for t in texts], dtype=np.float32)


def dataset(**changes: pl.DataFrame) -> Dataset:
    return Dataset.from_frames(**{**frames(), **changes}, encoder=encode)


@pytest.fixture(scope="module")
def whole() -> Dataset:
    return dataset()


@pytest.fixture(scope="module")
def data(whole: Dataset) -> TrainingData:
    return TrainingData.of(whole.item_features, whole.events)


def test_entities_are_rows_behind_the_items_and_no_items(whole: Dataset) -> None:
    graph = whole.graph
    assert (graph.n_items, graph.n_listed) == (FILMS + DIRECTORS, FILMS)
    assert graph.item_ids[FILMS:] == [f"{ENTITY}director-{k}" for k in range(DIRECTORS)]
    assert whole.item_ids.to_list() == [film(k) for k in range(FILMS)]
    assert whole.user_items.shape == (USERS, FILMS)
    assert whole.events.n_entities == DIRECTORS


def test_an_entity_is_tied_to_what_items_have_with_it_and_to_nothing_else(whole: Dataset) -> None:
    """Worked out by hand: one feature for each director, which four films and itself have."""
    ties = associate(whole.graph)
    expected = np.log((1 + 15) / (1 + 5)) / np.log(1 + 15)
    for k in range(DIRECTORS):
        at = ties.of_item(FILMS + k)
        (feature,) = ties.strength.indices[at]
        assert ties.node[feature] == FILMS + k
        assert not ties.reverse[feature]
        assert ties.facts[at].tolist() == [ITSELF]
        assert ties.strength.data[at] == pytest.approx([expected])


def test_a_like_of_a_director_lists_the_directors_films_first() -> None:
    """The one right answer of a checkerboard."""
    events = pl.DataFrame({"user_id": ["new"], "entity": ["director-1"], "event_type": ["like"]})
    model = Knowledge().fit(dataset())
    listed = model.recommend(histories=events, k=FILMS)
    best = listed.filter(pl.col("score") > 0)["item_id"].to_list()
    assert sorted(best) == [film(k) for k in range(FILMS) if k % DIRECTORS == 1]
    assert len(listed) == FILMS


def test_a_dislike_of_a_director_lowers_the_directors_films_alone() -> None:
    events = pl.DataFrame({
        "user_id": ["new"] * 2, "entity": ["director-1", "director-2"],
        "event_type": ["dislike", "like"],
    })  # fmt: skip
    scores = Knowledge(against=0.5).fit(dataset()).score(histories=events)[0]
    by_director = scores.reshape(-1, DIRECTORS)
    assert (by_director[:, 1] < 0).all()
    assert (by_director[:, 2] > 0).all()
    assert not by_director[:, 0].any()


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.name)
def test_contributions_sum_to_the_score_with_events_on_entities(
    component: type[Component], data: TrainingData, whole: Dataset
) -> None:
    fitted = component.fit(data, params_of(component))
    if fitted is None:
        pytest.fail(f"{component.name} has nothing to say")
    assert whole.events.n_entities
    for history in whole.events.histories()[:6]:
        assert (history.items >= FILMS).any()
        scores = fitted.score([history])[0]
        for item in range(FILMS):
            terms = fitted.contributions(history, item)
            assert sum(term.share for term in terms) == pytest.approx(scores[item], abs=1e-5)


def test_no_list_has_an_entity_and_no_entity_is_to_be_found(whole: Dataset) -> None:
    model = tastegraph.Hybrid(epochs=2, dimensions=8).fit(whole)
    listed = model.recommend(k=FILMS + DIRECTORS, filter_seen=False)
    assert set(listed["item_id"]) == {film(k) for k in range(FILMS)}
    assert model.score().shape == (USERS, FILMS)
    assert np.isfinite(model.score()).all()
    scores = model._model.score(whole.events.histories())
    assert (scores[:, FILMS:] == -np.inf).all()
    assert not model._model.popularity[FILMS:].any()
    assert not model._model.warm[FILMS:].any()
    splits = assign_splits(whole.events, whole.config.evaluation, 1)
    data = EvaluationData(whole.events, splits, whole.item_features)
    evaluator = Evaluator.of(data, whole.config.evaluation, whole.config.model)
    assert evaluator.targets.nnz
    assert not evaluator.targets[:, FILMS:].nnz
    valid = whole.events.select(splits == VALID).user_items()
    validation = Validation.of(data.train, valid, whole.config.model)
    assert validation is not None
    assert validation.objective.item.max() < FILMS
    assert not cold_item_holdout(whole.graph.item_ids, 1)[FILMS:].any()


def test_an_entity_that_no_list_may_have_hides_no_item(whole: Dataset) -> None:
    """NDCG@10 is of items alone, however high entities are scored."""
    splits = assign_splits(whole.events, whole.config.evaluation, 1)
    data = EvaluationData(whole.events, splits, whole.item_features)
    valid = data.targets(VALID)
    validation = Validation.of(data.train, valid, whole.config.model)
    assert validation is not None
    rows = validation.objective.users
    scores = valid[rows].toarray().astype(np.float32)
    scores[:, FILMS:] = 9.0
    assert validation.objective(scores) == 1.0


def test_the_order_of_rows_changes_nothing(whole: Dataset) -> None:
    shuffled = dataset(events=frames()["events"].sample(fraction=1, shuffle=True, seed=3))
    assert shuffled.graph.item_ids == whole.graph.item_ids
    for name in ("users", "items", "times", "weights"):
        assert np.array_equal(
            getattr(shuffled.events, name), getattr(whole.events, name), equal_nan=True
        )


def test_a_column_of_entities_without_any_changes_nothing() -> None:
    events = frames()["events"].filter(pl.col("entity").is_null())
    without, empty = dataset(events=events.drop("entity")), dataset(events=events)
    assert without.graph.item_ids == empty.graph.item_ids
    assert np.array_equal(without.events.items, empty.events.items)
    assert np.array_equal(
        without.item_features.associations.strength.toarray(),
        empty.item_features.associations.strength.toarray(),
    )
    assert np.array_equal(Knowledge().fit(without).score(), Knowledge().fit(empty).score())


def test_records_give_the_same_as_frames() -> None:
    rows = frames()
    events = [
        Event(str(n), user, item or "", kind, None, when, entity_id=entity or "")
        for n, (user, item, entity, kind, when) in enumerate(rows["events"].iter_rows())
    ]
    films = [Item(*row) for row in rows["items"].iter_rows()]
    facts = [Fact(h, r, t, literal == "true") for h, r, t, literal in rows["facts"].iter_rows()]
    by_records = Dataset.from_records(events, films, facts)
    assert by_records.graph.item_ids == dataset().graph.item_ids
    assert np.array_equal(by_records.events.items, dataset().events.items)


def test_an_entity_that_no_fact_names_is_reported() -> None:
    events = pl.DataFrame({"user_id": ["u", "u"], "item_id": [film(1), None],
                           "entity": [None, "nobody"]})  # fmt: skip
    (finding,) = [f for f in dataset(events=events).report.problems if f.column == "entity"]
    assert "1 of 1 entities are in no fact" in finding.text
    assert "'nobody'" in finding.example
    assert finding.remedy


def test_events_come_back_as_a_frame(whole: Dataset) -> None:
    frame = whole.to_frame()
    assert set(frame["entity"].drop_nulls()) == {f"director-{k}" for k in range(DIRECTORS)}
    assert (frame["entity"].is_null() != frame["item_id"].is_null()).all()


def test_a_saved_model_serves_events_on_entities(whole: Dataset, tmp_path) -> None:
    model = Knowledge().fit(whole)
    model.save(tmp_path / "model")
    opened = tastegraph.models.load(tmp_path / "model")
    assert opened.dataset.item_ids.to_list() == whole.item_ids.to_list()
    assert opened.recommend().equals(model.recommend())


def graph_with(links: list[Link], canonical: dict[str, str], entities: list[str]) -> KnowledgeGraph:
    items = [Item("1", "One"), Item("2", "Two")]
    facts = [(1, Fact("item:1", "director", "coen")), (2, Fact("item:2", "sequel", "film"))]
    return build_graph(items, [], facts, links, Config(), canonical, event_entities=entities)


def test_an_event_on_an_entity_that_is_an_item_is_on_the_item() -> None:
    graph = graph_with([Link("1", "film")], {}, ["film"])
    assert graph.n_listed == graph.n_items == 2
    assert graph.rows[f"{ENTITY}film"] == 0


def test_entities_that_are_one_thing_are_one_row() -> None:
    graph = graph_with([], {"joel": "coen", "coen": "coen"}, ["joel", "coen"])
    assert graph.item_ids == ["1", "2", f"{ENTITY}coen"]
    assert graph.rows[f"{ENTITY}joel"] == graph.rows[f"{ENTITY}coen"] == 2


def test_an_entity_may_have_the_id_of_an_item() -> None:
    """Where items are linked explicitly, a bare id in facts is an entity."""
    graph = graph_with([Link("1", "2")], {}, ["1"])
    assert graph.item_ids == ["1", "2", f"{ENTITY}1"]
    assert graph.rows == {"1": 0, "2": 1, f"{ENTITY}1": 2}


def test_an_event_is_on_an_item_or_on_an_entity() -> None:
    with pytest.raises(ValueError, match="an item or an entity"):
        Event("e", "u", "item", entity_id="entity")
    with pytest.raises(ValueError, match="an item or an entity"):
        Event("e", "u")


def test_the_network_of_a_graph_takes_entities_apart_exactly(data: TrainingData) -> None:
    """What each feature sends is added at the feature's own place."""
    fitted = GraphNetworkComponent.fit(data, params_of(GraphNetworkComponent))
    assert fitted is not None
    for item in range(FILMS):
        _, features, vectors = fitted.kernel.of_features(np.array([item]))  # type: ignore[attr-defined]
        assert len(features) == 1
        assert vectors.any()


def test_entities_have_no_score_where_no_event_says_anything() -> None:
    """Lists are by popularity then, and so are scores of one history and of many."""
    model = HybridModel(
        components={},
        blend=Blend(warm={}, cold={}),
        warm=np.ones(3, dtype=bool),
        rows=np.arange(3),
        popularity=np.array([2, 1, 0]),
        n_entities=1,
    )
    nobody = History(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))
    expected = np.array([1, 0.5, -np.inf], dtype=np.float32)
    np.testing.assert_array_equal(model.rank(nobody).scores, expected)
    np.testing.assert_array_equal(model.score([nobody])[0], expected)
