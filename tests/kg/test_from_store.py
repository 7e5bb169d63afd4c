"""Accepted facts: which of several values of a single-valued relation holds."""

from tastegraph.core.config import Config, SourcesConfig
from tastegraph.core.records import Fact
from tastegraph.kg.from_store import accepted_facts
from tastegraph.kg.identity import resolve_identity
from tastegraph.store import schema
from tests.support.review_store import (
    CONFIG,
    accepted,
    decide,
    number,
    put,
)


def born(year, confidence=1.0):
    return Fact("scott", "born", year, literal=True, confidence=confidence)


def years(database, config=CONFIG):
    return [fact.object for fact in accepted(database, config)]


def test_the_more_trusted_value_is_accepted(database):
    put(database, "good", born("1937"))
    put(database, "poor", born("1938"))
    assert years(
        database, Config(relations=CONFIG.relations, sources=SourcesConfig(trust={"poor": 0.9}))
    )
    trusted = Config(relations=CONFIG.relations, sources=SourcesConfig(trust={"poor": 0.9}))
    assert years(database, trusted) == ["1937"]
    trusted = Config(relations=CONFIG.relations, sources=SourcesConfig(trust={"good": 0.9}))
    assert years(database, trusted) == ["1938"]


def test_equal_confidence_is_decided_by_sources_then_import_time(database):
    put(database, "one", born("1937"))
    put(database, "two", born("1938"))
    assert years(database) == ["1938"]
    put(database, "one", born("1937"))
    assert years(database) == ["1937"]
    put(database, "three", born("1938"))
    put(database, "one", born("1937"))
    assert years(database) == ["1938"]


def test_a_relation_with_several_values_has_no_contradictions(database):
    put(database, "one", born("1937"), born("1938"))
    assert sorted(years(database, Config())) == ["1937", "1938"]


def test_an_affirmed_value_overrules_every_source(database):
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


def test_an_ignored_source_contradicts_nothing(database):
    put(database, "one", born("1937"))
    put(database, schema.FUSION, born("1938"))
    with database.reading() as connection:
        identity = resolve_identity(connection, CONFIG)
        accepted = accepted_facts(connection, CONFIG, identity, [schema.FUSION])
        assert [fact.object for _, fact in accepted] == ["1937"]
