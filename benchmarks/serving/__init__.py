"""Requests a second and their times, of a running service."""
