"""Entity fusion: profiles of the entities of one or two sources go in; matches come out.

The steps, a file each: profiles, blocking, comparison (with name similarity and attributes),
Fellegi-Sunter probabilities, and matching.
"""
