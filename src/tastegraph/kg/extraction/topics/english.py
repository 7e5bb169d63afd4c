"""Phrases of English texts: runs of nouns and adjectives, and names.

Parts of speech come from the lexicon; what a word between them is, its neighbours tell: *the plan*
is a noun, *they plan a robbery* is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tastegraph.kg.extraction.segmentation import Sentences, capitalised_runs
from tastegraph.kg.extraction.topics.english_words import (
    CALENDAR_WORDS,
    CLAUSE_STARTERS,
    DETERMINERS,
    FUNCTION_WORDS,
    GENERAL_ADJECTIVES,
    GENERAL_NOUNS,
    GIVEN_NAMES,
    NAME_PARTICLES,
    PREPOSITIONS,
)
from tastegraph.kg.extraction.topics.lexicon import (
    ADJECTIVE,
    ADVERB,
    NOUN,
    VERB,
    EnglishLexicon,
    english_lexicon,
)
from tastegraph.kg.extraction.topics.occurrences import Kind, Occurrence, TopicReading
from tastegraph.kg.names import normalize_name

MAX_WORDS = 4
"""Words of a phrase, at most."""
MIN_WORD_LENGTH, MAX_WORD_LENGTH = 3, 40
"""Characters of a single word that may be a topic."""
MAX_NAME_WORDS = 6
"""Words of a name, at most."""
MIN_TITLE_CASE, MIN_TITLE_WORDS = 0.8, 3
"""Share of capitalised common words, and their number, from which a sentence is like a title."""
MIN_ENGLISH, MAX_UNKNOWN = 0.6, 2
"""Share of words that the lexicon must have for a text to be English, and how many of a short text
it may lack."""

_WORD = re.compile(r"[^\W\d_]+(?:['’\-‐‑][^\W\d_]+)*|\d\w*|[^\w\s]|_")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_DECADE = re.compile(r"\d{3}0s")
_ROMAN = re.compile(r"[ivx]+")
_POSSESSIVE = ("'s", "’s")
_OBJECTS = frozenset(("to", "it", "him", "her", "them", "himself", "herself", "back", "away"))
_PARTICIPLES = ("ed", "ing")


class LexiconWord(NamedTuple):
    """A word of a sentence.

    Attributes:
        start, end: half-open span of characters, without a possessive ending.
        lower: in lower case.
        parts: its parts of speech, as bits; 0 for a function word, number or punctuation mark.
        possessive: whether *'s* follows.
        in_name: whether a run of capitalised words has it.
    """

    start: int
    end: int
    lower: str
    parts: int
    possessive: bool
    in_name: bool


class _Sentence(NamedTuple):
    """A sentence.

    Attributes:
        tokens: its words and punctuation marks.
        runs: half-open spans of its runs of capitalised words.
        opening: where its first word begins.
    """

    tokens: list[re.Match[str]]
    runs: list[tuple[int, int]]
    opening: int


class EnglishReader:
    """Lists the phrases and names of English texts.

    Raises:
        TastegraphError: the lexicon cannot be read.
    """

    def __init__(self) -> None:
        self._lexicon: EnglishLexicon = english_lexicon()
        self._parts = lru_cache(maxsize=100_000)(self._parts_of_speech)
        self._normal = lru_cache(maxsize=100_000)(normalize_name)

    def is_english(self, text: str) -> bool:
        """Whether the lexicon has most words of ``text``."""
        words = [_lower(m.group()) for m in _WORD.finditer(text[:1000]) if m.group()[0].isalpha()]
        known = sum(word in FUNCTION_WORDS or self._parts(word) != 0 for word in words)
        return known >= MIN_ENGLISH * len(words) or 0 < known >= len(words) - MAX_UNKNOWN

    def read(self, text: str, is_title: bool = False) -> Iterator[Occurrence]:
        """The phrases and names of ``text``; phrases may lie within longer ones.

        In a title, where any word may have a capital, names are phrases.
        """
        for sentence in self._sentences(text):
            spans: list[tuple[int, int]] = []
            if not is_title and not self._is_title_case(sentence.tokens):
                for run in sentence.runs:
                    yield from self._names_of(text, run, sentence.opening)
                    spans.append(self._without_ordinary_opening(text, run, sentence.opening))
            yield from self._phrases(text, self._words(sentence.tokens, spans), is_title)

    def names(self, text: str) -> Iterator[Occurrence]:
        """The names of a text in another language that capitalises names."""
        for sentence in self._sentences(text):
            for run in sentence.runs:
                yield from self._names_of(text, run, sentence.opening)

    def _sentences(self, text: str) -> Iterator[_Sentence]:
        sentences = Sentences(text)
        runs = list(capitalised_runs(text, sentences, NAME_PARTICLES))
        place = 0
        for start, end in zip(sentences.starts, sentences.ends, strict=True):
            tokens = list(_WORD.finditer(text, start, end))
            inside = []
            while place < len(runs) and runs[place][0] < end:
                inside.append(runs[place])
                place += 1
            words = (token.start() for token in tokens if token.group()[0].isalnum())
            yield _Sentence(tokens, inside, next(words, end))

    def _is_title_case(self, tokens: list[re.Match[str]]) -> bool:
        """Whether capitals tell nothing, since most common words have one too."""
        words = [token.group() for token in tokens[1:] if token.group()[0].isalpha()]
        common = [word for word in words if self._parts(_lower(word))]
        if len(common) < MIN_TITLE_WORDS:
            return False
        return sum(word[0].isupper() for word in common) >= MIN_TITLE_CASE * len(common)

    def _without_ordinary_opening(
        self, text: str, run: tuple[int, int], opening: int
    ) -> tuple[int, int]:
        """The part of a run that is a name; the first word of a sentence has a capital anyway."""
        start, end = run
        first, _, _ = text[start:end].partition(" ")
        if start == opening and self._is_ordinary(_lower(first)):
            start = min(start + len(first) + 1, end)
        word = text[start:end]
        if " " not in word and self._parts(_lower(word)) & NOUN:
            return end, end  # A common noun with a capital: the Museum.
        return start, end

    def _is_ordinary(self, lower: str) -> bool:
        return lower in FUNCTION_WORDS or self._lexicon.parts_of_speech(lower) != 0

    def _names_of(self, text: str, run: tuple[int, int], opening: int) -> Iterator[Occurrence]:
        start, end = run
        words = text[start:end].split(" ")
        while words and (words[-1].lower() in NAME_PARTICLES or words[-1] == "I"):
            end -= len(words.pop()) + 1
        if words and self._without_ordinary_opening(text, run, opening)[0] > start:
            if words[0].lower() not in FUNCTION_WORDS and len(words) > 1:
                yield from self._name(text, start, end, words, TopicReading.UNSURE)
            start, words = start + len(words[0]) + 1, words[1:]
        while words and words[0].lower() in FUNCTION_WORDS:
            start, words = start + len(words[0]) + 1, words[1:]
        yield from self._name(text, start, end, words, TopicReading.YES)

    def _name(
        self, text: str, start: int, end: int, words: list[str], reading: TopicReading
    ) -> Iterator[Occurrence]:
        if not words or len(words) > MAX_NAME_WORDS:
            return
        if len(words) == 1 and not self._is_name(words[0]):
            return
        if len(words) == 1 and self._lexicon.parts_of_speech(words[0].lower()) & (NOUN | ADJECTIVE):
            return
        if all(word.lower() in CALENDAR_WORDS | GIVEN_NAMES for word in words):
            return
        if key := self._normal(text[start:end]):
            yield Occurrence(start, end, key, Kind.NAME, reading)

    def _is_name(self, word: str) -> bool:
        lower = word.lower()
        return (
            MIN_WORD_LENGTH <= len(word) <= MAX_WORD_LENGTH
            and lower not in CALENDAR_WORDS
            and lower not in FUNCTION_WORDS
            and not self._lexicon.parts_of_speech(word) & ADJECTIVE
        )

    def _parts_of_speech(self, lower: str) -> int:
        if lower in FUNCTION_WORDS:
            return 0
        return self._lexicon.parts_of_speech(lower)

    def _words(
        self, tokens: list[re.Match[str]], names: list[tuple[int, int]]
    ) -> list[LexiconWord]:
        words: list[LexiconWord] = []
        place = 0
        for token in tokens:
            word, start, end = token.group(), token.start(), token.end()
            possessive = word.endswith(_POSSESSIVE)
            if possessive:
                word, end = word[:-2], end - 2
            while place < len(names) and names[place][1] <= start:
                place += 1
            in_name = place < len(names) and names[place][0] <= start
            lower = _lower(word)
            parts = 0
            if _ORDINAL.fullmatch(lower):
                parts = ADJECTIVE
            elif _DECADE.fullmatch(lower):
                parts = NOUN
            elif word[0].isalpha() and "'" not in word and "’" not in word:
                parts = self._parts(lower) or (0 if lower in FUNCTION_WORDS else NOUN)
            if parts == VERB and words and lower.endswith(_PARTICIPLES):
                parts |= ADJECTIVE * _introduces_noun(words[-1])
            words.append(LexiconWord(start, end, lower, parts, possessive, in_name))
        return words

    def _phrases(self, text: str, words: list[LexiconWord], is_title: bool) -> Iterator[Occurrence]:
        """Every part of every chunk that ends in a noun; titles have no verbs."""
        chunk: list[int] = []
        for place, word in enumerate(words):
            if chunk and not _adjoins(text, words[place - 1], word):
                yield from self._of_chunk(text, words, chunk)
                chunk = []
            if word.in_name or (word.parts & (NOUN | ADJECTIVE)):
                if word.in_name or is_title or _reads_as_noun(words, place, bool(chunk)):
                    chunk.append(place)
                    continue
                yield self._occurrence(text, words, place, place, TopicReading.NO)
            if chunk:
                yield from self._of_chunk(text, words, chunk)
                chunk = []
        if chunk:
            yield from self._of_chunk(text, words, chunk)

    def _of_chunk(
        self, text: str, words: list[LexiconWord], chunk: list[int]
    ) -> Iterator[Occurrence]:
        for last in chunk:
            tail = words[last]
            if tail.in_name or not tail.parts & NOUN or tail.lower in GENERAL_ADJECTIVES:
                continue
            if tail.parts & ADJECTIVE and not _ends_as_noun(words, last, chunk[-1]):
                continue
            for first in range(max(chunk[0], last - MAX_WORDS + 1), last + 1):
                if self._is_phrase(words, first, last):
                    in_compound = first == last and _is_in_compound(words, last, chunk)
                    reading = TopicReading.UNSURE if in_compound else TopicReading.YES
                    yield self._occurrence(text, words, first, last, reading)

    def _is_phrase(self, words: list[LexiconWord], first: int, last: int) -> bool:
        opening, tail = words[first], words[last]
        if first == last:
            return (
                MIN_WORD_LENGTH <= len(tail.lower) <= MAX_WORD_LENGTH
                and not self._is_general(tail.lower)
                and tail.lower not in CALENDAR_WORDS
            )
        if opening.lower.endswith("-old") or opening.lower.startswith("year"):
            return False
        if _ROMAN.fullmatch(tail.lower) or opening.lower.partition("-")[0] in DETERMINERS:
            return False
        if all(self._is_general(word.lower) for word in words[first : last + 1]):
            return False
        if opening.lower in GENERAL_ADJECTIVES or opening.lower in CALENDAR_WORDS:
            return False
        if opening.in_name and first > 0 and words[first - 1].in_name:
            return False
        if any(word.possessive for word in words[first:last]):
            return False
        return len(opening.lower) > 1

    def _is_general(self, lower: str) -> bool:
        return (
            lower in GENERAL_NOUNS
            or lower in GENERAL_ADJECTIVES
            or self._lexicon.singular(lower) in GENERAL_NOUNS
            or (lower.endswith("s") and lower[:-1] in GENERAL_NOUNS)
        )

    def _occurrence(
        self, text: str, words: list[LexiconWord], first: int, last: int, reading: TopicReading
    ) -> Occurrence:
        start, end = words[first].start, words[last].end
        unknown_name = text[words[last].start].isupper() and not self._parts(words[last].lower)
        singular = words[last].lower if unknown_name else self._lexicon.singular(words[last].lower)
        modifiers = [word.lower for word in words[first:last]]
        key = " ".join(map(self._normal, [*modifiers, singular]))
        kind = Kind.WORD if first == last else Kind.PHRASE
        return Occurrence(start, end, key, kind, reading)


def _lower(word: str) -> str:
    """``word`` in small letters of normal width."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).lower()


