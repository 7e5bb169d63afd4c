"""What people decide: it counts at once, for as long as it stands, and leaves nothing behind."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tastegraph.core.config import Config, RelationConfig, SourcesConfig
from tastegraph.core.errors import ConfigError, DecisionError, NotFoundError
from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Event, Fact, Item, Link, Span
from tastegraph.kg.from_store import accepted_facts, graph_from_store
from tastegraph.kg.graph import NodeIndex
from tastegraph.kg.identity import resolve_identity
from tastegraph.kg.review import decisions
from tastegraph.kg.review.queue import review_queue
from tastegraph.store import catalogue, decision_log, provenance, schema, statements
from tastegraph.store import events as log_of_events
from tastegraph.store.database import Database
from tastegraph.workspace import Workspace

ITEMS = [
    Item("1", "Alien", "A film by Ridley Scott, made in 1979."),
    Item("2", "Aliens", "The sequel."),
    Item("3", "Brazil"),
]
SURE = Fact("item:1", "directed_by", "scott")
UNSURE = Fact("item:2", "directed_by", "cameron", confidence=0.4)
LIKELY = Fact("item:3", "directed_by", "gilliam", confidence=0.9)
CONFIG = Config(relations={"born": RelationConfig(single=True)})


def number(fact):
    return statements.fact_id(fact)


def put(database, source, *facts):
    """Import a source, replacing what it stated."""
    with database.writing() as connection:
        provenance.withdraw_source(connection, source)
        statements.put_facts(connection, facts, source)
        provenance.stamp(connection, source)
        provenance.drop_unsupported(connection)


def forget(database, source):
    with database.writing() as connection:
        provenance.withdraw_source(connection, source)
        provenance.drop_unsupported(connection)


def decide(database, action, *arguments, author="ann"):
    with database.writing() as connection:
        return getattr(decisions, action)(connection, *arguments, author)


def rows(database):
    with database.reading() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (schema.facts, schema.evidence)
        ]


def known(database, config=CONFIG):
    with database.reading() as connection:
        same = resolve_identity(connection, config)
        return {fact for _, fact in accepted_facts(connection, config, same)}


def ask(database, config=CONFIG, n=20):
    with database.reading() as connection:
        return review_queue(connection, config, n)


def one_thing(database, *ids):
    """Whether the ids are one node of the graph."""
    graph = graph_from_store(database, Config())
    tails = {}
    names = [f"item:{item}" for item in graph.item_ids] + graph.node_ids
    for head, tail in zip(graph.heads, graph.tails, strict=True):
        tails.setdefault(names[tail].removeprefix("mark\x1f"), set()).add(int(head))
    nodes = [tails[f"of {one}"] for one in ids]
    return all(node == nodes[0] for node in nodes)


def marks(*ids):
    return [Fact(one, "mark", f"of {one}", literal=True) for one in ids]


def same_graph(left, right):
    for field in ("item_ids", "node_ids", "labels", "relations"):
        assert getattr(left, field) == getattr(right, field)
    for field in ("heads", "relation", "tails", "facts", "confidence"):
        np.testing.assert_array_equal(getattr(left, field), getattr(right, field))


@pytest.fixture
def store(database):
    fill(database)
    return database


def fill(database):
    with database.writing() as connection:
        catalogue.put_items(connection, ITEMS)
    put(database, "films", SURE, UNSURE, LIKELY, *marks("a", "b", "c"))


# Single decisions.


def test_accept_puts_an_unsure_fact_into_the_graph(store):
    assert UNSURE.object not in graph_from_store(store, CONFIG).node_ids
    seq = decide(store, "accept", number(UNSURE))
    assert UNSURE.object in graph_from_store(store, CONFIG).node_ids
    decide(store, "undo", seq)
    assert UNSURE.object not in graph_from_store(store, CONFIG).node_ids


def test_a_rejected_fact_stays_out_when_its_source_is_imported_again(store):
    seq = decide(store, "reject", number(SURE))
    assert SURE not in known(store)
    put(store, "films", SURE)
    put(store, "others", SURE)
    assert SURE not in known(store)
    decide(store, "undo", seq)
    assert SURE in known(store)


def test_a_fact_may_be_rejected_before_anybody_states_it_again(store):
    seq = decide(store, "reject", number(SURE))
    forget(store, "films")
    put(store, "films", SURE)
    assert SURE not in known(store)
    forget(store, "films")
    decide(store, "undo", seq)
    assert known(store) == set()


def test_edit_says_what_is_right_instead(store):
    right = Fact("item:1", "directed_by", "cameron")
    seq = decide(store, "edit", number(SURE), right)
    assert {SURE, right} & known(store) == {right}
    decide(store, "undo", seq)
    assert {SURE, right} & known(store) == {SURE}


def test_another_value_is_of_the_same_kind():
    typed = Fact("a", "r", "1979", literal=True, datatype="http://www.w3.org/2001/XMLSchema#gYear")
    assert decisions.with_object(typed, "1980") == Fact(
        "a", "r", "1980", literal=True, datatype=typed.datatype
    )
    said = Fact("a", "r", "Rom", literal=True, language="de")
    assert decisions.with_object(said, "Roma").language == "de"
    with pytest.raises(DecisionError, match="object"):
        decisions.with_object(typed, "\0")
    with pytest.raises(DecisionError, match="object"):
        decisions.with_object(SURE, " ")


def test_the_last_decision_that_stands_counts(store):
    first = decide(store, "reject", number(SURE))
    second = decide(store, "accept", number(SURE))
    assert SURE in known(store)
    decide(store, "undo", second)
    assert SURE not in known(store)
    third = decide(store, "accept", number(SURE))
    decide(store, "undo", first)
    assert SURE in known(store)
    decide(store, "undo", third)
    assert SURE in known(store)


def test_forgetting_a_source_keeps_what_people_decided(store):
    new = Fact("item:3", "directed_by", "palin")
    decide(store, "accept", number(UNSURE))
    decide(store, "add", new)
    forget(store, "films")
    assert {(fact.object, fact.confidence) for fact in known(store)} == {
        ("cameron", 1.0),
        ("palin", 1.0),
    }


def test_the_log_says_who_decided_what(store):
    seq = decide(store, "edit", number(SURE), Fact("item:1", "directed_by", "x"), author="ann")
    decide(store, "undo", seq, author="bob")
    with store.reading() as connection:
        (entry,) = decision_log.log(connection)
    assert (entry.kind, entry.author, entry.undone_by) == ("edit", "ann", "bob")
    assert entry.undone >= entry.decided
    assert (entry.affirmed, entry.denied) == ((Fact("item:1", "directed_by", "x"),), (SURE,))


@pytest.mark.parametrize(
    ("action", "arguments", "error", "words"),
    [
        ("accept", (7,), NotFoundError, "no fact 7"),
        ("reject", (7,), NotFoundError, "no fact 7"),
        ("edit", (7, SURE), NotFoundError, "no fact 7"),
        ("edit", (number(SURE), SURE), DecisionError, "already"),
        ("merge", ("a", "a"), DecisionError, "one id"),
        ("split", ("a", " "), DecisionError, "not empty"),
        ("merge", ("a", "b\ud800"), DecisionError, "Unicode"),
        ("undo", (7,), NotFoundError, "no decision 7"),
    ],
)
def test_what_cannot_be_decided_is_refused(store, action, arguments, error, words):
    before = rows(store)
    with pytest.raises(error, match=words):
        decide(store, action, *arguments)
    assert rows(store) == before
    with store.reading() as connection:
        assert decision_log.log(connection) == []


@pytest.mark.parametrize("author", ["", "  ", "x" * 257, "a\nb", "\ud800"])
def test_a_decision_needs_an_author(store, author):
    with pytest.raises(DecisionError, match="author"):
        decide(store, "accept", number(SURE), author=author)


def test_a_decision_is_undone_once(store):
    seq = decide(store, "accept", number(SURE))
    decide(store, "undo", seq, author="bob")
    with pytest.raises(DecisionError, match="by bob already"):
        decide(store, "undo", seq)


def test_no_import_may_pass_as_people(tmp_path):
    workspace = Workspace.init(tmp_path / "w")
    with pytest.raises(ConfigError, match="people"):
        workspace.ingest(facts={"people": [SURE]})


# Which ids are one thing.


def test_merge_makes_two_entities_one_node(store):
    assert not one_thing(store, "a", "b")
    seq = decide(store, "merge", "b", "a")
    assert one_thing(store, "a", "b")
    decide(store, "undo", seq)
    assert not one_thing(store, "a", "b")


def test_split_parts_what_a_third_joins(store):
    put(store, "same", Fact("a", SAME_AS, "b"), Fact("b", SAME_AS, "c", confidence=0.9))
    assert one_thing(store, "a", "b", "c")
    seq = decide(store, "split", "a", "c")
    assert one_thing(store, "a", "b")
    assert not one_thing(store, "a", "c")
    decide(store, "undo", seq)
    assert one_thing(store, "a", "b", "c")


def test_split_parts_an_item_from_what_its_entity_is(store):
    put(store, "same", Fact("item:1", SAME_AS, "a"), Fact("a", SAME_AS, "b", confidence=0.9))
    put(store, "marks", *marks("item:1"))
    assert one_thing(store, "item:1", "a", "b")
    decide(store, "split", "b", "item:1")
    assert one_thing(store, "item:1", "a")
    assert not one_thing(store, "item:1", "b")


def test_split_of_two_items_takes_the_less_sure_link(database):
    with database.writing() as connection:
        statements.put_links(connection, [Link("1", "a")], "links")
    put(database, "derived", Fact("item:2", SAME_AS, "a", confidence=0.9))
    with database.reading() as connection:
        assert resolve_identity(connection, CONFIG).links == [Link("1", "a"), Link("2", "a")]
        assert resolve_identity(connection, CONFIG).canonical == {}
    decide(database, "split", "item:1", "item:2")
    with database.reading() as connection:
        assert resolve_identity(connection, CONFIG).links == [Link("1", "a")]


def test_merge_and_split_take_each_other_back(store):
    decide(store, "split", "a", "b")
    decide(store, "merge", "a", "b")
    assert one_thing(store, "a", "b")
    decide(store, "split", "b", "a")
    assert not one_thing(store, "a", "b")


def test_what_people_merge_goes_before_what_sources_say(store):
    put(store, "same", Fact("a", SAME_AS, "b"), Fact("a", DIFFERENT_FROM, "c"))
    decide(store, "merge", "b", "c")
    assert one_thing(store, "b", "c")
    assert not one_thing(store, "a", "b")


def test_an_unsure_difference_parts_nothing(store):
    put(store, "same", Fact("a", SAME_AS, "b"), Fact("b", DIFFERENT_FROM, "a", confidence=0.2))
    assert one_thing(store, "a", "b")


def test_that_two_are_one_is_rejected_both_ways_round(store):
    put(store, "same", Fact("a", SAME_AS, "b"))
    decide(store, "reject", number(Fact("a", SAME_AS, "b")))
    put(store, "other", Fact("b", SAME_AS, "a"))
    assert not one_thing(store, "a", "b")


def test_identity_may_be_turned_round_and_told_of_one_thing(store):
    same, turned, itself = (Fact(*ends) for ends in (
        ("a", SAME_AS, "b"), ("b", SAME_AS, "a"), ("a", SAME_AS, "a"),
    ))  # fmt: skip
    put(store, "same", same, itself)
    decide(store, "reject", number(itself))
    decide(store, "edit", number(same), turned)
    assert one_thing(store, "a", "b")
    with store.reading() as connection:
        assert resolve_identity(connection, CONFIG).canonical == {"a": "a", "b": "a"}


ENDS = st.sampled_from(["a", "b", "c", "item:1", "item:2"])
SAMENESS = st.builds(
    lambda left, right, sure: Fact(left, SAME_AS, right, confidence=sure),
    ENDS, ENDS, st.sampled_from([0.8, 0.9, 1.0]),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(stated=st.lists(SAMENESS, max_size=8), ends=st.sets(ENDS, min_size=2, max_size=2))
def test_whatever_joins_them_the_last_decision_counts(tmp_path_factory, stated, ends):
    database = Database(tmp_path_factory.mktemp("same") / "tastegraph.db", schema.metadata)
    one, other = sorted(ends)

    def together():
        with database.reading() as connection:
            found = resolve_identity(connection, CONFIG)
        nodes = NodeIndex(["1", "2"], found.links, found.canonical)
        return bool(set(nodes.nodes_of(one)) & set(nodes.nodes_of(other)))

    try:
        put(database, "same", *stated)
        decide(database, "split", one, other)
        assert not together()
        decide(database, "merge", one, other)
        assert together()
    finally:
        database.close()


def test_an_item_is_linked_by_a_merge(store):
    decide(store, "merge", "b", "item:2")
    with store.reading() as connection:
        assert resolve_identity(connection, CONFIG).links == [Link("2", "b")]


# Anything, undone.

FACTS = [SURE, UNSURE, LIKELY, *marks("a", "b")]
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
def test_all_undone_in_any_order_is_as_if_never_done(tmp_path_factory, steps, random):
    database = Database(tmp_path_factory.mktemp("undo") / "tastegraph.db", schema.metadata)
    try:
        fill(database)
        put(database, "same", Fact("a", SAME_AS, "b", confidence=0.9))
        before, graph = rows(database), graph_from_store(database, CONFIG)
        made = []
        for action, *arguments in steps:
            if action in ("accept", "reject"):
                arguments = [number(arguments[0])]
            elif action == "edit":
                old, value = arguments
                arguments = [number(old), decisions.with_object(old, value)]
            try:
                made.append(decide(database, action, *arguments))
            except DecisionError:
                assert action in ("edit", "merge", "split")
        random.shuffle(made)
        for seq in made:
            decide(database, "undo", seq)
        assert rows(database) == before
        same_graph(graph_from_store(database, CONFIG), graph)
    finally:
        database.close()


# Values of which a thing has one.


def born(year, confidence=1.0):
    return Fact("scott", "born", year, literal=True, confidence=confidence)


def years(database, config=CONFIG):
    return [fact.object for fact in known(database, config)]


def test_trust_decides_between_values(database):
    put(database, "good", born("1937"))
    put(database, "poor", born("1938"))
    assert years(
        database, Config(relations=CONFIG.relations, sources=SourcesConfig(trust={"poor": 0.9}))
    )
    trusted = Config(relations=CONFIG.relations, sources=SourcesConfig(trust={"poor": 0.9}))
    assert years(database, trusted) == ["1937"]
    trusted = Config(relations=CONFIG.relations, sources=SourcesConfig(trust={"good": 0.9}))
    assert years(database, trusted) == ["1938"]


def test_then_the_number_of_sources_then_the_newest(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1938"))
    assert years(database) == ["1938"]
    put(database, "one", born("1937"))
    assert years(database) == ["1937"]
    put(database, "three", born("1938"))
    put(database, "one", born("1937"))
    assert years(database) == ["1938"]


def test_several_values_stand_where_a_relation_has_several(database):
    put(database, "one", born("1937"), born("1938"))
    assert sorted(years(database, Config())) == ["1937", "1938"]


def test_what_a_person_affirmed_beats_every_source(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1937"))
    seq = decide(database, "add", born("1940"))
    put(database, "three", born("1937"))
    assert years(database) == ["1940"]
    later = decide(database, "accept", number(born("1937")))
    assert years(database) == ["1937"]
    decide(database, "undo", later)
    decide(database, "undo", seq)
    assert years(database) == ["1937"]


def test_a_source_that_does_not_count_contradicts_nothing(database):
    put(database, "one", born("1937"))
    put(database, schema.FUSION, born("1938"))
    with database.reading() as connection:
        same = resolve_identity(connection, CONFIG)
        found = accepted_facts(connection, CONFIG, same, [schema.FUSION])
        assert [fact.object for _, fact in found] == ["1937"]


def test_contradictions_are_asked_about_until_one_is_affirmed(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1938"))
    asked = {question.fact.object: question for question in ask(database)}
    assert asked["1937"].rivals == ("1938",)
    assert asked["1938"].rivals == ("1937",)
    assert asked["1937"].priority == pytest.approx(4 * 0.5 * 0.5 * log(2))
    decide(database, "accept", number(born("1937")))
    assert ask(database) == []


def test_a_rejected_value_is_no_rival(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1938"))
    decide(database, "reject", number(born("1938")))
    assert ask(database) == []


# The queue.


def test_the_more_uncertain_is_asked_first(store):
    assert [question.fact for question in ask(store)] == [UNSURE, LIKELY]
    first, second = ask(store)
    assert first.priority == pytest.approx(4 * 0.4 * 0.6 * log(2))
    assert second.priority == pytest.approx(4 * 0.9 * 0.1 * log(2))
    assert (first.subject_name, second.subject_name) == ("Aliens", "Brazil")
    assert first.sources == (("films", 0.4),)
    assert [question.fact for question in ask(store, n=1)] == [UNSURE]


def test_the_more_reached_is_asked_first(store):
    with store.writing() as connection:
        seen = [Event(f"e{k}", f"u{k}", "3", "like") for k in range(14)]
        log_of_events.append(connection, seen)
    first, second = ask(store)
    assert (first.fact, second.fact) == (LIKELY, UNSURE)
    # Item 3 itself, and gilliam, one fact away from it.
    assert first.priority == pytest.approx(4 * 0.9 * 0.1 * log(2 + 14 + 14))


def test_an_entity_reaches_the_items_that_are_linked_to_it(database):
    put(database, "films", Fact("a", "genre", "g", confidence=0.6))
    with database.writing() as connection:
        statements.put_links(connection, [Link("1", "a"), Link("1", "b")], "links")
        log_of_events.append(connection, [Event(f"e{k}", "u", "1", "like") for k in range(3)])
    (question,) = ask(database)
    assert question.priority == pytest.approx(4 * 0.6 * 0.4 * log(2 + 3 + 3))


def test_trust_makes_unsure(store):
    config = Config(sources=SourcesConfig(trust={"films": 0.5}))
    asked = {question.fact.object: question.fact.confidence for question in ask(store, config)}
    assert asked["scott"] == 0.5
    assert asked["cameron"] == 0.2


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_what_is_judged_is_not_asked_again_until_undone(store, action):
    seq = decide(store, action, number(UNSURE))
    assert [question.fact for question in ask(store)] == [LIKELY]
    decide(store, "undo", seq)
    assert [question.fact for question in ask(store)] == [UNSURE, LIKELY]


def test_a_question_shows_the_words_it_was_read_from(store):
    span = Span("item:1", 10, 22, "patterns/1")
    gone = Span("item:1", 90, 99, "patterns/1")
    put(store, "patterns", *(
        Fact("item:1", "about", "ridley", confidence=0.5, span=span) for span in (span, gone)
    ), Fact("ridley", "label", "Ridley Scott", literal=True),
       Fact("ridley", "label", "A. Ridley", literal=True, language="de"))  # fmt: skip
    question = next(question for question in ask(store) if question.fact.relation == "about")
    (excerpt,) = question.excerpts
    assert (excerpt.before, excerpt.words) == ("A film by ", "Ridley Scott")
    assert excerpt.after == ", made in 1979."
    assert question.object_name == "Ridley Scott"
