"""Phrases of Chinese texts: nouns, names and titles in 《》, by segmentation with tags.

The words and tags are jieba's (dictionary and hidden Markov model), by the library ``rjieba``. A
tag is a guess about the word alone, so words tagged as verbs are read as nouns where a noun must
stand: behind 的 or a measure word, or before 的 (*失忆的*).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tastegraph.kg.extraction.topics.chinese_words import CHINESE_GENERAL, SURNAMES
from tastegraph.kg.extraction.topics.occurrences import Kind, Occurrence, TopicReading
from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import HAN, character_class

MAX_WORDS = 3
"""Words of a phrase, at most."""
MAX_PHRASE_LENGTH = 10
"""Characters of a phrase, at most."""
MAX_TITLE_LENGTH = 30
"""Characters between 《 and 》, at most."""

_TITLE = re.compile(
    rf"《([^《》\n]{{1,{MAX_TITLE_LENGTH}}})》|「([^「」\n]{{2,{MAX_TITLE_LENGTH}}})」"
)
_LATIN_NAME = re.compile(r"[A-Z][A-Za-z0-9&'’-]+(?: [A-Z][A-Za-z0-9&'’-]*)*")
_HAN_WORD = re.compile(f"[{character_class(HAN)}]+")
_NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
_NOUN_TAGS = ("n", "l", "i", "j", "vn", "an", "ng")
_FIRST_NAME_TAGS = ("n", "nr", "nz", "a", "an", "ns", "z", "ng", "nrt", "t", "m")
_AGENTS = frozenset("人者员师家手")
"""Endings of words for persons: 看守人, 修复师."""
_MODIFIER_TAGS = ("b", "a")
_NOUN_ENDINGS = ("代", "朝", "初", "末", "节", "夜", "季")
"""Last characters of words of time that are topics: 宋代, 春节, 雨夜."""


class TaggedWord(NamedTuple):
    """A word with the tag of jieba's dictionary, at a half-open span of characters."""

    start: int
    end: int
    text: str
    tag: str


class ChineseReader:
    """Lists the phrases and names of Chinese texts."""

    def __init__(self) -> None:
        import rjieba

        self._tag = rjieba.tag

    def read(self, text: str) -> Iterator[Occurrence]:
        """The phrases and names of ``text``; phrases may lie within longer ones."""
        titles = [match.span(match.lastindex or 1) for match in _TITLE.finditer(text)]
        for start, end in titles:
            if key := normalize_name(text[start:end]):
                yield Occurrence(start, end, key, Kind.NAME, TopicReading.YES)
        for match in _LATIN_NAME.finditer(text):
            yield Occurrence(
                *match.span(), normalize_name(match.group()), Kind.NAME, TopicReading.YES
            )
        chunk: list[tuple[TaggedWord, bool]] = []
        words = self._words(text)
        for place, word in enumerate(words):
            before = words[place - 1] if place else None
            after = words[place + 1] if place + 1 < len(words) else None
            in_title = any(start <= word.start < end for start, end in titles)
            reading = TopicReading.NO if in_title else _reading(word, before, after)
            if reading == TopicReading.NO and word.tag.startswith("v") and len(word.text) > 1:
                yield _occurrence(text, [word], TopicReading.NO)
            if reading == TopicReading.NO and (in_title or word.tag not in _MODIFIER_TAGS):
                yield from _of_chunk(text, chunk)
                chunk = []
                continue
            chunk.append((word, reading != TopicReading.NO))
        yield from _of_chunk(text, chunk)

    def _words(self, text: str) -> list[TaggedWord]:
        words, position = [], 0
        for word, tag in self._tag(text):
            words.append(TaggedWord(position, position + len(word), word, tag))
            position += len(word)
        return list(_joined_words(words))


def _joined_words(words: list[TaggedWord]) -> Iterator[TaggedWord]:
    """The words, with what the segmentation separated as one: 沈 + 青衣, 看守 + 人."""
    place = 0
    while place < len(words):
        word = words[place]
        after = words[place + 1] if place + 1 < len(words) else None
        tag = _joined_tag(word, after) if after else ""
        if after and tag:
            word = TaggedWord(word.start, after.end, word.text + after.text, tag)
            place += 1
        yield word
        place += 1


def _joined_tag(word: TaggedWord, after: TaggedWord) -> str:
    """The tag of two words as one; empty if they are none."""
    if word.tag.startswith("v") and len(word.text) > 1 and after.text in _AGENTS:
        return "n"
    tagged = word.tag in ("nr", "j") or after.tag in ("nr", "nrt")
    is_family = word.text in SURNAMES and tagged
    is_first = len(after.text) <= 2 and after.tag in _FIRST_NAME_TAGS
    return "nr" if is_family and is_first and _HAN_WORD.fullmatch(after.text) else ""


def _is_person(word: TaggedWord) -> bool:
    """Whether a word looks like a name of a person, which is no part of a longer phrase."""
    return word.tag in ("nr", "nrt") and word.text[0] in SURNAMES


def _reading(word: TaggedWord, before: TaggedWord | None, after: TaggedWord | None) -> TopicReading:
    """Whether a word is a noun or name where it stands."""
    if not _HAN_WORD.fullmatch(word.text):
        return TopicReading.NO
    if word.tag in _NAME_TAGS or word.tag in _NOUN_TAGS:
        return TopicReading.YES
    if word.tag == "t":
        return TopicReading.YES if word.text.endswith(_NOUN_ENDINGS) else TopicReading.NO
    if word.tag == "v" and len(word.text) > 1:
        behind_noun_marker = before is not None and before.tag in ("uj", "m", "q", "a", "b")
        before_boundary = after is None or after.tag in ("x", "uj", "c", "p", "v", "d", "nr")
        if behind_noun_marker and before_boundary and (after is None or after.tag != "uj"):
            return TopicReading.YES
    return TopicReading.NO


def _of_chunk(text: str, chunk: list[tuple[TaggedWord, bool]]) -> Iterator[Occurrence]:
    """Every part of a chunk that ends in a noun."""
    for last in range(len(chunk)):
        if not chunk[last][1]:
            continue
        for first in range(max(0, last - MAX_WORDS + 1), last + 1):
            words = [word for word, _ in chunk[first : last + 1]]
            if len(words) == 1 and (len(words[0].text) < 2 or words[0].text in CHINESE_GENERAL):
                continue
            if len(words) > 1 and any(map(_is_person, words)):
                continue
            if words[-1].end - words[0].start <= MAX_PHRASE_LENGTH:
                yield _occurrence(text, words, TopicReading.YES)


def _occurrence(text: str, words: list[TaggedWord], reading: TopicReading) -> Occurrence:
    start, end = words[0].start, words[-1].end
    kind = Kind.PHRASE
    if len(words) == 1:
        kind = Kind.NAME if words[0].tag in _NAME_TAGS else Kind.WORD
    return Occurrence(start, end, normalize_name(text[start:end]), kind, reading)
