"""Quality of the knowledge graph: linking, extraction, fusion."""
