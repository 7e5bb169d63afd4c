"""Tables of many formats as columns: how files are written, and their rows in batches."""
