"""Cues: the words around a candidate, as a linear model reads them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tastegraph.kg.extraction.gazetteer import Gazetteer, Mention
from tastegraph.kg.extraction.segmentation import Orthography, Sentences, capitalised_runs
from tastegraph.kg.names import normalised
from tastegraph.text.languages import UNSPACED, character_class

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


LONGEST = 4
NEAR = 10
LATE = 4
LONG = 12
REACH = 400
"""Characters before a candidate that are read, at most."""

_UNSPACED = character_class(UNSPACED)
_TOKEN = re.compile(rf"\d+|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+(?:['’-][^\W\d_]+)*|[^\w\s]")

Gap = tuple[str, ...]


def gaps(text: str, sentences: Sentences, found: Sequence[Candidate]) -> list[tuple[Gap, Gap]]:
    """The tokens before and after each candidate, up to the next one or the sentence's end."""
    told = []
    for place, candidate in enumerate(found):
        number = sentences.at(candidate.start)
        start, end = sentences.starts[number], sentences.ends[number]
        if place:
            start = max(start, found[place - 1].end)
        if place + 1 < len(found):
            end = min(end, found[place + 1].start)
        before, after = text[start : candidate.start], text[candidate.end : end]
        told.append((_tokens(before), _tokens(after)))
    return told


def coordinating(lists: Iterable[tuple[Sequence[Gap], Sequence[bool]]]) -> frozenset[Gap]:
    """The gaps that go on a list: mostly, what follows them is an object as what precedes is.

    Args:
        lists: for each text, the gap before each candidate and whether the candidate is an object.
    """
    goes_on: Counter[Gap] = Counter()
    ends: Counter[Gap] = Counter()
    for before, right in lists:
        for place in range(1, len(before)):
            if right[place - 1] and 0 < len(before[place]) <= 2:
                (goes_on if right[place] else ends)[before[place]] += 1
    return frozenset(gap for gap, n in goes_on.items() if n >= 5 and n >= ends[gap])


def cues(
    text: str, sentences: Sentences, found: Sequence[Candidate], lists: Collection[Gap]
) -> list[list[str]]:
    """What stands around each candidate, as names of binary features.

    ``cue`` is what leads to it or to the list that it is in, ``before`` and ``after`` are what it
    stands between, ``left`` any word before it in its sentence.
    """
    around = gaps(text, sentences, found)
    times = Counter(candidate.name for candidate in found)
    told: list[list[str]] = []
    seen: set[str] = set()
    head = 0
    for place, candidate in enumerate(found):
        number = sentences.at(candidate.start)
        fresh = place == 0 or sentences.at(found[place - 1].start) != number
        before, after = around[place]
        if fresh or before not in lists:
            head = place
        tail = place
        while tail < min(place + LONG, len(found) - 1) and around[tail][1] in lists:
            tail += 1
        reach = max(sentences.starts[number], candidate.start - REACH)
        sentence = text[reach : candidate.start]
        features = [*_phrases("cue", around[head][0]), *_ends("before", before, 2)]
        features += _starts("after", after, 3)
        features += _starts("tail", around[tail][1], 2)
        features += [f"left {token}" for token in set(_tokens(sentence))]
        features.append(f"sentence {min(number, LATE)}")
        features.append(f"listed {min(place - head, LONG)}")
        features.append(f"listed {min(place - head, LONG)} of {min(tail - head, LONG)}")
        words = candidate.name.split()
        features.append(f"words {min(len(words), 3)}")
        if len(words) > 1:
            features.append(f"given {words[0].lower()}")
        features.append(f"times {min(times[candidate.name], LATE)}")
        features.append(f"names before {min(len(seen), LONG)}")
        features.append(f"bracket {sentence.count('(') > sentence.count(')')}")
        features.append(f"again {candidate.name in seen}")
        if not fresh and place > 1:
            features.append(f"gaps {' '.join(around[place - 1][0][-2:])} … {' '.join(before[-2:])}")
        if fresh:
            features.append("opens")
        seen.add(candidate.name)
        told.append(features)
    return told


def _tokens(words: str) -> Gap:
    return tuple(token.lower() for token in _TOKEN.findall(words))


def _phrases(kind: str, gap: Gap) -> list[str]:
    near = [f"{kind} near {token}" for token in set(gap[-NEAR:])]
    return near + _ends(kind, gap, LONGEST)


def _ends(kind: str, gap: Gap, longest: int) -> list[str]:
    whole = [f"{kind} is {' '.join(gap)}"] if len(gap) <= longest else []
    return whole + [f"{kind} {' '.join(gap[-n:])}" for n in range(1, min(longest, len(gap)) + 1)]


def _starts(kind: str, gap: Gap, longest: int) -> list[str]:
    if not gap:
        return [f"{kind} nothing"]
    return [f"{kind} {' '.join(gap[:n])}" for n in range(1, min(longest, len(gap)) + 1)]
