"""What is known about items, gathered from the store: the graph, and its texts as vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.arrays import CSR
from tastegraph.config import Config
from tastegraph.knowledge.graph import KnowledgeGraph
from tastegraph.knowledge.stored import graph_from_store
from tastegraph.language.encoder import Encoder
from tastegraph.language.texts import item_text
from tastegraph.language.words import word_features
from tastegraph.profiles.interactions import Interactions, interactions
from tastegraph.ranking.learned import Content
from tastegraph.storage import catalogue
from tastegraph.storage import events as log
from tastegraph.storage.database import Database


def encode_texts(
    database: Database, graph: KnowledgeGraph, encoder: Encoder
) -> tuple[NDArray[np.float32], CSR]:
    """float32[n_nodes, t]: items by their text, named nodes with at least two edges by name.

    And the words of the items' texts, float32 CSR[I, V].
    """
    with database.reading() as connection:
        texts = {item.item_id: item_text(item) for item in catalogue.all_items(connection)}
    node_texts = [texts.get(item_id, "") for item_id in graph.item_ids]
    node_texts += [
        label if degree > 1 else ""
        for label, degree in zip(
            graph.labels[graph.n_items :], graph.degrees[graph.n_items :].tolist(), strict=True
        )
    ]
    rows = [row for row, text in enumerate(node_texts) if text]
    vectors = encoder.encode([node_texts[row] for row in rows])
    words = word_features(node_texts[: graph.n_items])
    return _spread(vectors, rows, graph.n_nodes), words


def carried_over(old: Content, graph: KnowledgeGraph) -> Content:
    """``graph`` with the texts that its nodes had before; new ones have none."""
    known = {name: row for row, name in enumerate(_names(old.graph))}
    pairs = [(row, known[name]) for row, name in enumerate(_names(graph)) if name in known]
    rows, there = [row for row, _ in pairs], [place for _, place in pairs]
    n_items = sum(row < graph.n_items for row in rows)
    words = _moved(old.words, rows[:n_items], there[:n_items], graph.n_items)
    return Content(graph, _spread(old.text[there], rows, graph.n_nodes), words)


def interactions_from_store(
    database: Database, graph: KnowledgeGraph, config: Config
) -> Interactions:
    """Every event on an item of ``graph`` that counts for or against it."""
    index = {item_id: row for row, item_id in enumerate(graph.item_ids)}
    with database.reading() as connection:
        return interactions(log.grouped_by_user(connection), index, config.events)


def content_from_store(
    database: Database,
    config: Config,
    encoder: Callable[[], Encoder],
    old: Content | None,
    *,
    graph: bool,
    text: bool,
) -> Content:
    """Graph and texts, each made anew or taken from ``old``.

    Args:
        database: the store.
        config: the workspace's.
        encoder: called only where texts are encoded.
        old: what was built before; needed for what is not made anew.
        graph, text: what is made anew.
    """
    assert old is not None or (graph and text)
    nodes = graph_from_store(database, config) if graph or old is None else old.graph
    if text or old is None:
        return Content(nodes, *encode_texts(database, nodes, encoder()))
    return carried_over(old, nodes)


def _spread(vectors: NDArray[np.float32], rows: list[int], n_nodes: int) -> NDArray[np.float32]:
    text = np.zeros((n_nodes, max(vectors.shape[1], 1)), dtype=np.float32)
    if rows:
        text[rows] = vectors
    return text


def _moved(words: CSR, rows: list[int], there: list[int], n_items: int) -> CSR:
    move = sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, there)), shape=(n_items, words.shape[0])
    )
    return sparse.csr_array(move @ words)


def _names(graph: KnowledgeGraph) -> list[str]:
    return [f"item:{item_id}" for item_id in graph.item_ids] + graph.node_ids
