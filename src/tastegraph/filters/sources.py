"""What a table of columns is made of: attributes of items, and facts of the knowledge graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.config import ColumnConfig
from tastegraph.core.item_columns import attribute_names, derived_title
from tastegraph.core.records import ENTITY
from tastegraph.core.strings import Arrays
from tastegraph.filters.columns import Column, ColumnKey, ColumnKind, pack_columns, typed_column
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.names import entity_name

ITEM_ID, TITLE = "item_id", "title"
"""Names of the columns that every item has."""
_VALUE = "\x1f"
"""In the id of the node of a value, between its relation and the value."""
Kinds = Mapping[ColumnKey, ColumnKind]
Values = Mapping[str, pl.DataFrame]
"""Attribute → a frame with ``row`` (Int32) and ``value`` (String) of each of its values."""


def filter_arrays(items: Iterable[pl.DataFrame], graph: KnowledgeGraph) -> Arrays:
    """What a snapshot holds for filters: the items' columns, and the facts of its graph.

    Args:
        items: frames of the catalogue (:mod:`tastegraph.core.item_columns`).
        graph: whose items are filtered.
    """
    rows = {item_id: row for row, item_id in enumerate(graph.item_ids[: graph.n_listed])}
    titles = [title or item_id for title, item_id in zip(graph.labels, rows, strict=False)]
    named = np.arange(graph.n_listed, dtype=np.int32)
    return pack_columns([
        Column(ColumnKey(ITEM_ID), "id", named, np.zeros(0), list(rows)),
        Column(ColumnKey(TITLE), "name", named, np.zeros(0), titles),
        *attribute_columns(attribute_values(items, rows), {}),
        *fact_columns(graph),
    ])  # fmt: skip


def attribute_columns(values: Values, kinds: Kinds) -> list[Column]:
    """The attributes of items.

    Args:
        values: of :func:`attribute_values`.
        kinds: of columns that are to be read as such; the others are read as what they are.
    """
    return [
        typed_column(key, cells["row"].to_numpy(), cells["value"], kinds.get(key))
        for key, cells in ((ColumnKey(name), cells) for name, cells in values.items())
    ]


def attribute_values(items: Iterable[pl.DataFrame], rows: Mapping[str, int]) -> Values:
    """The values of each attribute, none of them blank.

    Args:
        items: frames; items that ``rows`` lacks are passed over.
        rows: item id → row.
    """
    values: dict[str, list[pl.DataFrame]] = {}
    for frame in items:
        places = pl.Series("row", [rows.get(name, -1) for name in frame[ITEM_ID]], dtype=pl.Int32)
        for name in attribute_names(frame):
            # Series and not expressions: pl.col would take a name such as "*" for a pattern.
            cells = pl.DataFrame([places, frame.get_column(name).alias("value")])
            cells = cells.filter(pl.col("row") >= 0).explode("value").drop_nulls()
            cells = cells.with_columns(pl.col("value").str.strip_chars())
            values.setdefault(name, []).append(cells.filter(pl.col("value") != ""))
    whole = {name: pl.concat(frames) for name, frames in values.items()}
    return {name: cells for name, cells in whole.items() if len(cells)}


def stated_columns(
    values: Values, configured: Mapping[str, ColumnConfig], kinds: Kinds
) -> Iterator[Column]:
    """The facts that attributes state.

    Args:
        values: of :func:`attribute_values`.
        configured: ``[items.facts]``.
        kinds: as of :func:`attribute_columns`.
    """
    for name, column in configured.items():
        if name not in values:
            continue
        key = ColumnKey(column.relation, is_fact=True)
        rows, texts = values[name]["row"].to_numpy(), values[name]["value"]
        if column.literal:
            yield typed_column(key, rows, texts, kinds.get(key))
            continue
        kind = f"{column.entity or column.relation}:"
        names = texts.to_list()
        entities = [kind + text for text in names]
        yield Column(key, "name", rows, np.zeros(0), names)
        yield Column(key, "id", rows, np.zeros(0), entities)


def title_columns(items: Iterable[pl.DataFrame], rows: Mapping[str, int]) -> list[Column]:
    """Ids and titles of items, as :func:`filter_arrays` has them of the graph's."""
    titles = {
        rows[item_id]: (item_id, title or derived_title(text) or item_id)
        for frame in items
        for item_id, title, text in frame.select(ITEM_ID, TITLE, "text").iter_rows()
        if item_id in rows
    }
    places = np.array(list(titles), dtype=np.int32)
    ids, names = ([pair[k] for pair in titles.values()] for k in (0, 1))
    return [
        Column(ColumnKey(ITEM_ID), "id", places, np.zeros(0), ids),
        Column(ColumnKey(TITLE), "name", places, np.zeros(0), names),
    ]


def fact_columns(graph: KnowledgeGraph) -> Iterator[Column]:
    """The relations of items: names and ids of entities, and values, in both directions."""
    heads, tails = graph.heads, graph.tails
    for inverse, item, node in ((False, heads, tails), (True, tails, heads)):
        of_items = np.flatnonzero(item < graph.n_listed)
        order = of_items[np.argsort(graph.relation[of_items], kind="stable")]
        ends = np.searchsorted(graph.relation[order], np.arange(len(graph.relations) + 1))
        for number, name in enumerate(graph.relations):
            edges = order[ends[number] : ends[number + 1]]
            if len(edges):
                key = ColumnKey(name, is_fact=True, inverse=inverse)
                yield from _of_relation(key, item[edges], node[edges], graph)


def _of_relation(
    key: ColumnKey, rows: NDArray[np.int32], nodes: NDArray[np.int32], graph: KnowledgeGraph
) -> Iterator[Column]:
    distinct, place = np.unique(nodes, return_inverse=True)
    ids = [_public_id(graph, node) for node in distinct.tolist()]
    is_value = np.array([_is_value(graph, node) for node in distinct.tolist()])[place]
    if is_value.any():
        texts = pl.Series([ids[k] for k in place[is_value]], dtype=pl.String)
        yield typed_column(key, rows[is_value], texts)
    entities = np.flatnonzero(~is_value)
    if len(entities):
        rows, place = rows[entities], place[entities]
        names = [
            entity_name(graph.labels[node], ids[k]) for k, node in enumerate(distinct.tolist())
        ]
        of_rows = [ids[k] for k in place]
        called = [names[k] for k in place]
        yield Column(key, "name", rows, np.zeros(0), called, entities=of_rows)
        yield Column(key, "id", rows, np.zeros(0), of_rows)


def _is_value(graph: KnowledgeGraph, node: int) -> bool:
    return node >= graph.n_items and _VALUE in graph.node_ids[node - graph.n_items]


def _public_id(graph: KnowledgeGraph, node: int) -> str:
    """The id of an item or entity, or a value itself."""
    if node < graph.n_items:
        return graph.item_ids[node].removeprefix(ENTITY)
    return graph.node_ids[node - graph.n_items].split(_VALUE, 1)[-1]
