"""Candidates: everything in a text that a fact may have as its object."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tastegraph.kg.extraction.gazetteer import Gazetteer, Mention
from tastegraph.kg.extraction.orthography import Orthography
from tastegraph.kg.extraction.runs import capitalised_runs
from tastegraph.kg.extraction.sentences import Sentences
from tastegraph.kg.linking.names import normalised

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words of a text that may be an object.

    Attributes:
        start, end: characters of the text, half-open.
        name: what the words stand for: themselves, or the full name that they are the end of.
        entities: ids of all that have the name; empty where the gazetteer does not hold it.
    """

    start: int
    end: int
    name: str
    entities: tuple[str, ...] = ()

    def is_any_of(self, objects: Collection[str]) -> bool:
        """Whether it may be one of ``objects``, ids or, for what is no entity, values."""
        return any(entity in objects for entity in self.entities or (self.name,))


def numbers(text: str) -> list[Candidate]:
    """The numbers of ``text``, in order."""
    return [Candidate(m.start(), m.end(), m.group()) for m in _NUMBER.finditer(text)]


def named(
    text: str, sentences: Sentences, gazetteer: Gazetteer, orthography: Orthography
) -> list[Candidate]:
    """The names of ``text``, in order: mentions, and runs of capitalised words.

    A mention of several words parts a run; one word inside a longer run is part of a longer name.
    One word that ends a name found before it stands for that name.
    """
    mentions = gazetteer.find(text)
    runs = [orthography.trimmed(text, *run, sentences)
            for run in capitalised_runs(text, sentences, orthography.particles)]  # fmt: skip
    runs = [(start, end) for start, end in runs if start < end]
    kept = [m for m in mentions if " " in text[m.start : m.end] or not _inside(m, runs)]
    taken = [mention.end for mention in kept]
    found = [Candidate(m.start, m.end, text[m.start : m.end], m.entities) for m in kept]
    for start, end in runs:
        later = bisect_right(taken, start)
        if later == len(kept) or kept[later].start >= end:
            found.append(Candidate(start, end, text[start:end]))
    return list(_resolved(sorted(found, key=lambda c: c.start)))


def _inside(mention: Mention, runs: list[tuple[int, int]]) -> bool:
    place = bisect_right(runs, mention.start, key=lambda run: run[0]) - 1
    if place < 0:
        return False
    start, end = runs[place]
    return (
        start <= mention.start and mention.end <= end and end - start > mention.end - mention.start
    )


def _resolved(found: list[Candidate]) -> Iterator[Candidate]:
    full: dict[str, Candidate] = {}
    for candidate in found:
        words = normalised(candidate.name).split()
        if len(words) == 1 and words[0] in full:
            whole = full[words[0]]
            yield Candidate(candidate.start, candidate.end, whole.name, whole.entities)
        else:
            if len(words) > 1:
                full[words[-1]] = candidate
            yield candidate
