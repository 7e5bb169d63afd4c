"""Every model through the same verbs: fit, recommend, similar items, explain, embeddings, save."""

import functools
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

import tastegraph
from tastegraph import models
from tastegraph.core.errors import (
    ConfigError,
    FrameError,
    NotFittedError,
    NotFoundError,
    SnapshotError,
    TastegraphError,
)
from tastegraph.core.top_k import top_k
from tastegraph.models.dataset import Dataset
from tastegraph.workspace import Workspace
from tests.support import cinema

HYBRID = {"epochs": 3, "dimensions": 8}
ARGUMENTS = {
    "RecentPopularity": {"half_life": 10.0},
    "GraphNetwork": {"epochs": 2, "dimensions": 8},
    "Hybrid": HYBRID,
}
QUICK = ("Popularity", "ItemKNN", "EASE", "Knowledge", "MappedText")
NAMES = (*models.ESTIMATORS, "Hybrid")
SLOW = ("TextTower", "GraphNetwork", "Hybrid")
"""Trained with torch."""
every_model = pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NAMES],
)


def event_frame() -> pl.DataFrame:
    return pl.DataFrame({
        "user_id": [event.user_id for event in cinema.events()],
        "item_id": [event.item_id for event in cinema.events()],
        "value": [event.value for event in cinema.events()],
        "timestamp": [event.timestamp for event in cinema.events()],
    })  # fmt: skip


@functools.cache
def cinema_dataset() -> Dataset:
    items = pl.DataFrame({
        "item_id": [item.item_id for item in cinema.films()],
        "title": [item.title for item in cinema.films()],
        "text": [item.text for item in cinema.films()],
        "genre": [item.attributes["genre"][0] for item in cinema.films()],
    })  # fmt: skip
    facts = pl.DataFrame({
        "head": [fact.subject for fact in cinema.facts()],
        "relation": [fact.relation for fact in cinema.facts()],
        "tail": [fact.object for fact in cinema.facts()],
        "literal": [fact.literal for fact in cinema.facts()],
    })  # fmt: skip
    vectors = np.random.default_rng(0).normal(size=(len(items), 6))
    return Dataset.from_frames(
        event_frame(), items, facts, fact_columns=["genre"], text_vectors=vectors
    )


@functools.cache
def fitted(name: str) -> models.Recommender:
    """A model fitted on the cinema; not to be changed."""
    return getattr(models, name)(**ARGUMENTS.get(name, {})).fit(cinema_dataset())


def liked(user: str) -> set[str]:
    events = event_frame()
    return set(events.filter((pl.col("user_id") == user) & (pl.col("value") > 3))["item_id"])


@every_model
def test_recommendations_are_ranked_unseen_items(name):
    model, dataset = fitted(name), cinema_dataset()
    frame = model.recommend(k=5)
    assert frame.columns == ["user_id", "item_id", "score", "rank"]
    assert frame["user_id"].unique(maintain_order=True).to_list() == dataset.user_ids.to_list()
    seen = set(event_frame().select("user_id", "item_id").iter_rows())
    assert not seen & set(frame.select("user_id", "item_id").iter_rows())
    for _, group in frame.group_by("user_id"):
        assert group["rank"].to_list() == list(range(1, len(group) + 1))
        assert (group["score"].diff().drop_nulls() <= 0).all()
        assert group["item_id"].n_unique() == len(group)


@every_model
def test_lists_are_the_order_of_the_scores(name):
    model, dataset = fitted(name), cinema_dataset()
    users = ["western-fan-3", "space-fan-0"]
    scores = model.score(users)
    assert scores.shape == (2, dataset.n_items)
    expected = dataset.items.at(top_k(scores, None, 4).reshape(-1)).to_list()
    frame = model.recommend(users, k=4, filter_seen=False)
    assert frame["item_id"].to_list() == expected
    np.testing.assert_allclose(frame["score"], np.sort(scores)[:, :-5:-1].reshape(-1))


