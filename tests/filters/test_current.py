"""Filters on the store's current attributes, whatever a snapshot's columns were."""

from __future__ import annotations

import numpy as np
import pytest

from tastegraph.core.config import Config
from tastegraph.core.records import Item
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.filters.current import CHANGES, CurrentFields, columns_of_store
from tastegraph.filters.fields import FieldTable
from tastegraph.kg.graph import build_graph
from tastegraph.store import catalogue, erasure
from tastegraph.store.statements import fact_of_row

CONFIG = Config.model_validate({"items": {"facts": {
    "maker": {"relation": "made_by", "entity": "company"},
    "shape": {"relation": "shape"},
    "year": {"relation": "year", "literal": True},
}}})  # fmt: skip


@pytest.fixture
def cars(database):
    """A catalogue of three items in a store, and the columns of a snapshot of it."""
    with database.writing() as connection:
        catalogue.put_items(connection, [
            Item("a", "Alpha", "", {"price": ("10",), "maker": ("Acme",), "shape": ("round",),
                                    "year": ("1999",)}),
            Item("b", "Beta", "", {"price": ("20",), "maker": ("Acme", "Bolt"), "year": ("2005",)}),
            Item("c", "Gamma", "", {"shape": ("square",)}),
        ])  # fmt: skip
    return database


def fields_of(database, graph):
    manifest, arrays = columns_of_store(database, graph)
    table = FieldTable.open(arrays, graph.n_listed)
    number = manifest[CHANGES]
    return CurrentFields(table, number, number, np.zeros(0, dtype=np.int64), FieldTable.of([], 0))


def graph_of(database):
    with database.reading() as connection:
        items = list(catalogue.all_items(connection))
        frames = list(catalogue.stored_frames(connection))
    rows = [row for frame in frames for row in ColumnFacts(CONFIG.items.facts).of(frame).rows()]
    facts = [(k, fact_of_row((k, *row))) for k, row in enumerate(rows)]
    return build_graph(items, [], facts, [], CONFIG)


def ids(database, fields, graph, source):
    rows = {item_id: row for row, item_id in enumerate(graph.item_ids)}
    with database.reading() as connection:
        now = fields.current(connection, rows, CONFIG.items.facts)
    mask = now.matching(now.read(source), graph.n_items)
    return [graph.item_ids[row] for row in np.flatnonzero(mask)]


def test_a_changed_attribute_counts_at_once_and_so_do_the_facts_that_it_states(cars):
    graph = graph_of(cars)
    fields = fields_of(cars, graph)

    def those_with(source):
        return ids(cars, fields, graph, source)

    assert those_with("price < 15") == ["a"]
    assert those_with("made_by = 'company:Acme'") == ["a", "b"]
    assert those_with("year > 2000") == ["b"]
    with cars.writing() as connection:
        catalogue.put_items(connection, [
            Item("a", "Aleph", "", {"price": ("99",), "maker": ("Cog",), "year": ("2010",)}),
            Item("c", "Gamma", "", {"shape": ("round",), "price": ("5",), "colour": ("red",)}),
        ])  # fmt: skip
    assert those_with("price < 15") == ["c"]
    assert those_with("made_by = 'Acme'") == ["b"]
    assert those_with("made_by = 'company:Cog' and made_by = 'COG'") == ["a"]
    assert those_with("shape = 'round'") == ["c"]
    assert those_with("shape = 'square'") == []
    assert those_with("year > 2000") == ["a", "b"]
    assert those_with("colour = 'red'") == ["c"]
    assert those_with("title = 'alpha'") == []
    assert those_with("title = 'aleph' and item_id = 'a'") == ["a"]
    assert those_with("has price") == ["a", "b", "c"]


def test_an_erased_item_leaves_no_trace_in_the_list_of_changes(cars):
    with cars.writing() as connection:
        erasure.erase_item(connection, "b")
        left = connection.exec_driver_sql("SELECT item_id FROM item_changes ORDER BY 1").scalars()
        assert list(left) == ["a", "c"]


def test_an_unchanged_catalogue_is_not_read_again(cars):
    graph = graph_of(cars)
    fields = fields_of(cars, graph)
    with cars.reading() as connection:
        assert fields.current(connection, {}, {}) is fields