def _adjoins(text: str, before: LexiconWord, after: LexiconWord) -> bool:
    """Whether only a space or a hyphen is between two words of one phrase."""
    return not before.possessive and text[before.end : after.start] in (" ", "-")


def _is_in_compound(words: list[LexiconWord], place: int, chunk: list[int]) -> bool:
    """Whether a noun stands beside another one: *bank* in *bank holiday* may be no bank."""
    neighbours = []
    if place > chunk[0]:
        neighbours.append(words[place - 1])
    if place < chunk[-1]:
        neighbours.append(words[place + 1])
    return any(
        word.parts & NOUN and not word.parts & ADJECTIVE and not word.in_name for word in neighbours
    )


def _introduces_noun(before: LexiconWord) -> bool:
    """Whether a word is a determiner, so that the participle behind it is an adjective."""
    return before.possessive or before.lower in DETERMINERS


def _reads_as_noun(words: list[LexiconWord], place: int, continues: bool) -> bool:
    """Whether a word that may be a noun or adjective is one where it stands.

    Args:
        words: of the sentence.
        place: of the word.
        continues: whether a noun or adjective stands directly before it.
    """
    word = words[place]
    if not word.parts & (VERB | ADVERB):
        return True
    before = words[place - 1] if place else None
    if before is not None:
        if before.lower in CLAUSE_STARTERS:
            return False
        if before.possessive or before.lower in DETERMINERS:
            return True
        if before.parts == ADVERB:
            return False
    if not word.parts & VERB:
        return word.parts & ADJECTIVE > 0 or continues
    takes_object = _takes_object(words, place)
    if before is not None and before.lower in PREPOSITIONS:
        return not (takes_object and word.lower.endswith("ing"))
    if not continues:
        return not (takes_object or _before_preposition(words, place))
    neighbour = words[place - 1]
    if neighbour.parts == ADJECTIVE and not neighbour.in_name:
        return True
    if _is_plural(neighbour.lower) and not neighbour.in_name:
        return False  # A plural is a subject rather than a modifier: robbers plan.
    if not _is_plural(word.lower) and not neighbour.in_name:
        return not takes_object
    return not (takes_object or _before_preposition(words, place) or _ends_clause(words, place))


