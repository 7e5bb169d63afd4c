"""Features of items for a build: the texts of the graph's nodes, and their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config
from tastegraph.kg.from_store import accepted_facts
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.identity import resolve_identity
from tastegraph.models.item_features import (
    ItemFeatures,
    encode_nodes,
    joining_labels,
    scattered_rows,
)
from tastegraph.profiles.association import Associations
from tastegraph.profiles.item_texts import event_entities, item_texts
from tastegraph.store import catalogue
from tastegraph.store.database import Database
from tastegraph.text.descriptions import read_descriptions, with_descriptions
from tastegraph.text.encoder import Encoder
from tastegraph.text.texts import ItemText, entity_texts, item_text
from tastegraph.text.words import words_and_vocabulary


@dataclass(frozen=True)
class NodeTexts:
    """Texts of the nodes of one graph, and what its items are tied to.

    Attributes:
        associations: of the graph.
        items: of each item the text that is encoded.
        facts_in_text: of each item its text with its facts in words; empty where nothing needs it.
        labels: of each other node its label; empty where it joins at most one edge or has none.
        entities: descriptions of entities by sources; empty where nothing needs them.
    """

    associations: Associations
    items: list[str]
    facts_in_text: list[ItemText]
    labels: list[str]
    entities: list[ItemText]


def node_texts(
    database: Database,
    graph: KnowledgeGraph,
    associations: Associations,
    config: Config,
    directory: Path,
) -> NodeTexts:
    """The texts of the nodes of ``graph``, from the store.

    Args:
        database: of the workspace.
        graph: its graph.
        associations: of the graph.
        config: its configuration.
        directory: folder that a relative path of the file of descriptions starts at.

    Raises:
        NotFoundError: the configured file of descriptions does not exist.
    """
    with database.reading() as connection:
        items = list(catalogue.all_items(connection))
        entities: list[ItemText] = []
        if "pretraining" in config.finetuning.objectives:
            facts = accepted_facts(connection, config, resolve_identity(connection, config))
            entities = list(entity_texts((fact for _, fact in facts), config.graph).values())
    if config.text.descriptions is not None:
        items = list(
            with_descriptions(items, read_descriptions(directory / config.text.descriptions))
        )
    items += event_entities(graph)
    facts_in_text: list[ItemText] = []
    if config.text.facts or config.finetuning.objectives:
        facts_in_text = item_texts(items, graph, associations, config.relations)
    plain = {item.item_id: item_text(item) for item in items}
    return NodeTexts(
        associations=associations,
        items=(
            [text.text for text in facts_in_text]
            if config.text.facts
            else [plain.get(item_id, "") for item_id in graph.item_ids]
        ),
        facts_in_text=facts_in_text,
        labels=joining_labels(graph),
        entities=entities,
    )


def encode_item_features(
    graph: KnowledgeGraph,
    texts: NodeTexts,
    encoder: Encoder,
    *,
    facts_in_text: bool = False,
    finetuned: bool = False,
) -> ItemFeatures:
    """``graph`` with a vector for each text: of items their text, of other nodes their label.

    Args:
        graph: the graph.
        texts: of its nodes.
        encoder: encodes them.
        facts_in_text: whether the items' texts contain their facts.
        finetuned: whether the encoder was fine-tuned on behaviour.
    """
    text = encode_nodes(graph, texts.items, texts.labels, encoder.encode)
    words, vocabulary = words_and_vocabulary(texts.items)
    return ItemFeatures(
        graph, text, words, facts_in_text, finetuned, texts.associations, vocabulary=vocabulary
    )


def carry_over_texts(previous: ItemFeatures, graph: KnowledgeGraph) -> ItemFeatures:
    """``graph`` with the vectors that its nodes had in ``previous``; new nodes have none."""
    previous_rows = {name: row for row, name in enumerate(_node_names(previous.graph))}
    pairs = [
        (row, previous_rows[name])
        for row, name in enumerate(_node_names(graph))
        if name in previous_rows
    ]
    rows, sources = [row for row, _ in pairs], [source for _, source in pairs]
    n_items = sum(row < graph.n_items for row in rows)
    words = _moved_rows(previous.words, sources[:n_items], rows[:n_items], graph.n_items)
    text = scattered_rows(previous.text[sources], rows, graph.n_nodes)
    flags = previous.facts_in_text, previous.finetuned
    return ItemFeatures(graph, text, words, *flags, vocabulary=previous.vocabulary)


def _moved_rows(matrix: CSR, sources: list[int], rows: list[int], n_rows: int) -> CSR:
    """CSR[n_rows, d]: row ``sources[k]`` of ``matrix`` in row ``rows[k]``, zeros elsewhere."""
    ones = np.ones(len(rows), dtype=np.float32)
    move = sparse.csr_array((ones, (rows, sources)), shape=(n_rows, matrix.shape[0]))
    return sparse.csr_array(move @ matrix)


def _node_names(graph: KnowledgeGraph) -> list[str]:
    items = [f"item:{item_id}" for item_id in graph.item_ids[: graph.n_listed]]
    return items + graph.entities + graph.node_ids
