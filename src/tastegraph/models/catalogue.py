"""What is known about items, from frames: catalogue, facts and links to a graph with its texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.config import Config, TextConfig
from tastegraph.core.errors import FrameError, TastegraphError
from tastegraph.core.fact_columns import facts_of, links_of
from tastegraph.core.findings import UNKNOWN_ENTITIES, Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.item_columns import items_of
from tastegraph.core.records import ENTITY, Fact, Item, Link
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.data.events import EVENT_ALIASES
from tastegraph.data.frames import (
    FrameReport,
    identifiers,
    library_of,
    read_columns,
    report_unused,
    to_polars,
)
from tastegraph.data.id_checks import MAX_EXAMPLES
from tastegraph.data.items import read_item_frame
from tastegraph.data.mapping.names import COLUMNS
from tastegraph.data.statement_tables import StatementsRead, statements_of_frame
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.item_features import ItemFeatures, encode_nodes, joining_labels
from tastegraph.profiles.item_texts import event_entities
from tastegraph.text.texts import item_text
from tastegraph.text.words import word_features

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → float32[n, d]."""


@dataclass(frozen=True)
class Catalogue:
    """What frames say of items.

    Attributes:
        items: the rows of the frame of items.
        item_ids: ids of all items that are known, with or without such a row.
        facts, links: what is stated of them.
    """

    items: list[Item]
    item_ids: list[str]
    facts: list[Fact]
    links: list[Link]


