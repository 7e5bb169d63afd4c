"""How a body of texts writes names: learned by counting, before any relation is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from re import Match

_END = re.compile(
    r"[。！？]+[”’」』]?|\n[^\S\n]*+\n"
    r"|(?<![.!?])[.!?]++[\"'”’)\]]{0,2}(?=\s++[\"'“‘(\[]?[^\W_a-z])"
)
OPENING = 8
_SHORT = re.compile(r"(?:^|[\W_])(?:[^\W\d_]\.)*(?:[^\W\d_]|[A-Z][^\W\d_aeiouy]{1,3})$")


def shortened(before: str) -> bool:
    """Whether what stands ``before`` a full stop ends in an initial or consonants (*F*, *Jr*)."""
    return _SHORT.search(before) is not None


class Sentences:
    """The sentences of ``text``, in order; together they are all of it.

    A full stop ends one where white space and no lower-case letter follow, and no initial or
    abbreviation stands before it (*F. Feist*, *Dr. No*).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.starts = [0]
        for found in _END.finditer(text):
            before = text[max(0, found.start() - 12) : found.start()]
            if found.group().startswith(".") and shortened(before):
                continue
            if found.end() < len(text):
                self.starts.append(found.end())
        self.ends = [*self.starts[1:], len(text)]

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, place: int) -> int:
        """The number of the sentence in which the character ``place`` stands."""
        return bisect_right(self.starts, place) - 1

    def opened_by(self, place: int) -> bool:
        """Whether no letter or digit stands before the character ``place`` in its sentence."""
        start = self.starts[self.at(place)]
        return place - start < OPENING and not any(map(str.isalnum, self._text[start:place]))


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
