"""Redundant relations, on numbers: nodes below 50 are items."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tastegraph.kg.inverses import redundant_relations


def redundant(*edges, names="ABCDEF", n_items=50):
    table = np.array(sorted(edges), dtype=np.int32).reshape(-1, 3)
    numbers = redundant_relations(table[:, 0], table[:, 2], table[:, 1], 200, n_items, list(names))
    return {names[r] for r in numbers}


def test_of_mutual_inverses_the_one_about_items_is_retained():
    there = [(k, 100 + k, 1) for k in range(20)]
    back = [(100 + k, k, 0) for k in range(20)]
    assert redundant(*there, *back) == {"A"}
    assert redundant(*there, *back, names="BACDEF") == {"B"}


def test_of_nearly_mutual_inverses_the_one_about_items_is_retained():
    there = [(k, 100 + k, 1) for k in range(40)]
    back = [(100 + k, k, 0) for k in range(41)]
    assert redundant(*there, *back) == {"A"}


def test_of_mutual_inverses_of_entities_the_first_by_name_is_retained():
    there = [(100 + k, 150 + k, 0) for k in range(20)]
    back = [(150 + k, 100 + k, 1) for k in range(20)]
    assert redundant(*there, *back) == {"B"}
    assert redundant(*there, *back, names="BACDEF") == {"B"}


@pytest.mark.parametrize(("contained", "dropped"), [(20, {"B"}), (19, {"B"}), (18, set())])
def test_a_relation_is_redundant_from_95_percent_on(contained, dropped):
    large = [(k, 100 + k, 0) for k in range(40)]
    small = [(100 + k, k, 1) for k in range(contained)]
    small += [(150 + k, k, 1) for k in range(20 - contained)]
    assert redundant(*large, *small) == dropped


def test_repeated_facts_count_once():
    large = [(k, 100 + k, 0) for k in range(40)]
    small = [(100 + k, k, 1) for k in range(18)] * 5 + [(150, 0, 1), (151, 0, 1)]
    assert redundant(*large, *small) == set()


def test_a_symmetrical_relation_is_not_redundant():
    similar = [(k, k + 1, 0) for k in range(20)] + [(k + 1, k, 0) for k in range(20)]
    assert redundant(*similar) == set()


def test_a_relation_in_the_same_direction_is_not_redundant():
    assert redundant((0, 100, 0), (1, 101, 0), (0, 100, 1), (1, 101, 1)) == set()


def test_without_facts_nothing_is_redundant():
    assert redundant() == set()
    assert redundant((0, 100, 2)) == set()


some_edges = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 3)), max_size=60
)


@given(some_edges)
@example([(0, 1, 1), (1, 0, 0), (1, 0, 2)])
def test_redundant_relations_are_covered_by_the_others(edges):
    """But for one in twenty facts of each relation that is dropped."""
    table = np.array(edges, dtype=np.int32).reshape(-1, 3)
    dropped = redundant_relations(
        table[:, 0], table[:, 2], table[:, 1], n_nodes=8, n_items=3, names=list("abcd")
    )
    remaining = {(h, t) for h, t, r in edges if r not in dropped}
    for relation in dropped:
        facts = {(h, t) for h, t, r in edges if r == relation}
        assert facts
        assert sum((t, h) not in remaining for h, t in facts) <= 0.05 * len(facts)
