"""Which entity a name means: candidates, and how sure one of them is."""
