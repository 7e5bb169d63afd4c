"""Worlds of the growth benchmark: one seed one world, and the shape that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.growth.catalogue import catalogue
from benchmarks.growth.derivation import slopes as derivation_slopes
from benchmarks.growth.items import slopes as item_slopes
from benchmarks.growth.measure import BY_TIME
from benchmarks.growth.pools import HEAD, Pool, power_law
from benchmarks.growth.shape import Relation, Shape
from benchmarks.growth.slopes import slopes, steps
from benchmarks.growth.table import _item_section
from benchmarks.growth.world import World
from scipy import sparse

from tastegraph.core.arrays import binary, without
from tastegraph.core.records import LABEL
from tastegraph.core.top_k import top_k_blocks
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.baselines import BASELINES
from tastegraph.profiles.splits import TRAIN, VALID, assign_splits

EVENTS = 60_000


@pytest.fixture(scope="module")
def world() -> World:
    return World.of(EVENTS, seed=1)


def arrays(world: World) -> list[np.ndarray]:
    events, graph = world.events, world.item_features.graph
    return [events.users, events.items, events.times, graph.heads, graph.relation, graph.tails]


def test_the_same_seed_makes_the_same_world(world):
    again, other = World.of(EVENTS, seed=1), World.of(EVENTS, seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(arrays(world), arrays(again), strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(arrays(world), arrays(other), strict=True))


def test_events_are_as_many_as_asked_by_person_oldest_first_and_none_twice(world):
    events = world.events
    assert len(events) == pytest.approx(EVENTS, rel=0.02)
    assert (np.diff(events.users) >= 0).all()
    assert (np.diff(events.times)[np.diff(events.users) == 0] >= 0).all()
    assert events.user_items().nnz == len(events)
    assert np.bincount(events.users, minlength=events.n_users).min() > 20


def test_people_grow_linearly_and_items_with_the_square_root():
    small, large = World.of(20_000, seed=1), World.of(80_000, seed=1)
    assert large.events.n_users / small.events.n_users == pytest.approx(4, rel=0.15)
    assert large.events.n_items / small.events.n_items == pytest.approx(2, rel=0.01)
    facts = [len(w.item_features.graph.heads) / w.events.n_items for w in (small, large)]
    assert facts[0] == pytest.approx(facts[1], rel=0.05)


def test_a_person_has_a_power_law_of_events():
    shape = Shape()
    counts = np.bincount(World.of(200_000, seed=3).events.users)
    # Clauset et al. 2009, eq. 3.1, where the largest are known to be no more than that alone.
    cut = counts.max() // 2
    values = np.log((np.minimum(counts, cut) + 0.5) / shape.fewest)
    exponent = 1 + (counts < cut).sum() / values.sum()
    assert exponent == pytest.approx(shape.activity, abs=0.2)


def test_items_have_a_power_law_of_events(world):
    popularity = np.sort(np.bincount(world.events.items, minlength=world.events.n_items))[::-1]
    rank = np.arange(1, len(popularity) + 1) + HEAD * len(popularity)
    slope = np.polyfit(np.log(rank), np.log(np.maximum(popularity, 1)), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("relation", ["keyword", "person"])
def test_objects_have_a_power_law_of_facts(relation):
    graph = World.of(1_000_000, seed=1).item_features.graph
    of_relation = graph.relation == graph.relations.index(relation)
    degrees = np.sort(np.bincount(graph.tails[of_relation]))[::-1]
    degrees = degrees[degrees >= 5]
    objects = Shape().relations[graph.relations.index(relation)].objects(graph.n_items)
    rank = np.arange(1, len(degrees) + 1) + HEAD * objects
    slope = np.polyfit(np.log(rank), np.log(degrees), 1)[0]
    assert slope == pytest.approx(-Shape().degree, abs=0.2)


def test_weights_are_those_of_zipf_and_mandelbrot():
    weights = power_law(200, 1.0)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] / weights[-1] == pytest.approx((200 + 2) / (1 + 2))


def test_a_loyal_draw_stays_in_its_group_and_another_has_the_weights_of_all():
    rng = np.random.default_rng(1)
    pool = Pool.of(20, 4, 1.0, rng)
    group = np.full(20_000, 2, dtype=np.int32)
    assert set(pool.home[pool.draw(group, 1.0, rng)]) == {2}
    drawn = np.bincount(pool.draw(group, 0.0, rng), minlength=20) / len(group)
    assert drawn == pytest.approx(pool.weights, abs=0.012)


def test_who_likes_what_follows_communities(world):
    likes = world.events.user_items()
    by_community = sparse.csr_array(np.eye(world.communities.max() + 1)[world.communities])
    shares = np.sort((likes @ by_community).toarray(), axis=1)[:, ::-1]
    chance = Shape().groups_per_user / (world.communities.max() + 1)
    assert (
        shares[:, : Shape().groups_per_user].sum(axis=1) / shares.sum(axis=1)
    ).mean() > 2 * chance


def test_co_engagement_beats_popularity(world):
    parts = assign_splits(world.events, BY_TIME, 1)
    training = world.events.select(parts == TRAIN)
    likes = training.user_items()
    targets = without(world.events.select(parts == VALID).user_items(), likes)
    rated = np.flatnonzero((np.diff(targets.indptr) > 0) & (np.diff(likes.indptr) > 0))
    histories = training.histories()
    ndcg = {}
    for name, setting in (("ease", (250.0,)), ("itemknn", (100,)), ("popularity", ())):
        ranker = BASELINES[name].fit(likes, *setting)
        top = top_k_blocks(
            lambda rows, ranker=ranker: ranker.score([histories[rated[row]] for row in rows]),
            len(rated), likes[rated], 10,
        )  # fmt: skip
        values = per_user(top, targets[rated], (10,), np.bincount(likes.indices))
        ndcg[name] = float(np.nanmean(values["ndcg@10"]))
    assert ndcg["ease"] > 1.3 * ndcg["popularity"]
    assert ndcg["itemknn"] > 1.3 * ndcg["popularity"]


@pytest.mark.parametrize("relation", ["keyword", "person", "maker", "genre"])
def test_items_that_share_an_object_are_co_engaged_more_often_than_chance(world, relation):
    cosines = co_engagement(world, relation)
    assert cosines["sharing"] > 1.05 * cosines["shuffled"]


def co_engagement(world: World, relation: str) -> dict[str, float]:
    """Mean cosine of co-engagement over pairs that share an object, in truth and shuffled."""
    likes = world.events.user_items().astype(np.float64)
    lengths = np.sqrt(np.maximum(np.bincount(likes.indices, minlength=likes.shape[1]), 1))
    unit = likes @ sparse.diags_array(1 / lengths)
    cosine = (unit.T @ unit).toarray()
    np.fill_diagonal(cosine, np.nan)
    cosines = {}
    for name, graph in (
        ("sharing", world.item_features.graph),
        ("shuffled", world.item_features.graph.shuffled(1)),
    ):
        at = (graph.relation == graph.relations.index(relation)) & (graph.heads < graph.n_items)
        has = binary(graph.heads[at], graph.tails[at], (graph.n_items, graph.n_nodes))
        pairs = (has.astype(np.float64) @ has.astype(np.float64).T).toarray() > 0
        np.fill_diagonal(pairs, False)
        cosines[name] = float(cosine[pairs].mean())
    return cosines


def test_a_relation_of_another_has_its_objects_as_subjects(world):
    graph = world.item_features.graph
    at = graph.relation == graph.relations.index("owner")
    assert {graph.node_ids[head - graph.n_items].split("/")[0] for head in graph.heads[at]} == {
        "maker"
    }
    assert at.sum() == Relation("maker", for_each_item=0.1).objects(graph.n_items)


def test_the_slope_of_a_square_is_two():
    sizes = [
        {
            "events": n, "choose_seconds": n**2 / 2, "fit_seconds": n**2 / 4,
            "assemble_seconds": n**2 / 4, "score_seconds": n**0.5, "peak_rss_mb": n,
        }
        for n in (10, 100, 1000)
    ]  # fmt: skip
    assert slopes(sizes) == {"train_seconds": 2.0, "score_seconds": 0.5, "peak_rss_mb": 1.0}
    assert slopes(sizes[:1]) == {}
    assert steps(sizes, "score_seconds") == [0.5, 0.5]


def test_a_catalogue_is_of_one_seed_and_says_what_is_true_of_it():
    world, again = catalogue(300, seed=1), catalogue(300, seed=1)
    assert world == again != catalogue(300, seed=2)
    assert sum(map(len, world.facts.values())) / 300 == pytest.approx(10, abs=1.5)
    described = {fact.subject for facts in world.facts.values() for fact in facts}
    assert set(world.entity_of.values()) | set(world.same) | set(world.same.values()) <= described
    names = {f.subject: f.object for f in world.facts["films"] if f.relation == LABEL}
    for item in world.items:
        assert all(names[person] in item.text for person in world.named[item.item_id])


def test_steps_that_grow_in_proportion_have_slope_one():
    rows = [
        {"items": n, "steps": {"mentions": {"cpu_seconds": n / 100, "peak_mb": 500}}}
        for n in (100, 1000)
    ]
    assert derivation_slopes(rows) == {"mentions": {"cpu_seconds": 1.0, "peak_mb": 0.0}}


def test_the_table_of_items_has_a_row_for_each_size_and_version():
    row = {
        "items": 100_000, "users": 28_924, "events": 399_918, "facts": 602_032, "threads": 1,
        "epochs": 3,
        "steps": {
            "import": {"cpu_seconds": 90.0},
            "build": {"cpu_seconds": 1560.0, "seconds": 3000.0, "peak_mb": 6_100, "load": 9.5},
        },
        "one_list": {
            "snapshot_mb": 2101.4, "open_seconds": 12.3, "list_ms": 236.0, "recall": None,
            "encoding_cpu_seconds": 360.0,
        },
    }  # fmt: skip
    now = row | {"version": "now", "one_list": row["one_list"] | {"recall": 0.9987}}
    section = "\n".join(
        _item_section(
            {"sizes": {"100000": {"before": row | {"version": "before"}, "now": now}}, "slopes": {}}
        )
    )
    assert (
        "| 100,000 | before | whole | 28,924 | 399,918 | 602,032 | 90 | – | 6.0 | 20.0 | 50.0 |"
        " 6,100 | 2,101 | 12.30 | 236.0 | all scored | 1 | 9.5 |"
    ) in section
    assert "| 236.0 | 0.9987 | 1 |" in section


def test_what_grows_in_proportion_to_items_has_slope_one():
    rows = [
        {
            "items": n, "steps": {"build": {"cpu_seconds": n / 7 + 99, "peak_mb": 500}},
            "one_list": {"snapshot_mb": n**0.5, "list_ms": n**2, "encoding_cpu_seconds": 99},
        }
        for n in (100, 1000, 10_000)
    ]  # fmt: skip
    assert item_slopes(rows) == {"build": 1.0, "memory": 0.0, "snapshot": 0.5, "list": 2.0}
    assert item_slopes(rows[:1]) == {}
