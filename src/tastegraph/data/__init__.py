"""Files in the formats people have, read as the records of :mod:`tastegraph.core.records`."""
