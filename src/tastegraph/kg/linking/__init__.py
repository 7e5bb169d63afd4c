"""Entity linking: items or mentions and the graph's entities go in; an entity or none comes out."""
