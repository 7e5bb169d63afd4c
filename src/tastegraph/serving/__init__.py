"""Answers from a published snapshot; nothing here imports torch."""