def columns_of(frame: Any, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Those of ``columns`` that ``frame`` has."""
    if frame is None or not columns or library_of(frame) is None:
        return {}
    names = to_polars(frame, "frame").columns
    return {column: ours for column, ours in columns.items() if column in names}


def read_catalogue(
    items: Any,
    facts: Any,
    links: Any,
    renamed: Sequence[Mapping[str, str]],
    config: Config,
    report: FrameReport,
) -> Catalogue:
    """What the frames of items, facts and links say; each may be ``None``.

    Args:
        items, facts, links: frames.
        renamed: of each, name in the frame → name of ours.
        config: which columns of ``items`` state facts.
        report: gets what was noticed.

    Raises:
        FrameError: a column is missing or of the wrong type, or two items have one id.
        RowError: a row is wrong.
    """
    records: list[Item] = []
    statements: list[Fact] = []
    if items is not None:
        table = to_polars(items, "items").rename(dict(renamed[0]))
        if missing := set(config.items.facts) - set(table.columns):
            raise FrameError(
                f"fact_columns: {sorted(missing)[0]!r} is no column of items; there are "
                f"{', '.join(table.columns)}"
            )
        import_report = ImportReport()
        frame = read_item_frame(table, "items", config, import_report)
        if repeated := len(table) - len(frame):
            raise FrameError(
                f"items: {repeated} rows have an id that others have too: one row for each item "
                "is expected"
            )
        records = list(items_of(frame))
        statements += facts_of(ColumnFacts(config.items.facts).of(frame))
        report.rows["items"] = len(records)
        report.problems += import_report.findings
    if facts is not None:
        statements += facts_of(_statements(facts, "facts", renamed[1], {}, report))
    pairs: list[Link] = []
    if links is not None:
        pairs += links_of(_statements(links, "links", renamed[2], EVENT_ALIASES, report))
    return Catalogue(records, [item.item_id for item in records], statements, pairs)


def _statements(
    frame: Any,
    name: Literal["facts", "links"],
    columns: Mapping[str, str],
    aliases: Mapping[str, str],
    report: FrameReport,
) -> pl.DataFrame:
    """The facts or links of a frame as columns."""
    ours = COLUMNS[name]
    source = read_columns(
        frame, name, ours.known, ours.required, columns, {**aliases, **ours.aliases}
    )
    report.rows[name] = len(source.frame)
    report_unused(source, name, report)
    counts = StatementsRead()
    statements = statements_of_frame(source.frame, name, name, counts)
    if counts.missing:
        line, column, cell = counts.examples[0]
        report.problems.append(
            Finding(
                name,
                source.names[column],
                "missing, left out",
                counts.missing,
                f"row {line - 1}: {cell!r}",
            )
        )
    return statements


def unknown_entities(graph: KnowledgeGraph, events: pl.DataFrame) -> Finding | None:
    """What is to be said of entities that events are on and no fact names.

    Args:
        graph: the graph.
        events: columns of :func:`tastegraph.data.frames.read_events`.
    """
    degrees = graph.degrees[graph.n_listed : graph.n_items].tolist()
    unknown = [name for name, n in zip(graph.entities, degrees, strict=True) if not n]
    if not unknown:
        return None
    rows = events["item_id"].is_in([ENTITY + name for name in unknown])
    return Finding(
        "events", "entity",
        f"{len(unknown):,} of {len(degrees):,} entities are in no fact",
        int(rows.sum()),
        ", ".join(map(repr, unknown[:MAX_EXAMPLES])),
        UNKNOWN_ENTITIES,
    )  # fmt: skip


def item_features(
    graph: KnowledgeGraph,
    catalogue: Catalogue,
    text_vectors: Any,
    encoder: Any,
    config: Config,
) -> ItemFeatures:
    """``graph`` with the texts of its nodes: their words, and as vectors where they can be had.

    Args:
        graph: of the catalogue.
        catalogue: the items with their texts.
        text_vectors: a frame of ``item_id`` and ``vector``, or numbers[n, d] in their order.
        encoder: reads the texts otherwise: a name, a function, or an object with ``encode``.
        config: how much of a text is read.

    Raises:
        FrameError: there is not one vector for each text.
    """
    items = [*catalogue.items, *event_entities(graph)]
    texts = {item.item_id: item_text(item) for item in items}
    item_texts = [texts.get(item_id, "") for item_id in graph.item_ids]
    words = word_features(item_texts)
    if text_vectors is not None:
        order = [item.item_id for item in catalogue.items]
        vectors = _aligned(text_vectors, order, graph.item_ids)
        text = np.zeros((graph.n_nodes, vectors.shape[1]), dtype=np.float32)
        text[: graph.n_items] = vectors
        return ItemFeatures(graph, text, words)
    if encoder is None:
        return ItemFeatures(graph, np.zeros((graph.n_nodes, 1), dtype=np.float32), words)
    encode = partial(_encode, encoder, config)
    return ItemFeatures(
        graph, encode_nodes(graph, item_texts, joining_labels(graph), encode), words
    )


def _aligned(text_vectors: Any, order: list[str], item_ids: list[str]) -> NDArray[np.float32]:
    """float32[I, d], unit rows, in the order of ``item_ids``; 0 for items without a vector."""
    if library_of(text_vectors) is not None:
        table = to_polars(text_vectors, "text_vectors")
        both = ("item_id", "vector")
        source = read_columns(table, "text_vectors", both, both, None, {"embedding": "vector"})
        order = identifiers(source.frame["item_id"], "text_vectors", "item_id").to_list()
        text_vectors = source.frame["vector"].to_list()
    try:
        matrix = np.asarray(text_vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise FrameError(f"text_vectors: one vector for each item is expected: {error}") from None
    if matrix.ndim != 2 or len(matrix) != len(order):
        raise FrameError(
            "text_vectors: a frame of item_id and vector, or one row for each of the "
            f"{len(order)} rows of items, is expected; shape {matrix.shape} found"
        )
    if not np.isfinite(matrix).all():
        raise FrameError("text_vectors: some numbers are not finite")
    row_of = {item_id: row for row, item_id in enumerate(order)}
    known = [(row, row_of[item_id]) for row, item_id in enumerate(item_ids) if item_id in row_of]
    vectors = np.zeros((len(item_ids), matrix.shape[1]), dtype=np.float32)
    vectors[[row for row, _ in known]] = matrix[[place for _, place in known]]
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _encode(encoder: Any, config: Config, texts: list[str]) -> NDArray[np.float32]:
    """float32[n, d], unit rows."""
    if isinstance(encoder, str):
        encoder = _language_model(encoder, config.text)
    encode = getattr(encoder, "encode", encoder)
    if not callable(encode):
        raise FrameError(
            f"encoder: a name, a function of texts, or an object with encode() is expected, "
            f"{type(encoder).__name__} found"
        )
    vectors = np.asarray(encode(texts), dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise FrameError(
            f"encoder: {len(texts)} texts gave an array of shape {vectors.shape}; one vector for "
            "each is expected"
        )
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _language_model(name: str, config: TextConfig) -> Any:
    """The encoder of that name, its vectors kept in the cache of this machine."""
    if find_spec("torch") is None:
        raise TastegraphError("a language model needs torch: pip install 'tastegraph[train]'")
    from tastegraph.text.encoder import Encoder, shared_cache
    from tastegraph.text.folders import find_model

    return Encoder(
        find_model(name, Path()), config.max_tokens, shared_cache(), reading=config.reading
    )
