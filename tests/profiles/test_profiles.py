"""Histories, attention, interest and content graphs, computed by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tastegraph.core.config import EventsConfig, load_config
from tastegraph.core.errors import ConfigError
from tastegraph.core.records import EVENT_TYPES, Event
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.profiles.association import ITSELF, associate
from tastegraph.profiles.attention import Recency, SequenceAttention, attend
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.graphs import Tie, content_graph, interest_graph
from tastegraph.profiles.interactions import History, interactions
from tastegraph.store.event_columns import EventColumns


def history(*pairs):
    return History(
        np.array([item for item, _ in pairs], dtype=np.int32),
        np.array([weight for _, weight in pairs], dtype=np.float32),
    )


def graph_of(*edges, n_items=3, n_others=2, confidence=None):
    """Edges (head, relation, tail), with the fact ids 100, 101, …"""
    table = np.array(edges, dtype=np.int32).reshape(-1, 3)
    order = np.lexsort((table[:, 2], table[:, 1], table[:, 0]))
    sure = np.ones(len(table)) if confidence is None else np.array(confidence)
    n_nodes = n_items + n_others
    return KnowledgeGraph(
        item_ids=[f"i{k}" for k in range(n_items)],
        node_ids=[f"n{k}" for k in range(n_others)],
        labels=[""] * n_nodes,
        relations=["r0", "r1", "r2"],
        heads=table[order, 0],
        relation=table[order, 1],
        tails=table[order, 2],
        facts=(100 + order).astype(np.int64),
        confidence=sure[order].astype(np.float32),
    )


# Three items, X = 3 and Y = 4: items 0 and 1 have X, 0 names 1, and Y names 2.
SMALL = graph_of((0, 0, 3), (1, 0, 3), (0, 1, 1), (4, 2, 2), confidence=[1, 0.5, 1, 1])
OF_TWO = math.log(4 / 3) / math.log(4)
OF_ONE = math.log(4 / 2) / math.log(4)
ALIKE = np.ones(6, dtype=np.float32)
"""Every relation says as much."""


# Association strength.


def test_features_are_relation_direction_and_node():
    associations = associate(SMALL)
    assert associations.relation.tolist() == [0, 1, 1, 2]
    assert associations.reverse.tolist() == [False, False, True, True]
    assert associations.node.tolist() == [3, 1, 0, 4]
    assert associations.kind.tolist() == [0, 2, 3, 5]


def test_strength_is_confidence_times_specificity():
    expected = [
        [OF_TWO, OF_TWO, 0, 0],
        [OF_TWO / 2, OF_TWO, OF_ONE, 0],
        [0, 0, 0, OF_ONE],
    ]
    np.testing.assert_allclose(associate(SMALL).strength.toarray(), expected, rtol=1e-6)
    assert pytest.approx(0.5) == OF_ONE


def test_a_fact_between_two_items_ties_each_to_the_other_and_its_object_to_itself():
    associations = associate(SMALL)
    assert associations.facts[associations.of_item(0)].tolist() == [100, 102]
    assert associations.facts[associations.of_item(1)].tolist() == [101, ITSELF, 102]
    assert associations.facts[associations.of_item(2)].tolist() == [103]


def test_of_two_facts_that_say_the_same_the_surer_one_counts():
    for confidence in ([0.25, 0.75], [0.75, 0.25]):
        associations = associate(graph_of((0, 0, 3), (0, 0, 3), confidence=confidence))
        assert associations.facts.tolist() == [100 + int(np.argmax(confidence))]
        np.testing.assert_allclose(associations.strength.data, [0.75 * OF_ONE], rtol=1e-6)


def test_what_every_item_has_says_little():
    associations = associate(graph_of((0, 0, 3), (1, 0, 3), (2, 0, 3)))
    np.testing.assert_allclose(associations.strength.data, [0, 0, 0], atol=1e-7)


def test_a_graph_without_edges_or_items_has_no_features():
    assert associate(graph_of()).strength.shape == (3, 0)
    assert associate(graph_of((0, 0, 1), n_items=0)).strength.shape == (0, 0)


edges = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 2), st.integers(0, 7)).filter(
        lambda edge: edge[0] != edge[2]
    ),
    max_size=30,
)


@given(edges)
def test_every_tie_has_its_fact(drawn_edges):
    graph = graph_of(*drawn_edges, n_items=5, n_others=3)
    tied = associate(graph)
    facts = {
        (int(f), int(h), int(r), int(t))
        for f, h, r, t in zip(graph.facts, graph.heads, graph.relation, graph.tails, strict=True)
    }
    ends = set()
    for item in range(5):
        at = tied.of_item(item)
        features = tied.strength.indices[at]
        assert (np.diff(features) > 0).all()
        for feature, fact in zip(features.tolist(), tied.facts[at].tolist(), strict=True):
            node, relation = int(tied.node[feature]), int(tied.relation[feature])
            ends.add((item, feature))
            if fact == ITSELF:
                assert node == item
            else:
                head, tail = (node, item) if tied.reverse[feature] else (item, node)
                assert (fact, head, relation, tail) in facts
    for head, relation, tail in drawn_edges:
        for item, kind, node in ((head, 2 * relation, tail), (tail, 2 * relation + 1, head)):
            if item < 5:
                (feature,) = np.flatnonzero((tied.kind == kind) & (tied.node == node))
                assert (item, int(feature)) in ends


# Content and interest graphs.


def test_a_content_graph_lists_the_strongest_tie_first():
    ties = content_graph(associate(SMALL), 1)
    assert [tie.feature for tie in ties] == [2, 1, 0]
    assert [tie.strength for tie in ties] == pytest.approx([OF_ONE, OF_TWO, OF_TWO / 2])
    assert content_graph(associate(graph_of((0, 0, 3))), 2) == []


def test_an_interest_graph_weighs_content_graphs_by_attention():
    """Item 0 liked, item 1 liked half as much, item 2 disliked."""
    past = history((0, 1.0), (1, 0.5), (2, -1.0))
    ties = interest_graph(associate(SMALL), past, Recency(against=1.0), ALIKE)
    assert [tie.feature for tie in ties] == [3, 1, 0, 2]
    assert [tie.support for tie in ties] == [1, 2, 2, 1]
    assert [tie.strength for tie in ties] == pytest.approx(
        [-OF_ONE / 2, 1.5 * OF_TWO * 2 / 3, 1.25 * OF_TWO * 2 / 3, 0.5 * OF_ONE / 2]
    )
    assert interest_graph(associate(SMALL), past, Recency(against=1.0), ALIKE, 2) == ties[:2]


def test_a_relation_that_says_little_makes_weak_interests():
    """Features 0 to 3 have the kinds 0, 2, 3 and 5."""
    weights = np.array([1, 0, 0.1, 0.5, 0, 0.2], dtype=np.float32)
    ties = interest_graph(associate(SMALL), history((0, 1.0), (1, 0.5)), Recency(), weights)
    assert [(tie.feature, tie.support) for tie in ties] == [(0, 2), (2, 1), (1, 2)]
    assert [tie.strength for tie in ties] == pytest.approx(
        [1.25 * OF_TWO * 2 / 3, 0.5 * 0.5 * OF_ONE / 2, 0.1 * 1.5 * OF_TWO * 2 / 3]
    )


def test_what_several_events_carry_stands_before_what_one_carries_as_strongly():
    """Nodes 4 and 5 have two items each: both of node 4 are liked by half, one of 5 in full."""
    world = associate(graph_of((0, 0, 4), (1, 0, 4), (2, 0, 5), (3, 0, 5), n_items=4))
    ties = interest_graph(world, history((2, 1.0), (0, 0.5), (1, 0.5)), Recency(), ALIKE)
    assert [(int(world.node[tie.feature]), tie.support) for tie in ties] == [(4, 2), (5, 1)]


def test_a_genre_watched_again_and_again_stands_before_the_cast_of_the_newest_film():
    """Five of ten films are westerns (node 10), each has one actor, and four were seen."""
    cast = [(film, 1, 11 + film) for film in range(10)]
    world = associate(graph_of(*[(k, 0, 10) for k in range(5)], *cast, n_items=10, n_others=11))
    seen = history((0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0))
    ties = interest_graph(world, seen, Recency(half_life=1.0), ALIKE)
    assert [int(world.node[tie.feature]) for tie in ties] == [10, 14, 13, 12, 11]
    assert [tie.support for tie in ties] == [4, 1, 1, 1, 1]
    assert [tie.strength for tie in ties[:2]] == pytest.approx(
        [
            (1.05 + 0.55 + 0.3 + 0.175) * math.log(11 / 6) / math.log(11) * 4 / 5,
            1.05 * math.log(11 / 2) / math.log(11) / 2,
        ]
    )


def test_an_event_against_an_interest_does_not_support_it():
    past = history((0, 1.0), (1, -0.5))
    (of_node, *_) = (
        tie
        for tie in interest_graph(associate(SMALL), past, Recency(against=1.0), ALIKE)
        if tie.feature == 0
    )
    assert of_node.support == 1
    assert of_node.strength == pytest.approx((1 - 0.25) * OF_TWO / 2)


def test_what_cancels_out_is_no_interest():
    past = history((0, 1.0), (0, -1.0), (2, 0.5))
    ties = interest_graph(associate(SMALL), past, Recency(against=1.0), ALIKE)
    assert ties == [Tie(3, pytest.approx(OF_ONE / 4))]


def test_no_history_no_interests():
    assert interest_graph(associate(SMALL), history(), Recency(), ALIKE) == []


# Recency.


def test_without_a_half_life_old_and_new_weigh_alike():
    past = history((0, 1.0), (1, 0.3), (2, -1.0), (3, -0.5))
    np.testing.assert_allclose(Recency()(past), [1, 0.3, 0, 0])
    np.testing.assert_allclose(Recency(against=0.5)(past), [1, 0.3, -0.5, -0.25])


def test_an_event_one_half_life_of_likes_back_weighs_half_and_the_floor():
    past = history((0, 1.0), (1, -0.5), (2, 1.0), (3, 0.3), (4, 1.0))
    assert Recency(half_life=2.0, against=1.0)(past) == pytest.approx(
        [2**-1.5 + 0.05, -0.5 * (2**-1.5 + 0.05), 0.5 + 0.05, 0.3 * (2**-0.5 + 0.05), 1.05]
    )


def test_the_floor_is_what_old_events_keep():
    past = history(*[(0, 1.0)] * 500)
    weights = Recency(half_life=1.0)(past)
    assert weights[0] == pytest.approx(0.05)
    assert weights[-1] == pytest.approx(1.05)
    assert (np.diff(weights) >= 0).all()
    assert weights.dtype == np.float32


def test_an_empty_history_gets_no_weights():
    assert len(Recency(3.0)(history())) == 0
    assert len(sequence()(history())) == 0


# Sequence attention.

N_ITEMS, WIDTH, LONGEST = 9, 4, 5


def sequence(seed=0, length=LONGEST):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(N_ITEMS, WIDTH)).astype(np.float32)
    query, key = rng.normal(size=(2, WIDTH, WIDTH)).astype(np.float32)
    query_bias, bias = (rng.normal(size=size).astype(np.float32) for size in (WIDTH, length))
    return SequenceAttention(values, query, key, query_bias, bias)


def test_sequence_attention_is_a_softmax_over_the_newest_likes():
    attention = sequence()
    past = history((3, 1.0), (1, -1.0), (4, 0.5), (1, 1.0))
    items = [3, 4, 1]
    query = attention.values[1] @ attention.query + attention.query_bias
    logits = [
        float(query @ (attention.values[item] @ attention.key)) + float(attention.bias[back])
        for item, back in zip(items, (2, 1, 0), strict=True)
    ]
    alpha = np.exp(logits) / np.exp(logits).sum()
    expected = alpha / np.linalg.norm(alpha @ attention.values[items])
    weights = attention(past)
    assert weights[1] == 0
    np.testing.assert_allclose(weights[[0, 2, 3]], expected, rtol=1e-5)


pasts = st.lists(
    st.tuples(st.integers(0, N_ITEMS - 1), st.sampled_from([1.0, 0.5, 0.3, -0.3, -1.0])),
    max_size=12,
).map(lambda pairs: history(*pairs))


@given(pasts, st.integers(0, 5))
def test_sequence_attention_hears_the_newest_likes_alone_and_its_sum_has_norm_1(past, seed):
    attention = sequence(seed)
    weights = attention(past)
    liked = np.flatnonzero(past.weights > 0)
    attended = np.zeros(len(past), dtype=bool)
    attended[liked[-LONGEST:]] = True
    assert (weights[attended] > 0).all()
    assert (weights[~attended] == 0).all()
    assert weights.dtype == np.float32
    assume(len(liked))
    summed = weights @ attention.values[past.items]
    assert np.linalg.norm(summed) == pytest.approx(1, abs=1e-4)
    alone = History(past.items[attended], past.weights[attended])
    np.testing.assert_allclose(attention(alone), weights[attended], rtol=1e-5)


def test_large_logits_do_not_overflow():
    attention = sequence()
    huge = replace(attention, query=attention.query * 1e3, key=attention.key * 1e3)
    assert np.isfinite(huge(history((0, 1.0), (1, 1.0), (2, 1.0)))).all()


# Many histories at once.


@given(st.lists(pasts, max_size=5))
def test_histories_together_are_laid_out_as_one_by_one(many):
    for attention in (Recency(2.0, 0.5), sequence()):
        matrix = attend(many, attention, N_ITEMS)
        assert matrix.shape == (len(many), N_ITEMS)
        for row, past in zip(matrix.toarray(), many, strict=True):
            weights = attention(past)
            expected = np.zeros(N_ITEMS)
            np.add.at(expected, past.items, weights)
            np.testing.assert_allclose(row, expected, atol=1e-5)


# Events as columns.


MEANING = EventMeaning.of(EventsConfig(), {5.0: 1, 1.0: 1})


@pytest.mark.parametrize(
    ("kind", "weight"),
    [
        ("view", 0.3),
        ("click", 0.5),
        ("purchase", 1.0),
        ("like", 1.0),
        ("rating", 1.0),
        ("dislike", -1.0),
        ("skip", -0.3),
        ("impression", 0.0),
        ("unheard of", 0.0),
    ],
)
def test_every_type_of_event_has_its_weight(kind, weight):
    assert MEANING.weight_of(Event("", "", "item", kind)) == weight
    assert kind in EVENT_TYPES or weight == 0


@pytest.mark.parametrize(
    ("value", "weight"),
    [(5.0, 1.0), (4.0, 1.0), (np.nextafter(4.0, 0), -1.0), (0.0, -1.0), (-1.0, -1.0), (None, 1.0)],
)
def test_a_rating_counts_for_from_the_threshold_up(value, weight):
    assert MEANING.weight_of(Event("", "", "item", "rating", value)) == weight


def test_weights_and_threshold_can_be_told():
    config = EventsConfig(weights={"rating": 0.5, "click": -0.25}, positive_rating=0.5)
    meaning = EventMeaning.of(config, {0.4: 1, 90.0: 3})
    assert meaning.weight_of(Event("", "", "item", "rating", 0.5)) == 0.5
    assert meaning.weight_of(Event("", "", "item", "rating", 0.4)) == -0.5
    assert meaning.weight_of(Event("", "", "item", "click", 0.1)) == -0.25


@pytest.mark.parametrize("weight", [0.2, -0.1])
def test_an_impression_weighs_nothing_whatever_is_told(tmp_path, weight):
    """Training would count it, and serving would not."""
    file = tmp_path / "tastegraph.toml"
    file.write_text(f"[events.weights]\nimpression = {weight}\n")
    with pytest.raises(
        ConfigError, match=r"events\.weights: .*'impression' can weigh nothing but 0"
    ):
        load_config(file)
    assert EventsConfig(weights={"impression": 0}).weights == EventsConfig().weights


def columns():
    events = [
        Event("1", "ann", "b", "rating", 5.0, None, "train"),
        Event("2", "ann", "unknown", "like", timestamp=1.0),
        Event("3", "ann", "a", "rating", 2.0, 3.0, "valid"),
        Event("4", "ann", "a", "impression", timestamp=4.0),
        Event("5", "ann", "c", "view", None, 5.0, "test"),
        Event("6", "bob", "a", "impression", timestamp=1.0),
        Event("7", "cyd", "c", "like", timestamp=0.0),
    ]
    return interactions(EventColumns.of(events), {"a": 0, "b": 1, "c": 2, "d": 3}, MEANING)


def test_events_become_columns_without_those_that_do_not_count():
    rows = columns()
    assert rows.user_ids == ["ann", "bob", "cyd"]
    assert (len(rows), rows.n_users, rows.n_items) == (4, 3, 4)
    assert rows.users.tolist() == [0, 0, 0, 2]
    assert rows.items.tolist() == [1, 0, 2, 2]
    np.testing.assert_array_equal(rows.times, [np.nan, 3.0, 5.0, 0.0])
    assert rows.weights == pytest.approx([1, -1, 0.3, 1])
    assert rows.published_splits.tolist() == [0, 1, 2, -1]


def test_no_events_no_columns():
    rows = interactions(EventColumns.of([]), {"a": 0}, MEANING)
    assert (len(rows), rows.n_users, rows.n_items) == (0, 0, 1)
    assert rows.histories() == []
    assert rows.user_items().shape == (0, 1)


def test_everybody_has_a_history_oldest_first():
    ann, bob, cyd = columns().histories()
    assert ann.items.tolist() == [1, 0, 2]
    assert ann.likes.tolist() == [1, 2]
    assert (len(bob), cyd.items.tolist()) == (0, [2])


@pytest.mark.parametrize("newest", [0, 1, 2, 3, 9])
def test_the_newest_events_of_a_history(newest):
    ann, bob, cyd = columns().histories(newest)
    assert ann.items.tolist() == [1, 0, 2][max(3 - newest, 0) :]
    assert len(bob) == 0
    assert len(cyd) == min(newest, 1)
    if newest:
        whole = columns().histories()[0]
        assert whole.newest(newest).items.tolist() == ann.items.tolist()


def test_likes_are_items_with_at_least_one_event_for_them():
    assert columns().user_items().toarray().tolist() == [
        [False, True, True, False],
        [False, False, False, False],
        [False, False, True, False],
    ]


def test_a_selection_keeps_the_numbers():
    part = columns().select(np.array([False, False, True, True]))
    assert part.users.tolist() == [0, 2]
    assert part.n_users == 3
    assert [len(one) for one in part.histories()] == [1, 0, 1]
    assert part.published_splits.tolist() == [2, -1]