def _ends_as_noun(words: list[LexiconWord], place: int, last: int) -> bool:
    """Whether a word that may be an adjective too is a noun: nothing that it describes follows.

    Args:
        words: of the sentence.
        place: of the word.
        last: place of the last word of its chunk.
    """
    word = words[place]
    before_name = place + 1 < len(words) and words[place + 1].in_name
    if (place < last or before_name) and not word.possessive:
        return False
    if place == 0 or word.lower.endswith("s"):
        return word.lower.endswith("s")
    before = words[place - 1]
    return before.possessive or before.lower in DETERMINERS or before.parts > 0 or before.in_name


def _takes_object(words: list[LexiconWord], place: int) -> bool:
    """Whether what follows a word is what follows a verb: an object, an adverb or *to*.

    A name is the object of *-s*: *the film stars Mara Velden*.
    """
    if place + 1 >= len(words):
        return False
    after = words[place + 1]
    if after.in_name and _is_plural(words[place].lower):
        return True
    return after.lower in DETERMINERS or after.lower in _OBJECTS or after.parts == ADVERB


def _before_preposition(words: list[LexiconWord], place: int) -> bool:
    """Whether a preposition other than *of* follows: *returns from*."""
    after = words[place + 1].lower if place + 1 < len(words) else ""
    return after != "of" and after in PREPOSITIONS


def _ends_clause(words: list[LexiconWord], place: int) -> bool:
    """Whether no noun or verb follows, so that *-s* may be of a verb: *the dog barks*."""
    return place + 1 >= len(words) or words[place + 1].parts == 0


def _is_plural(lower: str) -> bool:
    return lower.endswith("s") and not lower.endswith("ss")
