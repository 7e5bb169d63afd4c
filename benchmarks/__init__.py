"""Measurements of Tastegraph. Nothing of it ships in the wheel."""
