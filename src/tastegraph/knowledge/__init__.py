"""Facts to graph."""
