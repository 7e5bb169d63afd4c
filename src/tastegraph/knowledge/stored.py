"""The knowledge graph of what is at rest."""

from __future__ import annotations

from tastegraph.config import Config
from tastegraph.knowledge.graph import KnowledgeGraph, build_graph
from tastegraph.storage import catalogue
from tastegraph.storage import events as log
from tastegraph.storage.database import Database


def graph_from_store(database: Database, config: Config) -> KnowledgeGraph:
    """The knowledge graph over every item of the catalogue and of the events."""
    with database.reading() as connection:
        return build_graph(
            items=catalogue.all_items(connection),
            further_items=log.item_ids(connection),
            facts=catalogue.all_facts(connection),
            links=catalogue.all_links(connection),
            config=config,
        )
