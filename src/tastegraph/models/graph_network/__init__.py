"""The graph network: propagation over the knowledge graph, and attention over a history."""
