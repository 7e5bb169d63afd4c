"""Wishes in words: how many are read right, and whether lists move as they ask."""
