"""The review queue is that of the plain computation, which reads every fact."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from math import log1p

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.config import Config, RelationConfig, SourcesConfig
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Event, Fact, Item
from tastegraph.kg.identity import IDENTITY_RELATIONS, resolve_identity
from tastegraph.kg.review.queue import review_queue
from tastegraph.store import catalogue, decision_log, schema, statements
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.schema import USE
from tests.support.review_store import decide, number, put

CONFIG = Config(
    relations={"born": RelationConfig(single=True), "home": RelationConfig(single=True)},
    sources=SourcesConfig(trust={"doubted": 0.5}),
)
ENDS = st.sampled_from(["item:1", "item:2", "1", "3", "a", "b", "c"])
CONFIDENCE = st.sampled_from([0.3, 0.6, 0.95, 1.0, 1.0])
FACTS = st.one_of(
    st.builds(
        lambda head, relation, tail, p: Fact(head, relation, tail, confidence=p),
        ENDS, st.sampled_from(["likes", "home", SAME_AS, DIFFERENT_FROM]), ENDS, CONFIDENCE,
    ),
    st.builds(
        lambda head, value, language, p: Fact(
            head, "born", value, literal=True, language=language, confidence=p
        ),
        ENDS, st.sampled_from(["1937", "1938"]), st.sampled_from(["", "de"]), CONFIDENCE,
    ),
)  # fmt: skip
SOURCES = st.dictionaries(
    st.sampled_from(["one", "two", "doubted", USE]), st.lists(FACTS, max_size=9), max_size=4
)


def plain_queue(connection, config):
    """(fact, priority, rivals, votes) of every candidate, computed from all facts."""
    identity = resolve_identity(connection, config)
    canonical, of_store = identity.canonical_id, identity.item_ids.facts
    judged, votes = decision_log.decided(connection), decision_log.vote_counts(connection)
    everything = list(of_store(statements.all_facts(connection)))
    reach = plain_reach(connection, identity, [fact for _, fact in everything])
    rivals = plain_rivals(everything, canonical, decision_log.affirmed(connection), config)
    rows = []
    stated = statements.all_facts(connection, trust=config.sources.trust, without=[USE])
    for fact_id, fact in of_store(stated):
        p = min(fact.confidence, 1 / (1 + len(rivals.get(fact_id, ()))))
        p = min(p, 0.5) if fact_id in votes else p
        if fact_id not in judged and p < 1:
            ends = (fact.subject,) if fact.literal else (fact.subject, fact.object)
            n_events = sum(reach[canonical(end)] for end in ends)
            n_votes = votes.get(fact_id, 0)
            priority = 4 * p * (1 - p) * log1p(1 + n_events) * (1 + n_votes)
            rows.append((-priority, fact_id, fact, rivals.get(fact_id, ()), n_votes))
    return [(row[2], -row[0], *row[3:]) for row in sorted(rows, key=lambda row: row[:2])]


def plain_reach(connection, identity, stored):
    own, reach = Counter(), Counter()
    entities = defaultdict(set)
    for link in identity.links:
        entities[link.item_id].add(identity.canonical_id(link.entity_id))
    for item_id, count in log.counts_by_item(connection).items():
        for end in {identity.canonical_id(ITEM + item_id)} | entities[item_id]:
            own[end] += count
    reach.update(own)
    for fact in stored:
        if not fact.literal and fact.relation not in IDENTITY_RELATIONS:
            head, tail = (identity.canonical_id(end) for end in (fact.subject, fact.object))
            reach[head] += own[tail]
            reach[tail] += own[head]
    return reach


def plain_rivals(stored, canonical, affirmed, config):
    groups = defaultdict(dict)
    for fact_id, fact in stored:
        if fact.relation in config.relations:
            value = fact.object if fact.literal else canonical(fact.object)
            groups[canonical(fact.subject), fact.relation, fact.language][fact_id] = value
    return {
        fact_id: tuple(sorted(set(values.values()) - {value}))
        for values in groups.values()
        if not affirmed.keys() & values.keys() and len(set(values.values())) > 1
        for fact_id, value in values.items()
    }


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    sources=SOURCES,
    events=st.lists(st.sampled_from(["1", "2", "3", "a"]), max_size=12),
    judged=st.lists(st.tuples(st.sampled_from(["accept", "reject"]), st.integers(0, 99))),
    votes=st.lists(st.integers(0, 99), max_size=3),
)
def test_the_queue_is_that_of_the_plain_computation(
    tmp_path_factory, sources, events, judged, votes
):
    database = Database(tmp_path_factory.mktemp("store") / "store.db", schema.metadata)
    stored = [fact for facts in sources.values() for fact in facts]
    with database.writing() as connection:
        catalogue.put_items(connection, [Item("1", "One"), Item("3", "Three")])
        log.append(connection, [Event(f"e{k}", "u", item) for k, item in enumerate(events)])
    for source, facts in sources.items():
        put(database, source, *facts)
    for action, place in judged if stored else ():
        decide(database, action, number(stored[place % len(stored)]))
    with database.writing() as connection:
        for user, place in enumerate(votes if stored else ()):
            decision_log.vote_against(connection, str(user), number(stored[place % len(stored)]))
    with database.reading() as connection:
        expected = plain_queue(connection, CONFIG)
        tasks = review_queue(connection, CONFIG, n=1000)
        first = review_queue(connection, CONFIG, n=2)
    database.close()
    assert [(task.fact, task.priority, task.rivals, task.votes) for task in tasks] == expected
    assert first == tasks[:2]


def test_review_imports_nothing_that_learns():
    code = "import sys, tastegraph.kg.review.knowledge; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
