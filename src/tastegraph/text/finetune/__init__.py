"""Teaching a language model the graph and people's behaviour."""
