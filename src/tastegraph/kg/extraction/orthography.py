"""How a body of texts writes names: learned by counting, before any relation is."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from re import Match

from tastegraph.kg.extraction.runs import WORD
from tastegraph.kg.extraction.sentences import Sentences

SUPPORT = 3
SHARE = 0.5


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
        words = list(WORD.finditer(text))
        for found in words:
            word = found.group().rstrip(".")
            if word.islower():
                lower[word] += 1
            elif not sentences.opened_by(found.start()):
                upper[word.lower()] += 1
        ends = [end for _, end in spans]
        for before, between, after in zip(words, words[1:], words[2:], strict=False):
            if _parted_by(text, before, between, after):
                place = bisect_right(ends, between.start())
                joined = place < len(spans) and spans[place][0] < between.start()
                (joins if joined else parts)[between.group()] += 1
    return Orthography(
        frozenset(w for w, n in joins.items() if n >= SUPPORT and n >= SHARE * (n + parts[w])),
        frozenset(w for w, n in lower.items() if n > upper[w]),
    )


def _parted_by(text: str, before: Match[str], between: Match[str], after: Match[str]) -> bool:
    """Whether one word in lower case, and a space on either side, part two capitals."""
    return (
        between.group().islower()
        and before.group()[0].isupper()
        and after.group()[0].isupper()
        and text[before.end() : between.start()] == " " == text[between.end() : after.start()]
    )
