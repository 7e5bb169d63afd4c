"""Variants: the spellings and short forms of one topic become one.

Letter case, accents, width of characters, hyphens and the plural are gone in the normal form of a
phrase. What is left: *film noir* and *filmnoir*; a title before a name; a part of a name.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.extraction.topics.chinese_words import SURNAMES
from tastegraph.kg.extraction.topics.english_words import GIVEN_NAMES, NAME_PARTICLES
from tastegraph.kg.extraction.topics.lexicon import english_lexicon
from tastegraph.kg.extraction.topics.occurrences import Ints, Kind, OccurrenceTable
from tastegraph.text.languages import contains_han

FULL_NAME_WORDS = (2, 3)
"""Words of a person's full name in English."""
CHINESE_NAME_LENGTH = 3
"""Characters of a Chinese full name whose last two are a name of their own."""


def fuse_variants(table: OccurrenceTable) -> OccurrenceTable:
    """The same places, each with the phrase that stands for all its variants."""
    kind = majority_kind(table)
    of_key = _without_titles(table.keys, kind, _joined(table))
    key = of_key[table.key]
    full = _FullNames(table.keys, kind, key, table)
    for row in np.flatnonzero(np.isin(key, full.short_forms)).tolist():
        key[row] = full.resolve(int(table.document[row]), int(key[row]))
    return table.with_keys(key, kind[key])


def majority_kind(table: OccurrenceTable) -> NDArray[np.int8]:
    """int8[keys], what each phrase mostly looks like; of a tie, the name.

    Titles, where capitals tell nothing, count only for what no text has.
    """
    weight = np.where(table.in_title, 1, 1 << 20)
    counts = np.zeros((len(table.keys), len(Kind)), dtype=np.int64)
    np.add.at(counts, (table.key, table.kind), weight)
    kinds = np.array([Kind.NAME, Kind.PHRASE, Kind.WORD])
    most: NDArray[np.int8] = kinds[counts[:, kinds].argmax(axis=1)].astype(np.int8)
    return most


def _joined(table: OccurrenceTable) -> Ints:
    """int32[keys], key → the most frequent of those that differ in spaces only."""
    frequency = table.document_frequency()
    groups: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(table.keys):
        groups[key.replace(" ", "")].append(number)
    target = np.arange(len(table.keys), dtype=np.int32)
    for numbers in groups.values():
        if len(numbers) > 1:
            target[numbers] = max(
                numbers, key=lambda n: (frequency[n], table.keys[n].count(" "), -n)
            )
    return target


def _without_titles(keys: list[str], kind: NDArray[np.int8], target: Ints) -> Ints:
    """*Inspector Otto Brandt* → *Otto Brandt*, if that is a name and *inspector* a common word."""
    number = {key: place for place, key in enumerate(keys) if kind[place] == Kind.NAME}
    lexicon = english_lexicon()
    for key, place in number.items():
        words = key.split()
        if len(words) > 2 and lexicon.parts_of_speech(words[0]):
            rest = number.get(" ".join(words[1:]))
            if rest is not None and _is_full_name(words[1:]):
                target[place] = target[rest]
    return target


def _is_full_name(words: list[str]) -> bool:
    """Whether words look like the name of a person: none is a common word."""
    lexicon = english_lexicon()
    return len(words) in FULL_NAME_WORDS and not any(
        word in NAME_PARTICLES or lexicon.parts_of_speech(word) for word in words
    )


class _FullNames:
    """Which full name a short form stands for.

    A last name stands for the only full name of all texts that ends in it. Where there are
    several, for a first name, and for the end of a name that may be none of a person (*Neo Tokyo*),
    it is the only one in the same text.
    """

    def __init__(
        self, keys: list[str], kind: NDArray[np.int8], key: Ints, table: OccurrenceTable
    ) -> None:
        self._by_last: dict[int, set[int]] = defaultdict(set)
        self._by_part: dict[int, set[int]] = defaultdict(set)
        number = {name: place for place, name in enumerate(keys)}
        for full in np.unique(key[kind[key] == Kind.NAME]).tolist():
            for part, is_last in _parts_of_name(keys[full]):
                short = number.get(part)
                if short is not None and kind[short] == Kind.NAME:
                    self._by_part[short].add(full)
                    if is_last and _is_last_name(part, keys[full]):
                        self._by_last[short].add(full)
        self.short_forms = np.array(sorted(self._by_part), dtype=np.int32)
        full_names = sorted(set().union(*self._by_part.values()))
        rows = np.isin(key, np.array(full_names, dtype=np.int32))
        self._in_document: dict[int, set[int]] = defaultdict(set)
        for document, full in zip(table.document[rows].tolist(), key[rows].tolist(), strict=True):
            self._in_document[document].add(full)

    def resolve(self, document: int, short: int) -> int:
        """The full name, or ``short`` itself where that is not clear."""
        near = self._by_part[short] & self._in_document.get(document, set())
        if len(near) == 1:
            return next(iter(near))
        full = self._by_last.get(short, set())
        return next(iter(full)) if len(full) == 1 and not near else short


def _is_last_name(last: str, name: str) -> bool:
    """Whether a word that may be a place is a last name: behind a first name that is one."""
    first, lexicon = name.split()[0], english_lexicon()
    return not lexicon.is_proper(last) or lexicon.is_proper(first) or first in GIVEN_NAMES


def _parts_of_name(name: str) -> list[tuple[str, bool]]:
    """The short forms of a full name, and whether each is a last name."""
    if contains_han(name):
        is_full = len(name) == CHINESE_NAME_LENGTH and name[0] in SURNAMES
        return [(name[1:], False)] if is_full else []
    words = name.split()
    return [(words[-1], True), (words[0], False)] if _is_full_name(words) else []
