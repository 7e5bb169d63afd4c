"""Gorse's routes, under ``/api``: a translation of what the engine and the store do anyway."""
