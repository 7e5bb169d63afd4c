"""Filters: a small typed language over the attributes of items and the facts about them."""