@every_model
def test_shares_sum_to_the_score(name):
    model = fitted(name)
    for user in ("western-fan-3", "space-fan-1"):
        frame = model.recommend([user], k=24, filter_seen=False)
        for item, score in frame.select("item_id", "score")[::5].iter_rows():
            shares = model.explain(user, item)["share"]
            assert shares.sum() == pytest.approx(score, rel=1e-3, abs=1e-4)
            assert shares.abs().is_sorted(descending=True)


@every_model
def test_a_saved_model_is_the_same(name, tmp_path):
    model = fitted(name)
    model.save(tmp_path / "model")
    opened = models.load(tmp_path / "model")
    assert repr(opened) == repr(model)
    assert opened.recommend(k=3).equals(model.recommend(k=3))
    user, item = model.recommend(k=1).row(0)[:2]
    assert opened.explain(user, item).equals(model.explain(user, item))
    model.save(tmp_path / "model")
    assert models.load(str(tmp_path / "model")).recommend(k=3).equals(model.recommend(k=3))
    assert not list(tmp_path.rglob("*.pkl"))


@every_model
def test_one_seed_gives_one_model(name):
    again = getattr(models, name)(**ARGUMENTS.get(name, {})).fit(cinema_dataset())
    assert again.recommend(k=3).equals(fitted(name).recommend(k=3))


@every_model
def test_new_users_are_served_from_their_own_histories(name):
    model = fitted(name)
    histories = pl.DataFrame({
        "user_id": ["new", "new", "newer"],
        "item_id": ["space-00", "space-01", "western-00"],
        "value": [5.0, 5.0, 5.0],
    })  # fmt: skip
    frame = model.recommend(histories=histories, k=3)
    assert frame["user_id"].unique(maintain_order=True).to_list() == ["new", "newer"]
    own = frame.filter(pl.col("user_id") == "new")["item_id"]
    assert not set(own) & {"space-00", "space-01"}
    shares = model.explain("new", "space-02", histories=histories)["share"]
    score = model.score(["new"], histories=histories)[0]
    place = cinema_dataset().item_ids.to_list().index("space-02")
    assert shares.sum() == pytest.approx(score[place], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if "Popularity" not in name])
def test_similar_items_are_other_items_of_the_kind(name):
    frame = fitted(name).similar_items(["space-03", "western-01"], k=4)
    assert frame.columns == ["item_id", "similar_item_id", "score", "rank"]
    assert not (frame["item_id"] == frame["similar_item_id"]).any()
    if name in ("EASE", "ItemKNN", "CoEngagement", "Knowledge", "MappedKnowledge"):
        kinds = frame.with_columns(pl.all().cast(pl.String).str.split("-").list.first())
        assert (kinds["item_id"] == kinds["similar_item_id"]).all()
    few = fitted(name).similar_items(["space-03"], candidates=["space-04", "space-05"])
    assert set(few["similar_item_id"]) <= {"space-04", "space-05"}


@pytest.mark.parametrize("name", ["Text", "MappedText", "TextTower", "MappedKnowledge",
                                  "GraphNetwork"])  # fmt: skip
def test_a_score_is_the_product_of_embeddings(name):
    """Where an item has no event of the user: seen ones do not speak of themselves."""
    model, user = fitted(name), "western-fan-3"
    items, users = model.item_embeddings(), model.user_embeddings([user])
    assert items["item_id"].to_list() == cinema_dataset().item_ids.to_list()
    products = items["embedding"].to_numpy() @ users["embedding"].to_numpy()[0]
    seen = event_frame().filter(pl.col("user_id") == user)["item_id"].to_list()
    unseen = ~items["item_id"].is_in(seen)
    mask = unseen.to_numpy()
    np.testing.assert_allclose(products[mask], model.score([user])[0][mask], rtol=1e-3, atol=1e-4)


def test_entities_have_embeddings_by_id():
    for name in ("GraphNetwork", "Hybrid"):
        frame = fitted(name).entity_embeddings()
        assert {"genre:space", "person:space-0"} <= set(frame["entity"])
        assert len(fitted(name).item_embeddings()) == 24
    with pytest.raises(TastegraphError, match="EASE has no embeddings of items; GraphNetwork"):
        fitted("EASE").item_embeddings()


