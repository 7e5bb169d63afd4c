"""A store with a few facts, certain and uncertain, and shortcuts to decide on them."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from tastegraph.core.config import Config, RelationConfig
from tastegraph.core.records import Fact, Item
from tastegraph.kg.from_store import accepted_facts, graph_from_store
from tastegraph.kg.identity import resolve_identity
from tastegraph.kg.review import decisions
from tastegraph.kg.review.queue import review_queue
from tastegraph.store import catalogue, provenance, schema, statements

ITEMS = [
    Item("1", "Alien", "A film by Ridley Scott, made in 1979."),
    Item("2", "Aliens", "The sequel."),
    Item("3", "Brazil"),
]
CERTAIN = Fact("item:1", "directed_by", "scott")
UNCERTAIN = Fact("item:2", "directed_by", "cameron", confidence=0.4)
LIKELY = Fact("item:3", "directed_by", "gilliam", confidence=0.9)
CONFIG = Config(relations={"born": RelationConfig(single=True)})


def number(fact):
    """The id of a fact."""
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


def accepted(database, config=CONFIG):
    with database.reading() as connection:
        identity = resolve_identity(connection, config)
        return {fact for _, fact in accepted_facts(connection, config, identity)}


def queue(database, config=CONFIG, n=20):
    with database.reading() as connection:
        return review_queue(connection, config, n)


def are_one_node(database, *ids):
    """Whether the ids are one node of the graph."""
    graph = graph_from_store(database, Config())
    tails = {}
    names = [f"item:{item}" for item in graph.item_ids] + graph.node_ids
    for head, tail in zip(graph.heads, graph.tails, strict=True):
        tails.setdefault(names[tail].removeprefix("mark\x1f"), set()).add(int(head))
    nodes = [tails[f"of {end}"] for end in ids]
    return all(node == nodes[0] for node in nodes)


def marks(*ids):
    return [Fact(end, "mark", f"of {end}", literal=True) for end in ids]


def assert_same_graph(left, right):
    for field in ("item_ids", "node_ids", "labels", "relations"):
        assert getattr(left, field) == getattr(right, field)
    for field in ("heads", "relation", "tails", "facts", "confidence"):
        np.testing.assert_array_equal(getattr(left, field), getattr(right, field))


def fill(database):
    with database.writing() as connection:
        catalogue.put_items(connection, ITEMS)
    put(database, "films", CERTAIN, UNCERTAIN, LIKELY, *marks("a", "b", "c"))
