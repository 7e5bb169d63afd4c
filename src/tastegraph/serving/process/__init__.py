"""The processes of a service: those that answer, the one that watches them, and background work."""