def test_reasons_name_the_relation_and_the_entity():
    frame = fitted("Knowledge").explain("space-fan-0", "space-04")
    assert frame["kind"].unique().to_list() == ["knowledge"]
    assert ("directed_by", False, "person:space-0", "Old space hand") in set(
        frame.select("relation", "inverse", "entity", "name").iter_rows()
    )
    assert set(frame["item_id"]) <= liked("space-fan-0")


@given(
    st.sampled_from(QUICK),
    st.lists(st.sampled_from(cinema_dataset().user_ids.to_list()), max_size=5),
    st.integers(1, 30),
    st.lists(st.sampled_from(cinema_dataset().item_ids.to_list()), min_size=1),
    st.booleans(),
)
@settings(max_examples=60)
def test_only_candidates_are_recommended_and_never_what_was_seen(
    name, users, k, candidates, filter_seen
):
    model = fitted(name)
    frame = model.recommend(users, k, candidates=candidates, filter_seen=filter_seen)
    assert set(frame["item_id"]) <= set(candidates)
    seen = event_frame()
    for user in set(users):
        rows = frame.filter(pl.col("user_id") == user)
        own = set(seen.filter(pl.col("user_id") == user)["item_id"])
        allowed = set(candidates) - own if filter_seen else set(candidates)
        assert set(rows["item_id"]) <= allowed
        assert len(rows) == users.count(user) * min(k, len(allowed))


def test_candidates_of_each_user():
    pairs = pl.DataFrame({
        "user_id": ["space-fan-0", "space-fan-0", "space-fan-1", "nobody"],
        "item_id": ["western-01", "western-02", "western-03", "western-04"],
    })  # fmt: skip
    users = ["space-fan-1", "space-fan-0", "space-fan-2", "space-fan-1"]
    frame = fitted("EASE").recommend(users, candidates=pairs, filter_seen=False)
    expected = [*pairs.rows()[:3], pairs.row(2)]  # a user who is named twice has two lists
    assert sorted(frame.select("user_id", "item_id").rows()) == sorted(expected)


def test_unknown_users_get_what_is_popular_or_an_error():
    model = fitted("EASE")
    popular = fitted("Popularity").recommend(["nobody"], k=3)["item_id"].to_list()
    assert model.recommend(["nobody"], k=3)["item_id"].to_list() == popular
    with pytest.warns(UserWarning, match="1 of 2 users are not known, such as 'nobody'"):
        model.recommend(["nobody", "space-fan-0"], unknown="warn")
    with pytest.raises(NotFoundError, match="histories="):
        model.recommend(["nobody"], unknown="raise")


def test_ids_and_frames_come_back_as_they_came():
    rng = np.random.default_rng(0)
    matrix = sparse.csr_matrix(rng.random((40, 15)) < 0.3)
    frame = models.EASE(regularization=10).fit(matrix).recommend([3, 11], k=2)
    assert frame.schema["user_id"] == frame.schema["item_id"] == pl.Int64
    assert frame["user_id"].to_list() == [3, 3, 11, 11]
    for name, make in (("pandas", "DataFrame"), ("pyarrow", "table")):
        library = pytest.importorskip(name)
        events = getattr(library, make)(event_frame().to_dict(as_series=False))
        model = models.Popularity().fit(events)
        for result in (model.recommend(k=2), model.explain("space-fan-0", "space-01")):
            assert type(result) is type(events)


