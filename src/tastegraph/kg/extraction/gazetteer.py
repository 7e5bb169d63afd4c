"""Mentions: where a text names what the graph knows by that name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick, MatchKind

from tastegraph.kg.extraction.folding import fold, fold_names
from tastegraph.kg.extraction.near import NearNames
from tastegraph.kg.extraction.runs import capitalised_runs
from tastegraph.kg.extraction.sentences import Sentences
from tastegraph.kg.linking.names import normalised

UNSURE = 0.5
"""Score of one word that its place in the sentence capitalises anyway."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text.

    Attributes:
        start, end: characters of the text, half-open.
        entities: ids of all that have this name, in the order given; never empty.
        score: in (0, 1]; 1 where the words are the name.
    """

    start: int
    end: int
    entities: tuple[str, ...]
    score: float


@dataclass(slots=True)
class _Name:
    entities: dict[str, None] = field(default_factory=dict)
    capitals: tuple[bool, bool] = (True, True)
    punctuation: set[str] = field(default_factory=set)


class Gazetteer:
    """Names and whose they are.

    Exact mentions are found by one automaton (Aho & Corasick 1975), longest first, whole words in
    scripts that put spaces between words. A name that begins or ends with a capitalised word is
    found only where the text capitalises it too: *Crash* is a film, a crash is none. Near mentions
    (one typo, a missing or shortened first or middle name) are looked for where a run of
    capitalised words holds no exact one.

    Args:
        names: (name, entity id); a name that has no letter or digit is left out.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        known: dict[str, _Name] = {}
        for name, entity in names:
            if key := normalised(name):
                kept = known.setdefault(key, _Name())
                kept.entities[entity] = None
                first, last = _capitals(name)
                kept.capitals = (kept.capitals[0] and first, kept.capitals[1] and last)
                kept.punctuation |= _punctuation(name)
        self._known = list(known.values())
        self._entities = [tuple(name.entities) for name in self._known]
        self._keys = list(known)
        self._place = {key: place for place, key in enumerate(self._keys)}
        patterns = fold_names(self._keys) if self._keys else []
        self._automaton = AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
        self._near = NearNames(self._keys)

    def named(self, name: str) -> tuple[str, ...]:
        """Ids of all that are called ``name``; empty where nothing is."""
        place = self._place.get(normalised(name))
        return () if place is None else self._entities[place]

    def find(self, text: str) -> list[Mention]:
        """All mentions, in the order of the text; no two overlap."""
        sentences = Sentences(text)
        exact = list(self._exact(text, sentences))
        near = self._fuzzy(text, sentences, exact)
        return sorted([*exact, *near], key=lambda mention: mention.start)

    def _exact(self, text: str, sentences: Sentences) -> Iterator[Mention]:
        folded = fold(text)
        for place, first, last in self._automaton.find_matches_as_indexes(folded.text):
            start, end = folded.span(first, last)
            name, words = self._known[place], text[start:end]
            if sentences.at(start) != sentences.at(end - 1):
                continue
            if not _punctuation(words) <= name.punctuation:
                continue
            capitals = _capitals(words)
            if any(asked and not has for asked, has in zip(name.capitals, capitals, strict=True)):
                continue
            one_word = name.capitals[0] and " " not in self._keys[place]
            doubtful = one_word and sentences.opened_by(start)
            yield Mention(start, end, self._entities[place], UNSURE if doubtful else 1.0)

    def _fuzzy(self, text: str, sentences: Sentences, exact: list[Mention]) -> Iterator[Mention]:
        ends = [mention.end for mention in exact]
        for start, end in capitalised_runs(text, sentences, ()):
            later = bisect_right(ends, start)
            if later < len(exact) and exact[later].start < end:
                continue
            near = self._near.of(normalised(text[start:end]))
            if near is not None:
                place, score = near
                yield Mention(start, end, self._entities[place], score)


def _capitals(words: str) -> tuple[bool, bool]:
    """Whether the first and the last word begin with a capital."""
    parts = words.split()
    return _capital(parts[0]), _capital(parts[-1])


def _capital(word: str) -> bool:
    letters = [c for c in word if c.isalnum()]
    return bool(letters) and (letters[0].isupper() or letters[0].istitle())


def _punctuation(words: str) -> set[str]:
    """What parts words more than a space, a hyphen, an apostrophe or a full stop does."""
    return {c for c in words if c in ',;:!?()[]{}"“”/|\n，。、；：！？（）《》'}
