"""Relations in words: a few examples of a relation as cues that find its objects in texts."""
