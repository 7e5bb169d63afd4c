"""Experiments: how often a known winner is told, and a winner where there is none."""
