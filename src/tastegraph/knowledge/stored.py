"""The knowledge graph of what is at rest."""

from __future__ import annotations

from tastegraph.config import Config
from tastegraph.knowledge.graph import KnowledgeGraph, build_graph
from tastegraph.knowledge.known import identity, known_facts
from tastegraph.storage import catalogue
from tastegraph.storage import events as log
from tastegraph.storage.database import Database


def graph_from_store(database: Database, config: Config) -> KnowledgeGraph:
    """The knowledge graph over every item of the catalogue and of the events."""
    with database.reading() as connection:
        same = identity(connection, config)
        return build_graph(
            items=catalogue.all_items(connection),
            further_items=log.item_ids(connection),
            facts=known_facts(connection, config, same),
            links=same.links,
            config=config,
            same=same.same,
        )
