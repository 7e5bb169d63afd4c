"""Where new items land: nobody hears of what is to come, and every rule puts them where it says."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.new_items.cut import ARRIVALS, FIRST_SEEN, WITHHELD, Cut
from benchmarks.new_items.fits import KINDS, model_at, without
from benchmarks.new_items.measures import measured, share_of_likes
from benchmarks.new_items.moments import FIRST, MOST, eligible, first_likes, sampled
from benchmarks.new_items.new_items_page import page
from benchmarks.new_items.rules import ORACLE, RANDOM, SYSTEM, at_random, by_popularity

from tastegraph.core.arrays import binary
from tastegraph.core.config import Config, ModelConfig
from tastegraph.core.records import ITEM, Fact, Item
from tastegraph.kg.graph import build_graph
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.interactions import Interactions
from tastegraph.text.words import word_features

USERS, ITEMS, EACH = 30, 25, 12


@pytest.fixture(scope="module")
def events() -> Interactions:
    """Everybody has twelve events at whole hours; the last five items come late."""
    rng = np.random.default_rng(3)
    users = np.repeat(np.arange(USERS), EACH).astype(np.int32)
    items = np.concatenate(
        [np.append(rng.permutation(20)[:9], 20 + rng.permutation(5)[:3]) for _ in range(USERS)]
    ).astype(np.int32)
    hours = [np.append(np.sort(rng.integers(0, 8, 9)), [9.0, 9.0, 10.0]) for _ in range(USERS)]
    weights = np.where(rng.random(len(users)) < 0.2, -1, 1).astype(np.float32)
    splits = np.full(len(users), -1, dtype=np.int8)
    ids = [f"u{k:02}" for k in range(USERS)]
    return Interactions(ids, ITEMS, users, items, np.concatenate(hours), weights, splits)


@pytest.fixture(scope="module")
def item_features() -> ItemFeatures:
    """Each item has one of four kinds, and the last one a director of its own."""
    items = [Item(f"i{k:02}", f"Item {k}", "") for k in range(ITEMS)]
    facts = [Fact(f"{ITEM}i{k:02}", "kind", f"kind {k % 4}") for k in range(ITEMS)]
    facts.append(Fact(f"{ITEM}i24", "director", "nobody else"))
    graph = build_graph(items, (), enumerate(facts), (), Config())
    text = np.random.default_rng(1).normal(size=(graph.n_nodes, 4)).astype(np.float32)
    words = word_features([f"kind {k % 4} word {k % 5}" for k in range(ITEMS)])
    return ItemFeatures(graph, text / np.linalg.norm(text, axis=1, keepdims=True), words)


def test_what_is_new_at_the_cut(events) -> None:
    cut = Cut.of(events, 0.75, FIRST_SEEN, seed=1)
    assert (cut.before == (events.times < 9)).all()
    assert np.flatnonzero(cut.new).tolist() == [20, 21, 22, 23, 24]
    assert not cut.hidden.any()
    more = Cut.of(events, 0.75, WITHHELD, seed=1)
    drawn = np.flatnonzero(more.new & ~cut.new)
    assert len(drawn) == 2
    assert set(events.items[more.hidden].tolist()) == set(drawn.tolist())
    assert not set(more.known.items.tolist()) & set(np.flatnonzero(more.new).tolist())
    assert (Cut.of(events, 0.75, WITHHELD, seed=1).new == more.new).all()
    with pytest.raises(ValueError, match="no event is earlier"):
        Cut.of(events, 0.0, FIRST_SEEN, seed=1)


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_histories_end_before_the_like_and_hide_what_is_withheld(events, arrival) -> None:
    cut = Cut.of(events, 0.5, arrival, seed=1)
    for targets in (sampled(cut, 10, 200, 1), first_likes(cut, 200)):
        for row, (user, item, history) in enumerate(
            zip(targets.users, targets.items, targets.histories, strict=True)
        ):
            (event,) = np.flatnonzero((events.users == user) & (events.items == item))
            assert events.weights[event] > 0
            assert not cut.before[event]
            earlier = (events.users == user) & (events.times < events.times[event])
            assert set(history.items.tolist()) == set(events.items[earlier & ~cut.hidden].tolist())
            assert len(history.likes)
            assert set(targets.seen[[row]].indices.tolist()) == set(events.items[earlier].tolist())
    lists, firsts = sampled(cut, 10, 200, 1), first_likes(cut, 200)
    listed, counts = np.unique(lists.users, return_counts=True)
    assert len(listed) == 10
    assert counts.max() <= MOST
    assert cut.new[firsts.items].all()
    assert np.unique(firsts.items, return_counts=True)[1].max() <= FIRST
    likes = eligible(cut)
    for item in np.unique(firsts.items):
        times = np.sort(events.times[likes[events.items[likes] == item]])
        chosen = [
            events.times[(events.users == user) & (events.items == item)][0]
            for user in firsts.users[firsts.items == item]
        ]
        assert sorted(chosen) == times[:FIRST].tolist()
    assert share_of_likes(cut, lists)["mean"] == pytest.approx(
        np.mean([cut.new[lists.items[lists.users == user]].mean() for user in listed])
    )


def test_the_catalogue_before_new_items_came(item_features) -> None:
    absent = np.zeros(ITEMS, dtype=np.bool_)
    absent[[3, 24]] = True
    fewer = without(item_features, absent)
    names = fewer.graph.item_ids + fewer.graph.node_ids
    facts = {
        (names[head], names[tail])
        for head, tail in zip(fewer.graph.heads, fewer.graph.tails, strict=True)
    }
    assert facts == {(f"i{k:02}", f"kind {k % 4}") for k in range(ITEMS) if not absent[k]}
    assert "nobody else" not in names
    whole = item_features.graph.item_ids + item_features.graph.node_ids
    assert np.array_equal(fewer.text, item_features.text[[whole.index(name) for name in names]])
    assert np.array_equal(fewer.words.toarray(), item_features.words.toarray()[~absent])
    assert len(fewer.graph.labels) == fewer.graph.n_nodes


def test_the_oracle_puts_new_items_behind_what_is_liked_more() -> None:
    """Known 0 … 3 in the order 2, 0, 3, 1; liked 9, 1, 5, 3 times; 4 and 5 are new: 4 and 6."""
    scores = np.array([[0.5, 0.1, 0.9, 0.3, 0.0, 0.0]] * 2, dtype=np.float32)
    later = np.array([9, 1, 5, 3, 4, 6])
    new = np.array([False] * 4 + [True] * 2)
    seen = binary([1], [2], (2, 6))
    order = np.argsort(-by_popularity(scores, seen, new, later), axis=1).tolist()
    # 4 stands behind two known items (9 and 5), 6 behind one. The second user knows item 2.
    assert order[0] == [2, 5, 0, 4, 3, 1]
    assert [item for item in order[1] if item != 2] == [0, 5, 4, 3, 1]


def test_chance_keeps_the_places_of_new_items() -> None:
    scores = np.random.default_rng(1).random((6, 9)).astype(np.float32)
    new = np.arange(9) > 4
    seen = binary([0, 2], [8, 1], (6, 9))
    dealt = at_random(scores, seen, new, np.random.default_rng(2))
    assert np.array_equal(dealt[:, ~new], scores[:, ~new])
    assert np.array_equal(np.sort(dealt[:, new]), np.sort(scores[:, new]))
    assert not np.array_equal(dealt[:, new], scores[:, new])
    assert dealt[0, 8] == scores[0, 8]


@pytest.mark.slow
def test_every_rule_is_measured_and_shown(events, item_features) -> None:
    cut = Cut.of(events, 0.5, FIRST_SEEN, seed=1)
    assert np.flatnonzero(cut.new).tolist() == [20, 21, 22, 23, 24]
    lists, firsts = sampled(cut, 20, 200, 1), first_likes(cut, 200)
    config = ModelConfig(epochs=1, dimensions=8, heads=1)
    models = {}
    for kind in KINDS:
        model = model_at(cut, item_features, kind, config)
        assert (model.rows[cut.new] < 0).all() == (kind == "added")
        assert not model.warm[cut.new].any()
        models[kind] = measured(cut, model, lists, firsts, 1)
        system, chance = models[kind][SYSTEM], models[kind][RANDOM]
        assert system["share"]["mean"] == pytest.approx(chance["share"]["mean"])
        assert models[kind]["weights of known items"] != system
        for row in models[kind].values():
            assert row["likes_hidden"] == system["likes_hidden"]
            assert 0 <= row["among_new"]["mean"] <= 1
            assert row["among_new"]["mean"] >= row["first_likes"]["mean"]
            assert 1 <= row["median_rank"] <= ITEMS
    assert ORACLE in models["added"]
    results = {
        "items": ITEMS, "new": 5, "new_liked": 5, "people": 20, "lists": len(lists),
        "first_likes": len(firsts), "share_of_likes": share_of_likes(cut, lists), "models": models,
    }  # fmt: skip
    markdown = page({
        "sets": {"a set": {"cut": 0.75, "seed": 1, "epochs": 1, FIRST_SEEN: results}},
        "machine": {"cpu": "a processor", "python": "3"},
    })  # fmt: skip
    assert markdown.count("| oracle |") == 2
    assert f"**{results['share_of_likes']['mean']:.2%}" in markdown
