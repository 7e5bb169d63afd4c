"""Occurrences: where the texts have which phrase, as columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


class Kind(IntEnum):
    """What a phrase looks like: one noun, several words, or a name."""

    WORD = 0
    PHRASE = 1
    NAME = 2


class TopicReading(IntEnum):
    """Whether the words are a topic where they stand.

    ``UNSURE`` words are one if the same words are a ``YES`` elsewhere. ``NO`` are words of
    another part of speech, such as the verb of *she returns*.
    """

    NO = 0
    UNSURE = 1
    YES = 2


class Occurrence(NamedTuple):
    """A phrase at one place of a text.

    Attributes:
        start, end: half-open span of characters.
        key: the phrase in the normal form of names, its last word in the singular.
        kind: what it looks like here.
        reading: whether it is a topic here.
    """

    start: int
    end: int
    key: str
    kind: Kind
    reading: TopicReading


@dataclass(frozen=True)
class OccurrenceTable:
    """All occurrences, by document.

    Attributes:
        keys: the phrases.
        document, key, start, end: int32[n]; ``key`` is a place in ``keys``.
        kind, reading: int8[n], see :class:`Kind` and :class:`TopicReading`.
        in_title: bool[n], whether the span is one of the document's title.
    """

    keys: list[str]
    document: Ints
    key: Ints
    start: Ints
    end: Ints
    kind: NDArray[np.int8]
    reading: NDArray[np.int8]
    in_title: NDArray[np.bool_]

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> OccurrenceTable:
        """The same phrases with these occurrences only."""
        return OccurrenceTable(
            self.keys,
            self.document[rows],
            self.key[rows],
            self.start[rows],
            self.end[rows],
            self.kind[rows],
            self.reading[rows],
            self.in_title[rows],
        )

    def with_keys(self, key: Ints, kind: NDArray[np.int8]) -> OccurrenceTable:
        """The same places with other phrases."""
        return replace(self, key=key, kind=kind)

    def document_frequency(self) -> NDArray[np.int64]:
        """int64[keys], in how many documents each phrase occurs."""
        pairs = np.unique(self.document.astype(np.int64) * max(len(self.keys), 1) + self.key)
        return np.bincount(pairs % max(len(self.keys), 1), minlength=len(self.keys))


@dataclass
class OccurrenceColumns:
    """Collects occurrences, document by document."""

    numbers: dict[str, int] = field(default_factory=dict)
    document: array[int] = field(default_factory=lambda: array("i"))
    key: array[int] = field(default_factory=lambda: array("i"))
    start: array[int] = field(default_factory=lambda: array("i"))
    end: array[int] = field(default_factory=lambda: array("i"))
    kind: array[int] = field(default_factory=lambda: array("b"))
    reading: array[int] = field(default_factory=lambda: array("b"))
    in_title: array[int] = field(default_factory=lambda: array("b"))

    def add(self, document: int, occurrences: Iterable[Occurrence], in_title: bool = False) -> None:
        """Append the occurrences of one document, of its text or its title."""
        for start, end, key, kind, reading in occurrences:
            self.document.append(document)
            self.key.append(self.numbers.setdefault(key, len(self.numbers)))
            self.start.append(start)
            self.end.append(end)
            self.kind.append(kind)
            self.reading.append(reading)
            self.in_title.append(in_title)

    def table(self) -> OccurrenceTable:
        """All that was added."""
        return OccurrenceTable(
            list(self.numbers),
            np.array(self.document, dtype=np.int32),
            np.array(self.key, dtype=np.int32),
            np.array(self.start, dtype=np.int32),
            np.array(self.end, dtype=np.int32),
            np.array(self.kind, dtype=np.int8),
            np.array(self.reading, dtype=np.int8),
            np.array(self.in_title, dtype=np.bool_),
        )
