"""What a language model reads of every node of the graph, and what it may be taught by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tastegraph.core.config import Config
from tastegraph.kg.from_store import known_facts
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.identity import identity
from tastegraph.models.cold import cold_item_holdout
from tastegraph.pipeline.teach import Material
from tastegraph.profiles.association import associate
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.profiles.telling import item_texts
from tastegraph.store import catalogue
from tastegraph.store.database import Database
from tastegraph.text.descriptions import read_descriptions, with_descriptions
from tastegraph.text.texts import ItemText, entity_texts, item_text


@dataclass(frozen=True)
class Texts:
    """Texts of one graph's nodes.

    Attributes:
        items: of each item, what is encoded.
        told: of each item, its text and what the graph says of it; empty where nothing needs it.
        labels: of each other node, its name; empty where it joins nothing or has none.
        entities: descriptions that sources give of entities; likewise.
    """

    items: list[str]
    told: list[ItemText]
    labels: list[str]
    entities: list[ItemText]


def texts_from_store(
    database: Database, graph: KnowledgeGraph, config: Config, directory: Path
) -> Texts:
    """The texts of ``graph``'s nodes.

    Raises:
        NotFoundError: the configured file of descriptions is not there; relative paths start at
            ``directory``.
    """
    with database.reading() as connection:
        items = list(catalogue.all_items(connection))
        entities: list[ItemText] = []
        if "pretraining" in config.teaching.lessons:
            facts = known_facts(connection, config, identity(connection, config))
            entities = list(entity_texts((fact for _, fact in facts), config.graph).values())
    if config.text.descriptions is not None:
        items = list(
            with_descriptions(items, read_descriptions(directory / config.text.descriptions))
        )
    told: list[ItemText] = []
    if config.text.facts or config.teaching.lessons:
        told = item_texts(items, graph, associate(graph), config.relations)
    own = {item.item_id: item_text(item) for item in items}
    return Texts(
        items=(
            [text.text for text in told]
            if config.text.facts
            else [own.get(item_id, "") for item_id in graph.item_ids]
        ),
        told=told,
        labels=joining_labels(graph),
        entities=entities,
    )


def joining_labels(graph: KnowledgeGraph) -> list[str]:
    """Of each node that is no item its name, empty where it joins nothing."""
    labels, degrees = graph.labels[graph.n_items :], graph.degrees[graph.n_items :].tolist()
    return [label if n > 1 else "" for label, n in zip(labels, degrees, strict=True)]


def material(texts: Texts, graph: KnowledgeGraph, events: Interactions, config: Config) -> Material:
    """What the language model may be taught by: of ``events``, the training part alone."""
    training = events.select(assign_splits(events, config.evaluation, config.model.seed) == TRAIN)
    return Material.of(
        texts.told,
        texts.items,
        texts.entities,
        associate(graph).strength,
        training,
        cold_item_holdout(graph.item_ids, config.model.seed),
    )
