"""Capitalised runs: where a text may name something that no list holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tastegraph.kg.extraction.sentences import Sentences, shortened

WORD = re.compile(r"[^\W\d_]+(?:['’\-‐‑.][^\W\d_]+)*\.?")
MEMORY = 12
_POSSESSIVE = ("'s", "’s", "'", "’")


def capitalised_runs(
    text: str, sentences: Sentences, particles: Collection[str]
) -> Iterator[tuple[int, int]]:
    """Spans of words that begin with a capital, one space between them, within one sentence.

    Args:
        particles: words in lower case that may stand inside a run (*Max von Sydow*).
    """
    start, end, reach = -1, -1, -1
    for found in WORD.finditer(text):
        first, last = _trimmed(found)
        follows = reach >= 0 and text[reach : found.start()] == " "
        follows = follows and sentences.at(start) == sentences.at(first)
        if found.group()[0].isupper():
            if start >= 0 and not follows:
                yield start, end
            if start < 0 or not follows:
                start = first
            end, reach = last, last
        elif follows and found.group() in particles:
            reach = found.end()
        elif start >= 0:
            yield start, end
            start, end, reach = -1, -1, -1
    if start >= 0:
        yield start, end


def _trimmed(found: re.Match[str]) -> tuple[int, int]:
    """Without a possessive, and without a full stop after what is no initial or abbreviation."""
    word, end = found.group(), found.end()
    for ending in _POSSESSIVE:
        if word.endswith(ending):
            return found.start(), end - len(ending)
    if word.endswith(".") and not shortened(word[-MEMORY:-1]):
        return found.start(), end - 1
    return found.start(), end
