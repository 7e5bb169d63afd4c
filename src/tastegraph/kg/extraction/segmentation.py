"""Segmentation: sentences of a text, and runs of capitalised words that may be names."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from re import Match

_SENTENCE_END = re.compile(
    r"[。！？]+[”’」』]?|\n[^\S\n]*+\n"
    r"|(?<![.!?])[.!?]++[\"'”’)\]]{0,2}(?=\s++[\"'“‘(\[]?[^\W_a-z])"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\W_])(?:[^\W\d_]\.)*(?:[^\W\d_]|[B-DF-HJ-NP-TV-Z][^\W\d_aeiouy]{1,3})$"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’\-‐‑.][^\W\d_]+)*\.?")
_POSSESSIVE = ("'s", "’s", "'", "’")
ABBREVIATION_WINDOW = 12
"""Characters before a full stop that are searched for an abbreviation."""
MAX_OPENING_LENGTH = 8
"""Characters of punctuation that may stand before the first word of a sentence, at most."""
MIN_PARTICLE_COUNT, MIN_PARTICLE_SHARE = 3, 0.5
"""How often, and in which share of its uses between capitals, a word must join a name."""


def is_abbreviated(before: str) -> bool:
    """Whether the text before a full stop ends in an initial or consonants (*F*, *Jr*)."""
    return _ABBREVIATION.search(before) is not None


class Sentences:
    """The sentences of a text, in order; together they cover all of it.

    A full stop ends a sentence where white space and no lower-case letter follow, and no initial
    or abbreviation stands before it (*F. Feist*, *Dr. No*).

    Attributes:
        starts, ends: positions of the first character of each sentence and of the one after it.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.starts = [0]
        for match in _SENTENCE_END.finditer(text):
            before = text[max(0, match.start() - ABBREVIATION_WINDOW) : match.start()]
            if match.group().startswith(".") and is_abbreviated(before):
                continue
            if match.end() < len(text):
                self.starts.append(match.end())
        self.ends = [*self.starts[1:], len(text)]

    def __len__(self) -> int:
        """Number of sentences."""
        return len(self.starts)

    def number_at(self, position: int) -> int:
        """The number of the sentence that holds the character at ``position``."""
        return bisect_right(self.starts, position) - 1

    def opens_at(self, position: int) -> bool:
        """Whether no letter or digit precedes ``position`` in its sentence."""
        start = self.starts[self.number_at(position)]
        before = self._text[start:position]
        return len(before) < MAX_OPENING_LENGTH and not any(map(str.isalnum, before))


def capitalised_runs(
    text: str, sentences: Sentences, particles: Collection[str]
) -> Iterator[tuple[int, int]]:
    """Spans of capitalised words with one space between them, within one sentence.

    Args:
        text: the text.
        sentences: of the text.
        particles: lower-case words that may be inside a run (*Max von Sydow*).

    Yields:
        Half-open spans of characters, in order.
    """
    start, end, reach = -1, -1, -1
    for match in _WORD.finditer(text):
        first, last = _without_ending(match)
        follows = reach >= 0 and text[reach : match.start()] == " "
        follows = follows and sentences.number_at(start) == sentences.number_at(first)
        if match.group()[0].isupper():
            if start >= 0 and not follows:
                yield start, end
            if start < 0 or not follows:
                start = first
            end, reach = last, last
        elif follows and match.group() in particles:
            reach = match.end()
        elif start >= 0:
            yield start, end
            start, end, reach = -1, -1, -1
    if start >= 0:
        yield start, end


def _without_ending(match: Match[str]) -> tuple[int, int]:
    """The span of a word without a possessive or the full stop of a sentence."""
    word, end = match.group(), match.end()
    for ending in _POSSESSIVE:
        if word.endswith(ending):
            return match.start(), end - len(ending)
    if word.endswith(".") and not is_abbreviated(word[-ABBREVIATION_WINDOW:-1]):
        return match.start(), end - 1
    return match.start(), end


@dataclass(frozen=True)
class Orthography:
    """How a collection of texts capitalises words.

    Attributes:
        particles: lower-case words that join names (*von*) more often than they separate them.
        ordinary: words that are capitalised at the beginning of sentences only.
    """

    particles: frozenset[str] = frozenset()
    ordinary: frozenset[str] = frozenset()

    def trim_run(self, text: str, start: int, end: int, sentences: Sentences) -> tuple[int, int]:
        """Drop an ordinary word at the beginning of a run; ``(end, end)`` if nothing is left."""
        first, _, rest = text[start:end].partition(" ")
        if not sentences.opens_at(start) or first.lower() not in self.ordinary:
            return start, end
        return (start + len(first) + 1, end) if rest else (end, end)


def learn_orthography(
    texts: Iterable[str], names: Iterable[Sequence[tuple[int, int]]]
) -> Orthography:
    """Count how ``texts`` write words.

    Args:
        texts: the collection.
        names: spans of known names in each text, in order.
    """
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    joins: Counter[str] = Counter()
    separates: Counter[str] = Counter()
    for text, spans in zip(texts, names, strict=True):
        sentences = Sentences(text)
        words = list(_WORD.finditer(text))
        for match in words:
            word = match.group().rstrip(".")
            if word.islower():
                lower[word] += 1
            elif not sentences.opens_at(match.start()):
                upper[word.lower()] += 1
        ends = [end for _, end in spans]
        for before, between, after in zip(words, words[1:], words[2:], strict=False):
            if _is_between_capitals(text, before, between, after):
                place = bisect_right(ends, between.start())
                in_name = place < len(spans) and spans[place][0] < between.start()
                (joins if in_name else separates)[between.group()] += 1
    return Orthography(
        frozenset(
            word
            for word, count in joins.items()
            if count >= MIN_PARTICLE_COUNT
            and count >= MIN_PARTICLE_SHARE * (count + separates[word])
        ),
        frozenset(word for word, count in lower.items() if count > upper[word]),
    )


def _is_between_capitals(
    text: str, before: Match[str], between: Match[str], after: Match[str]
) -> bool:
    """Whether a lower-case word stands between capitalised words, with one space on each side."""
    return (
        between.group().islower()
        and before.group()[0].isupper()
        and after.group()[0].isupper()
        and text[before.end() : between.start()] == " " == text[between.end() : after.start()]
    )
