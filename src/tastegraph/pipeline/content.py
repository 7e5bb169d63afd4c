"""What is known about items, gathered from the store: the graph, and its texts as vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.learned import ItemFeatures
from tastegraph.pipeline.texts import Texts
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions, interactions
from tastegraph.store import events as log
from tastegraph.store import served_lists
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder
from tastegraph.text.words import word_features


def encoded(
    graph: KnowledgeGraph,
    texts: Texts,
    encoder: Encoder,
    *,
    facts_in_text: bool = False,
    taught: bool = False,
) -> ItemFeatures:
    """``graph`` with its texts as vectors: items by their text, other nodes by their name.

    Args:
        graph: what the texts are about.
        texts: of its nodes.
        encoder: reads them.
        facts_in_text: whether the items' texts tell the facts.
        taught: whether behaviour taught what reads them.
    """
    node_texts = [*texts.items, *texts.labels]
    rows = [row for row, text in enumerate(node_texts) if text]
    vectors = encoder.encode([node_texts[row] for row in rows])
    text = _spread(vectors, rows, graph.n_nodes)
    return ItemFeatures(graph, text, word_features(texts.items), facts_in_text, taught)


def carried_over(old: ItemFeatures, graph: KnowledgeGraph) -> ItemFeatures:
    """``graph`` with the texts that its nodes had before; new ones have none."""
    known = {name: row for row, name in enumerate(_names(old.graph))}
    pairs = [(row, known[name]) for row, name in enumerate(_names(graph)) if name in known]
    rows, there = [row for row, _ in pairs], [place for _, place in pairs]
    n_items = sum(row < graph.n_items for row in rows)
    words = _moved(old.words, rows[:n_items], there[:n_items], graph.n_items)
    text = _spread(old.text[there], rows, graph.n_nodes)
    return ItemFeatures(graph, text, words, old.facts_in_text, old.taught)


def interactions_from_store(
    database: Database, item_ids: Sequence[str], meaning: EventMeaning, known: int | None = None
) -> Interactions:
    """Every event on one of the items that counts for or against it.

    With ``known``, of those alone that the log held at that revision.
    """
    index = {item_id: row for row, item_id in enumerate(item_ids)}
    with database.reading() as connection:
        return interactions(log.grouped_by_user(connection, known), index, meaning)


def unprompted(
    database: Database, item_ids: Sequence[str], meaning: EventMeaning, known: int
) -> Interactions:
    """:func:`interactions_from_store` without what a list prompted that the model itself made.

    What it put first is answered because it is there: such an event speaks for whoever made the
    list. Of its lists the places count that were given to exploration.
    """
    index = {item_id: row for row, item_id in enumerate(item_ids)}
    with database.reading() as connection:
        explored = served_lists.explored(connection)
        events = (
            event
            for event in log.grouped_by_user(connection, known)
            if event.recommendation_id is None
            or (event.recommendation_id, event.item_id) in explored
        )
        return interactions(events, index, meaning)


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
