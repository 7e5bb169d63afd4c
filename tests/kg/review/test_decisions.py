"""Decisions of people: they count while they stand, and undoing them leaves nothing behind."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import ConfigError, DecisionError, NotFoundError
from tastegraph.core.records import SAME_AS, Fact
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.review import decisions
from tastegraph.store import decision_log, schema
from tastegraph.store.database import Database
from tastegraph.workspace import Workspace
from tests.support.review_store import (
    CERTAIN,
    CONFIG,
    LIKELY,
    UNCERTAIN,
    accepted,
    assert_same_graph,
    decide,
    fill,
    forget,
    marks,
    number,
    put,
    rows,
)


def test_accept_puts_an_uncertain_fact_into_the_graph(store):
    assert UNCERTAIN.object not in graph_from_store(store, CONFIG).node_ids
    seq = decide(store, "accept", number(UNCERTAIN))
    assert UNCERTAIN.object in graph_from_store(store, CONFIG).node_ids
    decide(store, "undo", seq)
    assert UNCERTAIN.object not in graph_from_store(store, CONFIG).node_ids


def test_a_rejected_fact_stays_out_after_another_import(store):
    seq = decide(store, "reject", number(CERTAIN))
    assert CERTAIN not in accepted(store)
    put(store, "films", CERTAIN)
    put(store, "others", CERTAIN)
    assert CERTAIN not in accepted(store)
    decide(store, "undo", seq)
    assert CERTAIN in accepted(store)


def test_a_rejection_outlives_its_fact(store):
    seq = decide(store, "reject", number(CERTAIN))
    forget(store, "films")
    put(store, "films", CERTAIN)
    assert CERTAIN not in accepted(store)
    forget(store, "films")
    decide(store, "undo", seq)
    assert accepted(store) == set()


def test_edit_replaces_a_fact(store):
    right = Fact("item:1", "directed_by", "cameron")
    seq = decide(store, "edit", number(CERTAIN), right)
    assert {CERTAIN, right} & accepted(store) == {right}
    decide(store, "undo", seq)
    assert {CERTAIN, right} & accepted(store) == {CERTAIN}


def test_another_object_has_the_same_type_and_language():
    typed = Fact("a", "r", "1979", literal=True, datatype="http://www.w3.org/2001/XMLSchema#gYear")
    assert decisions.with_object(typed, "1980") == Fact(
        "a", "r", "1980", literal=True, datatype=typed.datatype
    )
    tagged = Fact("a", "r", "Rom", literal=True, language="de")
    assert decisions.with_object(tagged, "Roma").language == "de"
    with pytest.raises(DecisionError, match="object"):
        decisions.with_object(typed, "\0")
    with pytest.raises(DecisionError, match="object"):
        decisions.with_object(CERTAIN, " ")


def test_the_last_standing_decision_counts(store):
    first = decide(store, "reject", number(CERTAIN))
    second = decide(store, "accept", number(CERTAIN))
    assert CERTAIN in accepted(store)
    decide(store, "undo", second)
    assert CERTAIN not in accepted(store)
    third = decide(store, "accept", number(CERTAIN))
    decide(store, "undo", first)
    assert CERTAIN in accepted(store)
    decide(store, "undo", third)
    assert CERTAIN in accepted(store)


def test_forgetting_a_source_retains_decisions(store):
    new = Fact("item:3", "directed_by", "palin")
    decide(store, "accept", number(UNCERTAIN))
    decide(store, "add", new)
    forget(store, "films")
    assert {(fact.object, fact.confidence) for fact in accepted(store)} == {
        ("cameron", 1.0),
        ("palin", 1.0),
    }


def test_the_log_names_authors_and_facts(store):
    seq = decide(store, "edit", number(CERTAIN), Fact("item:1", "directed_by", "x"), author="ann")
    decide(store, "undo", seq, author="bob")
    with store.reading() as connection:
        (entry,) = decision_log.log(connection)
    assert (entry.kind, entry.author, entry.undone_by) == ("edit", "ann", "bob")
    assert entry.undone >= entry.decided
    assert (entry.affirmed, entry.denied) == ((Fact("item:1", "directed_by", "x"),), (CERTAIN,))


@pytest.mark.parametrize(
    ("action", "arguments", "error", "words"),
    [
        ("accept", (7,), NotFoundError, "no fact 7"),
        ("reject", (7,), NotFoundError, "no fact 7"),
        ("edit", (7, CERTAIN), NotFoundError, "no fact 7"),
        ("edit", (number(CERTAIN), CERTAIN), DecisionError, "already"),
        ("merge", ("a", "a"), DecisionError, "one id"),
        ("split", ("a", " "), DecisionError, "not empty"),
        ("merge", ("a", "b\ud800"), DecisionError, "Unicode"),
        ("undo", (7,), NotFoundError, "no decision 7"),
    ],
)
def test_an_impossible_decision_is_refused(store, action, arguments, error, words):
    before = rows(store)
    with pytest.raises(error, match=words):
        decide(store, action, *arguments)
    assert rows(store) == before
    with store.reading() as connection:
        assert decision_log.log(connection) == []


@pytest.mark.parametrize("author", ["", "  ", "x" * 257, "a\nb", "\ud800"])
def test_a_decision_needs_an_author(store, author):
    with pytest.raises(DecisionError, match="author"):
        decide(store, "accept", number(CERTAIN), author=author)


def test_a_decision_is_undone_once(store):
    seq = decide(store, "accept", number(CERTAIN))
    decide(store, "undo", seq, author="bob")
    with pytest.raises(DecisionError, match="by bob already"):
        decide(store, "undo", seq)


def test_no_import_may_use_the_name_of_peoples_source(tmp_path):
    workspace = Workspace.init(tmp_path / "w")
    with pytest.raises(ConfigError, match="people"):
        workspace.ingest(facts={"people": [CERTAIN]})


# Anything, undone.

FACTS = [CERTAIN, UNCERTAIN, LIKELY, *marks("a", "b")]
WHO = st.sampled_from(["a", "b", "c", "item:1", "item:2"])
STEP = st.one_of(
    st.tuples(st.sampled_from(["accept", "reject"]), st.sampled_from(FACTS)),
    st.tuples(st.just("edit"), st.sampled_from(FACTS), st.sampled_from(["scott", "cameron", "x"])),
    st.tuples(st.just("add"), st.sampled_from([*FACTS, Fact("c", "new", "d")])),
    st.tuples(st.sampled_from(["merge", "split"]), WHO, WHO),
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, max_size=7), random=st.randoms())
def test_undoing_all_decisions_in_any_order_restores_the_store(tmp_path_factory, steps, random):
    database = Database(tmp_path_factory.mktemp("undo") / "tastegraph.db", schema.metadata)
    try:
        fill(database)
        put(database, "same", Fact("a", SAME_AS, "b", confidence=0.9))
        before, graph = rows(database), graph_from_store(database, CONFIG)
        decision_numbers = []
        for action, *arguments in steps:
            if action in ("accept", "reject"):
                arguments = [number(arguments[0])]
            elif action == "edit":
                old, value = arguments
                arguments = [number(old), decisions.with_object(old, value)]
            try:
                decision_numbers.append(decide(database, action, *arguments))
            except DecisionError:
                assert action in ("edit", "merge", "split")
        random.shuffle(decision_numbers)
        for seq in decision_numbers:
            decide(database, "undo", seq)
        assert rows(database) == before
        assert_same_graph(graph_from_store(database, CONFIG), graph)
    finally:
        database.close()
