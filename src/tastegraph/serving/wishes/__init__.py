"""Wishes: what a user asks of a list in words, as chips that can be seen, edited and undone."""
