"""How a body of texts writes names: learned by counting, before any relation is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tastegraph.extraction.runs import WORD
from tastegraph.extraction.sentences import Sentences

SUPPORT = 3
SHARE = 0.5
_BETWEEN = re.compile(r"(?<=\w) ([^\W\d_]{1,12}) (?=[^\W\d_])")


@dataclass(frozen=True)
class Orthography:
    """What :func:`learn_orthography` counts.

    Attributes:
        particles: words in lower case that join names (*von*) more often than they part them.
        ordinary: words that a sentence's beginning capitalises, and nothing else does.
    """

    particles: frozenset[str] = frozenset()
    ordinary: frozenset[str] = frozenset()

    def trimmed(self, text: str, start: int, end: int, sentences: Sentences) -> tuple[int, int]:
        """A run without an ordinary word that opens its sentence; nothing left: ``(end, end)``."""
        first, _, rest = text[start:end].partition(" ")
        if not sentences.opened_by(start) or first.lower() not in self.ordinary:
            return start, end
        return (start + len(first) + 1, end) if rest else (end, end)


def learn_orthography(
    texts: Iterable[str], names: Iterable[Sequence[tuple[int, int]]]
) -> Orthography:
    """Count in ``texts``, of which ``names`` are the spans of known names, in order."""
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    joins: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for text, spans in zip(texts, names, strict=True):
        sentences = Sentences(text)
        for found in WORD.finditer(text):
            word = found.group()
            if word.islower():
                lower[word] += 1
            elif not sentences.opened_by(found.start()):
                upper[word.lower()] += 1
        inner = [range(*span) for span in spans]
        place = 0
        for found in _BETWEEN.finditer(text):
            word, last = found.group(1), text[: found.start()].rpartition(" ")[2]
            if not (word.islower() and text[found.end()].isupper() and last[:1].isupper()):
                continue
            while place < len(inner) and inner[place].stop <= found.start():
                place += 1
            joined = (
                place < len(inner) and found.start() in inner[place] and found.end() in inner[place]
            )
            (joins if joined else parts)[word] += 1
    return Orthography(
        frozenset(w for w, n in joins.items() if n >= SUPPORT and n >= SHARE * (n + parts[w])),
        frozenset(w for w, n in lower.items() if n > upper[w]),
    )
