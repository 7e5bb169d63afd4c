"""Ties that nobody states: prototypes by hand, probabilities where they are known, controls."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.linking.calibration import expected_calibration_error
from tastegraph.profiles import prototypes
from tastegraph.profiles.association import (
    ITSELF,
    SEMANTIC,
    Associations,
    associate,
    with_semantic,
)
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.graphs import Tie, content_graph, interest_graph
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likelihood import Scale, fit
from tastegraph.profiles.prototypes import Prototypes, indicator
from tastegraph.profiles.semantics import MIN_PROBABILITY, best, learn_semantics


def graph_of(edges, n_items, n_others, n_relations=2):
    """Edges (head, relation, tail); item numbers come first."""
    table = np.unique(np.array(edges, dtype=np.int32).reshape(-1, 3), axis=0)
    return KnowledgeGraph(
        [f"i{k}" for k in range(n_items)], [f"n{k}" for k in range(n_others)],
        [f"label {k}" for k in range(n_items + n_others)],
        [f"r{k}" for k in range(n_relations)], table[:, 0], table[:, 1], table[:, 2],
        np.arange(len(table), dtype=np.int64), np.ones(len(table), dtype=np.float32),
    )  # fmt: skip


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


# Prototypes.

# Items 0–2 have the feature, 3–7 do not; the vectors have the mean 0, so that nothing is taken off.
PLANE = np.array(
    [[1, 0], [0, 1], [1, 0], [-1, 0], [0, -1], [-1, 0], [0, 0], [0, 0]], dtype=np.float32
)
THREE = graph_of([(0, 0, 8), (1, 0, 8), (2, 0, 8), (3, 0, 9), (4, 0, 9)], 8, 2)


def no_names(graph):
    return np.zeros((graph.n_nodes, 2), dtype=np.float32)


def test_a_prototype_is_the_sum_of_what_has_the_feature_and_of_its_name():
    prototypes = Prototypes.of(associate(THREE), PLANE, no_names(THREE))
    assert prototypes.features.tolist() == [0]  # two items are too few for the other
    np.testing.assert_allclose(prototypes.sums, [[2, 1]])
    names = no_names(THREE)
    names[8], names[9] = [0, 1], [0, -1]  # with the mean 0
    np.testing.assert_allclose(Prototypes.of(associate(THREE), PLANE, names).sums, [[2, 2]])


def test_an_item_does_not_count_towards_what_it_is_compared_with():
    associations = associate(THREE)
    prototypes = Prototypes.of(associations, PLANE, no_names(THREE))
    np.testing.assert_allclose(prototypes.cosines(PLANE[:1]), [[2 / math.sqrt(5)]], rtol=1e-6)
    ((_, cosines),) = prototypes.blocks(PLANE, indicator(associations, prototypes.features))
    # Without item 0 the sum is (1, 1), without item 1 (2, 0); items 6 and 7 have no vector.
    expected = [1 / math.sqrt(2), 0, 1 / math.sqrt(2), -2 / math.sqrt(5), -1 / math.sqrt(5)]
    np.testing.assert_allclose(cosines[:5, 0], expected, atol=1e-6)
    assert cosines[6:, 0].tolist() == [0, 0]


def test_what_most_items_have_has_no_prototype():
    graph = graph_of([(k, 0, 8) for k in range(4)], 8, 1)
    assert not len(Prototypes.of(associate(graph), PLANE, no_names(graph)).features)


# Probabilities.


def world(seed, n=600, d=8, n_features=40):
    """Items on a sphere; each has a feature with a probability that its cosine to it decides."""
    rng = np.random.default_rng(seed)
    items, features = unit(rng.normal(size=(n, d))), unit(rng.normal(size=(n_features, d)))
    true = 1 / (1 + np.exp(-(-3 + 6 * items @ features.T)))
    has = rng.random(true.shape) < true
    edges = [(i, f % 2, n + f) for i, f in zip(*np.nonzero(has), strict=True)]
    return graph_of(edges, n, n_features), items, true, has


def test_probabilities_are_those_of_the_world_that_made_the_facts():
    graph, items, true, has = world(seed=1)
    associations = associate(graph)
    nodes = np.zeros((graph.n_nodes, items.shape[1]), dtype=np.float32)
    prototypes = Prototypes.of(associations, items, nodes)
    member = indicator(associations, prototypes.features)
    scale = Scale.of(prototypes, items, member, associations.kind[prototypes.features])
    likelihood = fit(prototypes, scale, items[:400], member[:400], np.random.default_rng(1))
    probabilities = np.concatenate(
        [likelihood.probability(c) for _, c in prototypes.blocks(items[400:], member[400:])]
    )
    column = associations.node[prototypes.features] - graph.n_items
    assert np.abs(probabilities - true[400:, column]).mean() < 0.04
    held_out = has[400:, column]
    assert expected_calibration_error(probabilities.reshape(-1), held_out.reshape(-1)) < 0.02


def test_what_is_told_of_its_reliability_is_so():
    graph, items, _, _ = world(seed=2)
    nodes = np.zeros((graph.n_nodes, items.shape[1]), dtype=np.float32)
    _, reliability = learn_semantics(associate(graph), items, nodes)
    assert reliability.items == 119  # a fifth of those with any feature
    assert reliability.ties > 200
    assert abs(reliability.precision - reliability.confidence) < 0.05
    assert reliability.calibration_error < 0.06
    assert 0.1 < reliability.recall < 0.9


# Two kinds of texts.

N = 400


def checkerboard(seed=0):
    """Even items are of one kind and odd ones of another, in facts and in vectors.

    The last two have no facts, and the two before no vector.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(N) % 2
    vectors = np.zeros((N, 6), dtype=np.float32)
    vectors[np.arange(N), kind] = 1
    vectors = unit(vectors + rng.normal(scale=0.1, size=vectors.shape))
    vectors[N - 4 : N - 2] = 0
    edges = [(i, r, N + 2 * r + kind[i]) for i in range(N - 2) for r in (0, 1) if i % 7 or r]
    return graph_of(edges, N, 4), vectors


