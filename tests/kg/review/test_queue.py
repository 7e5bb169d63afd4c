"""The review queue: uncertain, contradicting and often used facts first."""

from math import log

import pytest

from tastegraph.core.config import Config, SourcesConfig
from tastegraph.core.records import Event, Fact, Link, Span
from tastegraph.store import events as log_of_events
from tastegraph.store import statements
from tests.support.review_store import (
    LIKELY,
    UNCERTAIN,
    decide,
    number,
    put,
    queue,
)


def born(year, confidence=1.0):
    return Fact("scott", "born", year, literal=True, confidence=confidence)


def test_contradictions_are_queued_until_one_is_affirmed(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1938"))
    tasks = {task.fact.object: task for task in queue(database)}
    assert tasks["1937"].rivals == ("1938",)
    assert tasks["1938"].rivals == ("1937",)
    assert tasks["1937"].priority == pytest.approx(4 * 0.5 * 0.5 * log(2))
    decide(database, "accept", number(born("1937")))
    assert queue(database) == []


def test_a_rejected_value_is_no_rival(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1938"))
    decide(database, "reject", number(born("1938")))
    assert queue(database) == []


def test_the_most_uncertain_fact_is_first(store):
    assert [task.fact for task in queue(store)] == [UNCERTAIN, LIKELY]
    first, second = queue(store)
    assert first.priority == pytest.approx(4 * 0.4 * 0.6 * log(2))
    assert second.priority == pytest.approx(4 * 0.9 * 0.1 * log(2))
    assert (first.subject_name, second.subject_name) == ("Aliens", "Brazil")
    assert first.sources == (("films", 0.4),)
    assert [task.fact for task in queue(store, n=1)] == [UNCERTAIN]


def test_the_fact_with_more_events_is_first(store):
    with store.writing() as connection:
        seen = [Event(f"e{k}", f"u{k}", "3", "like") for k in range(14)]
        log_of_events.append(connection, seen)
    first, second = queue(store)
    assert (first.fact, second.fact) == (LIKELY, UNCERTAIN)
    # Item 3 itself, and gilliam, one fact away from it.
    assert first.priority == pytest.approx(4 * 0.9 * 0.1 * log(2 + 14 + 14))


def test_an_entity_has_the_events_of_its_items(database):
    put(database, "films", Fact("a", "genre", "g", confidence=0.6))
    with database.writing() as connection:
        statements.put_links(connection, [Link("1", "a"), Link("1", "b")], "links")
        log_of_events.append(connection, [Event(f"e{k}", "u", "1", "like") for k in range(3)])
    (task,) = queue(database)
    assert task.priority == pytest.approx(4 * 0.6 * 0.4 * log(2 + 3 + 3))


def test_a_distrusted_source_makes_facts_uncertain(store):
    config = Config(sources=SourcesConfig(trust={"films": 0.5}))
    confidence = {task.fact.object: task.fact.confidence for task in queue(store, config)}
    assert confidence["scott"] == 0.5
    assert confidence["cameron"] == 0.2


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_a_decided_fact_is_queued_again_after_undo(store, action):
    seq = decide(store, action, number(UNCERTAIN))
    assert [task.fact for task in queue(store)] == [LIKELY]
    decide(store, "undo", seq)
    assert [task.fact for task in queue(store)] == [UNCERTAIN, LIKELY]


def test_a_task_shows_the_words_it_was_read_from(store):
    span = Span("item:1", 10, 22, "patterns/1")
    outside = Span("item:1", 90, 99, "patterns/1")
    put(store, "patterns", *(
        Fact("item:1", "about", "ridley", confidence=0.5, span=span) for span in (span, outside)
    ), Fact("ridley", "label", "Ridley Scott", literal=True),
       Fact("ridley", "label", "A. Ridley", literal=True, language="de"))  # fmt: skip
    task = next(task for task in queue(store) if task.fact.relation == "about")
    (excerpt,) = task.excerpts
    assert (excerpt.before, excerpt.words) == ("A film by ", "Ridley Scott")
    assert excerpt.after == ", made in 1979."
    assert task.object_name == "Ridley Scott"
