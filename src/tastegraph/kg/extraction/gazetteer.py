"""Mentions: where a text names what the graph knows by that name."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick, MatchKind
from rapidfuzz.distance import OSA

from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.extraction.folding import fold, fold_names
from tastegraph.kg.extraction.segmentation import Sentences, capitalised_runs
from tastegraph.kg.names import normalised

CROWD = 500
"""A block of more names than this is passed over: among so many, one letter tells nothing apart."""
LEAST = 6
SHORTENED = 0.8
LEFT_OUT = 0.9


class NearNames:
    """Names of two words or more, by their first or last word and a letter of the other.

    Args:
        keys: normalised names; what :meth:`of` tells are places in it.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.split() for key in keys]
        self._blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, words in enumerate(self._keys):
            for block in _blocks(words):
                self._blocks[block].append(place)

    def of(self, key: str) -> tuple[int, float] | None:
        """Place and score of the one name nearest to ``key``; ``None``: there is none, or a tie."""
        words = key.split()
        best: dict[int, float] = {}
        for block in _blocks(words):
            places = self._blocks.get(block, ())
            if len(places) <= CROWD:
                for place in places:
                    if score := _likeness(words, self._keys[place]):
                        best[place] = score
        if not best:
            return None
        top = max(best.values())
        nearest = [place for place, score in best.items() if score == top]
        return (nearest[0], top) if len(nearest) == 1 else None


def _blocks(words: list[str]) -> Iterator[tuple[str, str]]:
    if len(words) > 1:
        yield words[0][0], words[-1]
        yield words[0], f"{words[-1][0]}…"


def _likeness(one: list[str], other: list[str]) -> float:
    """How sure the two are one name, in [0, 1]; 0 where nothing speaks for it."""
    a, b = " ".join(one), " ".join(other)
    if min(len(a), len(b)) >= LEAST and OSA.distance(a, b, score_cutoff=1) <= 1:
        return 1 - 1 / len(b)
    if one[-1] != other[-1] or not _agree(one[0], other[0]):
        return 0.0
    shorter, longer = sorted((one[1:-1], other[1:-1]), key=len)
    if shorter and (len(shorter) != len(longer) or not all(map(_agree, shorter, longer))):
        return 0.0
    if not shorter and any(len(word) > 1 for word in longer):
        return 0.0
    return LEFT_OUT if one[0] == other[0] else SHORTENED


def _agree(one: str, other: str) -> bool:
    """Whether the words are equal, or one is the initial of the other."""
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


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


NAMED = "name:"
"""Prefix of the id of an entity of which only the name is known."""


def id_of(name: str) -> str:
    """The id of an entity of which only the name is known: all who bear it share it."""
    return NAMED + normalised(name)


class Resolution:
    """Finds the entity that a name means.

    A name that several bear means none of them: who is meant is for a linker to say.

    Args:
        names: entity id → its labels and aliases.
    """

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._bearers: dict[str, set[str]] = {}
        for entity, told in names.items():
            for name in told:
                self._bearers.setdefault(normalised(name), set()).add(entity)
        self._new: dict[str, str] = {}

    def of(self, name: str) -> str | None:
        """The entity, known or new; ``None`` where the name is nobody's or several one's."""
        key = normalised(name)
        bearers = self._bearers.get(key, set())
        if len(bearers) == 1:
            return next(iter(bearers))
        if bearers or not key:
            return None
        self._new.setdefault(id_of(name), name)
        return id_of(name)

    def labels(self) -> Iterator[Fact]:
        """What the new entities are called."""
        for entity, name in self._new.items():
            yield Fact(entity, LABEL, name, literal=True)
