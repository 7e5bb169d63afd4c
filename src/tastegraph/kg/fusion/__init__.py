"""Which entities of several sources, or of one, are the same thing."""
