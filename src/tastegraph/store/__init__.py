"""Events, items, facts, decisions and snapshots at rest: SQLite and files."""