def learned(graph, vectors, seed=1):
    nodes = np.zeros((graph.n_nodes, vectors.shape[1]), dtype=np.float32)
    semantics, reliability = learn_semantics(associate(graph), vectors, nodes, seed)
    return semantics, reliability


def test_an_item_without_facts_gets_the_features_of_its_kind():
    graph, vectors = checkerboard()
    associations = associate(graph)
    semantics, reliability = learned(graph, vectors)
    ties = semantics.associate(vectors, besides=associations.strength)
    for item, expected in ((N - 2, {N, N + 2}), (N - 1, {N + 1, N + 3})):
        row = ties[[item]]
        assert set(associations.node[row.indices].tolist()) == expected
        assert (row.data >= MIN_PROBABILITY).all()
        assert (row.data <= 1).all()
    assert not ties[[N - 4, N - 3]].nnz
    assert not ties.multiply(associations.strength).nnz
    assert reliability.precision > 0.9


def test_anybodys_words_are_near_to_the_features_of_their_kind():
    graph, vectors = checkerboard()
    associations = associate(graph)
    semantics, _ = learned(graph, vectors)
    words = np.array([[1, 0.1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], dtype=np.float32)
    ties = semantics.associate(words)
    assert set(associations.node[ties[[0]].indices].tolist()) == {N, N + 2}
    assert not ties[[1]].nnz
    assert semantics.associate(words, most=1).nnz == 1
    assert semantics.associate(words[:0]).shape == (0, associations.strength.shape[1])


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_texts_say_nothing(seed):
    graph, vectors = checkerboard()
    rng = np.random.default_rng(seed)
    semantics, reliability = learned(graph, unit(rng.normal(size=vectors.shape)))
    assert reliability.ties == 0
    graph, items, _, _ = world(seed)
    semantics, reliability = learned(graph, items[rng.permutation(len(items))])
    assert reliability.ties == 0
    assert semantics.associate(items).nnz <= 2


def test_the_same_seed_learns_the_same():
    graph, vectors = checkerboard()
    first, second = learned(graph, vectors, 3), learned(graph, vectors, 3)
    assert first[1] == second[1]
    np.testing.assert_array_equal(
        first[0].associate(vectors).toarray(), second[0].associate(vectors).toarray()
    )


def test_of_too_little_nothing_is_learned():
    graph, vectors = checkerboard()
    nodes = np.zeros((graph.n_nodes, 6), dtype=np.float32)
    assert learn_semantics(associate(graph.without_edges()), vectors, nodes) is None
    assert learn_semantics(associate(graph), np.zeros_like(vectors), nodes) is None


def test_the_best_of_each_row():
    likely = np.array([[0.1, 0.5, 0.3, 0.4], [0, 0, 0, 0], [0.2, 0.2, 0.2, 0.1]], dtype=np.float32)
    ties = best(likely, most=2, least=0.2).toarray()
    expected = [[0, 0.5, 0, 0.4], [0, 0, 0, 0], [0.2, 0.2, 0, 0]]
    np.testing.assert_allclose(ties, np.array(expected, dtype=np.float32))


# In the graphs of items and users.

SMALL = associate(graph_of([(0, 0, 3), (1, 0, 3), (0, 1, 1), (2, 0, 4)], 3, 2))
OF_TWO, OF_ONE = math.log(4 / 3) / math.log(4), math.log(4 / 2) / math.log(4)


def with_ties(*cells):
    """(item, feature, probability); features: r0 to 3, r0 to 4, r1 to 1, r1 of 0."""
    item, feature, probability = zip(*cells, strict=True)
    likely = sparse.csr_array(
        (np.array(probability, dtype=np.float32), (item, feature)), shape=SMALL.strength.shape
    )
    return with_semantic(SMALL, likely)


def test_a_semantic_tie_is_worth_its_probability_and_how_specific_it_is():
    merged = with_ties((2, 0, 0.5), (0, 1, 0.25))
    expected = SMALL.strength.toarray()
    expected[2, 0], expected[0, 1] = OF_TWO / 2, OF_ONE / 4
    np.testing.assert_allclose(merged.strength.toarray(), expected, rtol=1e-6)
    assert merged.facts[merged.of_item(2)].tolist() == [SEMANTIC, 3]
    assert merged.facts[merged.of_item(1)].tolist() == [2, ITSELF, 1]
    assert int(merged.semantic.sum()) == 2


def test_what_is_stated_stays_and_nothing_is_tied_to_itself():
    merged = with_ties((0, 0, 0.9), (1, 2, 0.9), (0, 3, 0.9))
    np.testing.assert_array_equal(merged.strength.toarray(), SMALL.strength.toarray())
    np.testing.assert_array_equal(merged.facts, SMALL.facts)


def test_content_and_interest_graphs_tell_what_is_stated():
    merged = with_ties((2, 0, 0.5))
    assert content_graph(merged, 2) == [
        Tie(1, pytest.approx(OF_ONE)), Tie(0, pytest.approx(OF_TWO / 2), stated=False)
    ]  # fmt: skip
    both = History(np.array([2, 0], np.int32), np.ones(2, np.float32))
    alone = History(np.array([2], np.int32), np.ones(1, np.float32))
    alike = np.ones(int(merged.kind.max()) + 1, dtype=np.float32)
    stated = [{t.feature: t.stated for t in interest_graph(merged, h, Recency(), alike)}
              for h in (both, alone)]  # fmt: skip
    assert stated[0][0]
    assert not stated[1][0]


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_semantic_ties_keep_rows_sorted_and_facts_in_place(seed):
    rng = np.random.default_rng(seed)
    likely = sparse.random_array(SMALL.strength.shape, density=0.5, rng=rng).tocsr()
    merged = with_semantic(SMALL, likely.astype(np.float32))
    for item in range(3):
        at, before = merged.of_item(item), SMALL.of_item(item)
        features, facts = merged.strength.indices[at], merged.facts[at]
        assert (np.diff(features) > 0).all()
        stated_entries = facts != SEMANTIC
        np.testing.assert_array_equal(features[stated_entries], SMALL.strength.indices[before])
        np.testing.assert_array_equal(facts[stated_entries], SMALL.facts[before])


def test_of_too_many_features_the_most_frequent_have_a_prototype(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(4)
    has = np.zeros((40, 12), dtype=np.float32)
    for feature, count in enumerate(range(4, 16)):
        has[rng.permutation(40)[:count], feature] = 1
    one, node = np.zeros(12, dtype=np.int32), np.arange(12, dtype=np.int32)
    strength = sparse.csr_array(has)
    associations = Associations(
        strength, np.zeros(strength.nnz, dtype=np.int64), one, one > 0, node
    )
    items = rng.standard_normal((40, 5)).astype(np.float32)
    nodes = np.zeros((12, 5), dtype=np.float32)
    everything = Prototypes.of(associations, items, nodes)
    assert everything.features.tolist() == list(range(12))
    monkeypatch.setattr(prototypes, "MAX_COMPARED", 40 * 3)
    monkeypatch.setattr(prototypes, "MIN_PROTOTYPES", 1)
    few = Prototypes.of(associations, items, nodes)
    assert few.features.tolist() == [9, 10, 11]
    np.testing.assert_allclose(few.sums, everything.sums[9:])
    monkeypatch.setattr(prototypes, "CENTRED_ROWS", 7)
    np.testing.assert_allclose(Prototypes.of(associations, items, nodes).sums, few.sums)
