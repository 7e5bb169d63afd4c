"""Merge and split: decisions about which ids are one thing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Fact, Link
from tastegraph.kg.graph import NodeIndex
from tastegraph.kg.identity import resolve_identity
from tastegraph.store import schema, statements
from tastegraph.store.database import Database
from tests.support.review_store import (
    CONFIG,
    are_one_node,
    decide,
    marks,
    number,
    put,
)


def test_merge_makes_two_entities_one_node(store):
    assert not are_one_node(store, "a", "b")
    seq = decide(store, "merge", "b", "a")
    assert are_one_node(store, "a", "b")
    decide(store, "undo", seq)
    assert not are_one_node(store, "a", "b")


def test_split_separates_ids_that_a_third_joins(store):
    put(store, "same", Fact("a", SAME_AS, "b"), Fact("b", SAME_AS, "c", confidence=0.9))
    assert are_one_node(store, "a", "b", "c")
    seq = decide(store, "split", "a", "c")
    assert are_one_node(store, "a", "b")
    assert not are_one_node(store, "a", "c")
    decide(store, "undo", seq)
    assert are_one_node(store, "a", "b", "c")


def test_split_separates_an_item_from_an_id_of_its_entity(store):
    put(store, "same", Fact("item:1", SAME_AS, "a"), Fact("a", SAME_AS, "b", confidence=0.9))
    put(store, "marks", *marks("item:1"))
    assert are_one_node(store, "item:1", "a", "b")
    decide(store, "split", "b", "item:1")
    assert are_one_node(store, "item:1", "a")
    assert not are_one_node(store, "item:1", "b")


def test_split_of_two_items_removes_the_less_confident_link(database):
    with database.writing() as connection:
        statements.put_links(connection, [Link("1", "a")], "links")
    put(database, "derived", Fact("item:2", SAME_AS, "a", confidence=0.9))
    with database.reading() as connection:
        assert resolve_identity(connection, CONFIG).links == [Link("1", "a"), Link("2", "a")]
        assert resolve_identity(connection, CONFIG).canonical == {}
    decide(database, "split", "item:1", "item:2")
    with database.reading() as connection:
        assert resolve_identity(connection, CONFIG).links == [Link("1", "a")]


def test_merge_and_split_reverse_each_other(store):
    decide(store, "split", "a", "b")
    decide(store, "merge", "a", "b")
    assert are_one_node(store, "a", "b")
    decide(store, "split", "b", "a")
    assert not are_one_node(store, "a", "b")


def test_a_merge_overrules_sources(store):
    put(store, "same", Fact("a", SAME_AS, "b"), Fact("a", DIFFERENT_FROM, "c"))
    decide(store, "merge", "b", "c")
    assert are_one_node(store, "b", "c")
    assert not are_one_node(store, "a", "b")


def test_an_uncertain_difference_separates_nothing(store):
    put(store, "same", Fact("a", SAME_AS, "b"), Fact("b", DIFFERENT_FROM, "a", confidence=0.2))
    assert are_one_node(store, "a", "b")


def test_rejected_identity_counts_in_both_directions(store):
    put(store, "same", Fact("a", SAME_AS, "b"))
    decide(store, "reject", number(Fact("a", SAME_AS, "b")))
    put(store, "other", Fact("b", SAME_AS, "a"))
    assert not are_one_node(store, "a", "b")


def test_identity_may_be_reversed_and_reflexive(store):
    same, turned, itself = (Fact(*ends) for ends in (
        ("a", SAME_AS, "b"), ("b", SAME_AS, "a"), ("a", SAME_AS, "a"),
    ))  # fmt: skip
    put(store, "same", same, itself)
    decide(store, "reject", number(itself))
    decide(store, "edit", number(same), turned)
    assert are_one_node(store, "a", "b")
    with store.reading() as connection:
        assert resolve_identity(connection, CONFIG).canonical == {"a": "a", "b": "a"}


ENDS = st.sampled_from(["a", "b", "c", "item:1", "item:2"])
SAMENESS = st.builds(
    lambda left, right, sure: Fact(left, SAME_AS, right, confidence=sure),
    ENDS, ENDS, st.sampled_from([0.8, 0.9, 1.0]),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(facts=st.lists(SAMENESS, max_size=8), ends=st.sets(ENDS, min_size=2, max_size=2))
def test_the_last_merge_or_split_counts_whatever_sources_state(tmp_path_factory, facts, ends):
    database = Database(tmp_path_factory.mktemp("same") / "tastegraph.db", schema.metadata)
    left, right = sorted(ends)

    def together():
        with database.reading() as connection:
            identity = resolve_identity(connection, CONFIG)
        nodes = NodeIndex(["1", "2"], identity.links, identity.canonical)
        return bool(set(nodes.nodes_of(left)) & set(nodes.nodes_of(right)))

    try:
        put(database, "same", *facts)
        decide(database, "split", left, right)
        assert not together()
        decide(database, "merge", left, right)
        assert together()
    finally:
        database.close()


def test_an_item_is_linked_by_a_merge(store):
    decide(store, "merge", "b", "item:2")
    with store.reading() as connection:
        assert resolve_identity(connection, CONFIG).links == [Link("2", "b")]
