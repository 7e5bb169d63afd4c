"""What is served is never worse than what is simple: popularity, ItemKNNParams, EASE."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.arrays import binary
from tastegraph.core.config import ModelConfig
from tastegraph.models.base import BEHAVIOUR, KNOWN, NEW, POPULARITY, RECENT_POPULARITY, Prior
from tastegraph.models.co_engagement import co_engagement_table
from tastegraph.models.ease import EASEParams
from tastegraph.models.fit import assemble
from tastegraph.models.fitted_model import (
    ModelComparison,
    default_hyperparameters,
    hyperparameters_from_json,
    hyperparameters_to_json,
)
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.item_knn import ItemKNNParams, item_knn_table
from tastegraph.models.popularity import Popularity, RecentPopularity, half_lives, recent_popularity
from tastegraph.models.safeguard import BLEND, compare, safeguarded, simple_models
from tastegraph.models.tuning import choose
from tastegraph.models.validation import Objective, Validation
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tests.support.small_graphs import graph_of

DEFAULT = default_hyperparameters()

ITEMS = 60
CONFIG = ModelConfig(dimensions=8, epochs=3)


def crowd(n_users: int, seed: int) -> Interactions:
    """Nobody has a taste of their own: all take what is popular, most of them one thing alone."""
    rng = np.random.default_rng(seed)
    chances = 1 / np.arange(1, ITEMS + 1) ** 0.8
    counts = np.where(rng.random(n_users) < 0.7, 1, rng.integers(2, 5, n_users))
    items = [rng.choice(ITEMS, n, replace=False, p=chances / chances.sum()) for n in counts]
    users = np.repeat(np.arange(n_users), counts).astype(np.int32)
    flat = np.concatenate(items).astype(np.int32)
    ones = np.ones(len(flat), np.float32)
    return Interactions(
        [f"u{k:05}" for k in range(n_users)], ITEMS, users, flat, np.full(len(flat), np.nan),
        ones, np.full(len(flat), -1, np.int8),
    )  # fmt: skip


def nothing_known() -> ItemFeatures:
    edges = [(k, 0, ITEMS + k % 7) for k in range(ITEMS)]
    graph = graph_of(ITEMS, edges, ITEMS + 7)
    return ItemFeatures(graph, np.zeros((ITEMS + 7, 4), np.float32), no_words(ITEMS))


def halves(events: Interactions, seed: int) -> tuple[Interactions, sparse.csr_array]:
    """Of everybody with several events the last is held out."""
    last = np.append(np.diff(events.users) != 0, True)
    several = np.bincount(events.users)[events.users] > 1
    held = last & several
    shape = (events.n_users, events.n_items)
    return events.select(~held), binary(events.users[held], events.items[held], shape)


@pytest.mark.slow
def test_people_without_a_taste_get_what_is_popular() -> None:
    """The blend of before had NDCG@10 .141 where popularity had .203 on such users."""
    training, valid = halves(crowd(1500, 0), 0)
    item_features = nothing_known()
    fitted_model = choose(item_features, training, valid, CONFIG)
    model = assemble(item_features, training.user_items(), fitted_model)
    known, targets = halves(crowd(1500, 1), 1)
    users = np.flatnonzero(np.diff(targets.indptr))
    histories = [known.histories()[k] for k in users]
    objective = Objective.of(known.user_items(), targets, users)
    ours = objective.by_user(model.score(histories))
    lead = ours - objective.by_user(Prior(model.popularity).score(histories))
    assert lead.mean() > -2 * lead.std() / np.sqrt(len(lead))
    served = [row for row in fitted_model.hyperparameters.compared if row.served]
    assert len(served) == 1
    assert {row.model for row in fitted_model.hyperparameters.compared} == {
        BLEND, POPULARITY, "itemknn", "ease",
    }  # fmt: skip
    assert (
        hyperparameters_from_json(hyperparameters_to_json(fitted_model.hyperparameters))
        == fitted_model.hyperparameters
    )


@pytest.mark.parametrize(
    ("name", "params", "weights"),
    [
        (POPULARITY, DEFAULT.params["behaviour"], {POPULARITY: 1.0}),
        (RECENT_POPULARITY, DEFAULT.params["behaviour"], {RECENT_POPULARITY: 1.0}),
        ("itemknn", ItemKNNParams(100), {BEHAVIOUR: 1.0}),
        ("ease", EASEParams(250.0, grouped=False), {BEHAVIOUR: 1.0}),
    ],
)
def test_the_simple_model_that_is_clearly_better_is_served(name, params, weights) -> None:
    rows = (
        ModelComparison(BLEND, 0.1, 0.0, 0.0, 500, served=False),
        ModelComparison(name, 0.2, 0.1, 0.01, 500, served=True),
    )
    hyperparameters = safeguarded(DEFAULT, rows)
    assert hyperparameters.params[BEHAVIOUR] == params
    assert hyperparameters.weights == {KNOWN: weights, NEW: weights}
    assert hyperparameters.compared == rows


def world(n: int = 12) -> tuple[HybridModel, Validation, sparse.csr_array]:
    """Half of the users like even items, the others odd ones; the blend says the opposite."""
    rng = np.random.default_rng(3)
    same = np.arange(n)[None, :] % 2 == np.arange(40)[:, None] % 2
    likes = sparse.csr_array((rng.random((40, n)) < 0.5) & same)
    valid = sparse.csr_array(same & ~likes.toarray())
    rows = np.flatnonzero((np.diff(valid.indptr) > 0) & (np.diff(likes.indptr) > 0))
    histories = [
        History(likes[[k]].indices.astype("i4"), np.ones(likes[[k]].nnz, "f4")) for k in rows
    ]
    popularity = np.bincount(likes.indices, minlength=n)
    blend = {POPULARITY: 1.0}
    ones = np.ones(n, dtype=bool)
    model = HybridModel(
        {POPULARITY: Popularity(popularity)},
        Blend(dict.fromkeys((KNOWN, NEW), blend), {}),
        ones,
        np.arange(n),
        popularity,
    )
    return model, Validation(histories, Objective.of(likes, valid, rows)), likes


def test_a_clear_lead_is_told_from_chance() -> None:
    model, validation, likes = world()
    rows = {row.model: row for row in compare(model, simple_models(model, likes), validation)}
    assert rows[POPULARITY].lead == pytest.approx(0)
    best = max(rows.values(), key=lambda row: row.ndcg)
    assert best.model in ("itemknn", "ease")
    assert best.served
    assert not rows[BLEND].served
    few = Validation(
        validation.histories[:1],
        replace(
            validation.objective,
            users=validation.objective.users[:1],
            seen=tuple(c[validation.objective.seen[0] == 0] for c in validation.objective.seen),
            item=validation.objective.item[validation.objective.row == 0],
            row=validation.objective.row[validation.objective.row == 0],
            ideal=validation.objective.ideal[:1],
        ),
    )
    assert compare(model, simple_models(model, likes), few)[0].served


def test_recent_popularity_counts_older_likes_less() -> None:
    events = Interactions(
        ["a", "b"], 3, np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 1, 2], np.int32),
        np.array([0.0, 100.0, 300.0, np.nan]), np.array([1, 1, 1, 1], np.float32),
        np.full(4, -1, np.int8),
    )  # fmt: skip
    assert recent_popularity(events, 100.0) == pytest.approx([1 / 8, 1 / 4 + 1, 0])
    assert len(recent_popularity(events, None)) == 0
    assert half_lives(events) == [75.0, 300 / 16, 300 / 64]
    assert half_lives(replace(events, times=np.full(4, np.nan))) == []


def test_priors_are_part_of_the_score_and_of_its_reasons() -> None:
    n = 5
    popularity = np.array([9, 3, 0, 1, 4])
    blend = {who: {POPULARITY: 0.5, RECENT_POPULARITY: 2.0} for who in (KNOWN, NEW)}
    recent = np.array([0, 0, 1, 0, 0.5], np.float32)
    priors = {POPULARITY: Popularity(popularity), RECENT_POPULARITY: RecentPopularity(recent)}
    model = HybridModel(priors, Blend(blend, {}), np.ones(n, bool), np.arange(n), popularity)
    history = History(np.array([1], np.int32), np.ones(1, np.float32))
    ranked = model.rank(history)
    log, late = np.log1p(popularity), np.log1p(recent)
    expected = 0.5 * log / log.std() + 2 * late / late.std()
    np.testing.assert_allclose(ranked.scores, expected, rtol=1e-5)
    np.testing.assert_allclose(model.score([history])[0], expected, rtol=1e-5)
    np.testing.assert_allclose(sum(ranked.priors.values()), ranked.scores, rtol=1e-6)


def test_item_knn_is_the_cosine_of_likes() -> None:
    likes = sparse.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], dtype=bool))
    table = item_knn_table(likes, 2)
    assert table.toarray()[0, 1] == pytest.approx(2 / np.sqrt(2 * 3))
    cosine = co_engagement_table(likes, 0.5, 0.0, 0.5)
    assert cosine.toarray() == pytest.approx(table.toarray())
    assert Recency()(History(np.zeros(1, np.int32), np.ones(1, np.float32))) == pytest.approx([1])


@pytest.mark.slow
def test_a_build_says_what_was_tried_and_what_is_served(tastegraph, write, tmp_path) -> None:
    lines = ["user_id,item_id,type"]
    for user in range(40):
        liked = [k for k in range(12) if k % 2 == user % 2 and (k + user) % 5]
        lines += [f"p{user},i{k:02},like" for k in liked]
    events = write("events.csv", "\n".join(lines) + "\n")
    assert tastegraph("init", tmp_path / "shop").code == 0
    assert tastegraph("import", tmp_path / "shop", "--events", events).code == 0
    done = tastegraph("build", tmp_path / "shop")
    assert done.code == 0, done.err
    assert "NDCG@10 of 40 users" in done.out
    for name in (BLEND, POPULARITY, "itemknn", "ease"):
        assert name in done.out
    assert done.out.count(" served\n") + done.out.count(" served ") == 1
    again = tastegraph("build", tmp_path / "shop")
    assert "NDCG@10" not in again.out


@pytest.mark.slow
def test_a_build_says_that_there_was_nothing_to_compare_by(tastegraph, write, tmp_path) -> None:
    events = write("events.csv", "user_id,item_id,type\nann,a,like\nbob,b,like\n")
    assert tastegraph("init", tmp_path / "shop").code == 0
    assert tastegraph("import", tmp_path / "shop", "--events", events).code == 0
    done = tastegraph("build", tmp_path / "shop")
    assert done.code == 0, done.err
    assert "Not compared with popularity" in done.out