def test_ease_is_the_formula_of_its_paper():
    """Steck 2019: scores are X B, B from the inverse of the regularised Gram matrix."""
    x = (np.random.default_rng(1).random((30, 8)) < 0.4).astype(float)
    model = models.EASE(regularization=2.5).fit(sparse.csr_array(x))
    inverse = np.linalg.inv(x.T @ x + 2.5 * np.eye(8))
    table = -inverse / np.diag(inverse)
    np.fill_diagonal(table, 0)
    np.testing.assert_allclose(model.score(), x @ table, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: models.EASE().recommend([1]), NotFittedError, r"EASE\(\) is not fitted yet"),
        (lambda: models.Hybrid().explain(1, 2), NotFittedError, "call fit"),
        (lambda: models.EASE().save("x"), TastegraphError, "not fitted"),
        (lambda: models.EASE(regularizaton=1), ConfigError, "did you mean 'regularisation'"),
        (lambda: models.Hybrid(epoch=1), ConfigError, "did you mean 'epochs'"),
        (lambda: models.Hybrid(epochs=-1), ConfigError, "epochs"),
        (lambda: models.EASE().fit([(1, 2)]), FrameError, "list found"),
        (lambda: models.Knowledge().fit(event_frame()), TastegraphError, "facts"),
        (lambda: models.Text().fit(event_frame()), TastegraphError, "texts"),
        (lambda: fitted("EASE").recommend(1), FrameError, r"a list of ids .* write \[1\]"),
        (lambda: fitted("EASE").recommend("ann"), FrameError, r"write \['ann'\]"),
        (lambda: fitted("EASE").recommend([["a"]]), FrameError, "List"),
        (lambda: fitted("EASE").recommend([None]), FrameError, "missing"),
        (lambda: fitted("EASE").recommend(k=0), FrameError, "at least 1"),
        (lambda: fitted("EASE").recommend(k="5"), FrameError, "whole number"),
        (lambda: fitted("EASE").recommend(unknown="ignore"), FrameError, "popularity"),
        (lambda: fitted("EASE").recommend(candidates=["x"]), NotFoundError, "such as 'x'"),
        (lambda: fitted("EASE").recommend(histories=[1]), FrameError, "histories: a polars"),
        (lambda: fitted("EASE").similar_items(["x"]), NotFoundError, "such as 'x'"),
        (lambda: fitted("EASE").explain("nobody", "space-01"), NotFoundError, "nobody"),
        (lambda: fitted("Popularity").similar_items(["space-01"]), TastegraphError, "ItemKNN"),
        (lambda: models.load("/nowhere"), NotFoundError, "holds no saved model"),
    ],
)
def test_errors_are_the_packages_own_and_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_nothing_else_is_overwritten(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="something else"):
        fitted("EASE").save(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_changed_file_is_noticed(tmp_path):
    fitted("EASE").save(tmp_path / "model")
    file = next((tmp_path / "model").rglob("ease.learned.table.npy"))
    file.write_bytes(file.read_bytes()[:-4] + b"abcd")
    with pytest.raises(SnapshotError):
        models.load(tmp_path / "model")


def test_no_event_that_counts_is_an_error():
    dislikes = pl.DataFrame({"user_id": [1], "item_id": [1], "event_type": ["dislike"]})
    with pytest.raises(TastegraphError, match="no event counts for its item"):
        models.EASE().fit(dislikes)


def test_models_show_themselves():
    assert repr(models.EASE(regularization=250, seed=3)) == "EASE(regularization=250, seed=3)"
    assert "60 users" in fitted("EASE")._repr_html_()
    assert "regularisation" in str(models.EASE.__signature__)
    assert set(fitted("Hybrid").weights) == {"known", "new"}
    pytest.importorskip("matplotlib").use("agg")
    assert fitted("Hybrid").plot().get_ylabel() == "weight"


@pytest.mark.slow
def test_public_names_are_lazy():
    """What needs torch, polars or SciPy is not imported by ``import tastegraph``."""
    code = (
        "import sys, tastegraph; tastegraph.models; assert 'EASE' in dir(tastegraph.models);"
        "assert not {'torch', 'polars', 'scipy'} & set(sys.modules);"
        "tastegraph.models.EASE, tastegraph.Dataset, tastegraph.Hybrid, tastegraph.evaluate;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'BPR'"):
        models.BPR  # noqa: B018
    assert tastegraph.models.Hybrid is tastegraph.Hybrid


@pytest.mark.slow
def test_the_hybrid_ranks_as_a_workspace_does(built):
    """The same events, items and configuration give the lists that the service gives."""
    workspace = Workspace(built)
    model = tastegraph.Hybrid(seed=workspace.config.model.seed).fit(workspace.dataset())
    for user in ("western-fan-0", "space-fan-7"):
        served = workspace.recommend(user, 5).items
        frame = model.recommend([user], k=5)
        assert frame["item_id"].to_list() == [item.item_id for item in served]
        np.testing.assert_allclose(frame["score"], [item.score for item in served], rtol=1e-4)
    workspace.close()
