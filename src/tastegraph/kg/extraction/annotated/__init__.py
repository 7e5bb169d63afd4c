"""Annotated sentences: facts between any two names of a text, learned from sentences with facts."""
