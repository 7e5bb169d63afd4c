"""Rows and snapshots at rest."""
