"""Mention candidates: words of a text that may be the object of a fact, and their cue features."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tastegraph.kg.extraction.gazetteer import Gazetteer, Mention
from tastegraph.kg.extraction.segmentation import Orthography, Sentences, capitalised_runs
from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import UNSPACED, character_class

MAX_NGRAM = 4
"""Longest n-gram of tokens before a candidate or its list that is a feature."""
CUE_WINDOW = 10
"""Tokens before a candidate's list that are features one by one."""
LEFT_WINDOW = 400
"""Characters before a candidate whose words are features, at most."""
MAX_COUNT = 4
"""Sentence numbers and name frequencies are features up to this number."""
MAX_LIST_LENGTH = 12
"""Positions in a list are features up to this number."""
MAX_SEPARATOR_LENGTH, MIN_SEPARATOR_COUNT = 2, 5
"""Tokens of a list separator, at most, and how often it must be seen to be learned."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_UNSPACED = character_class(UNSPACED)
_TOKEN = re.compile(rf"\d+|[{_UNSPACED}]|[^\W\d_{_UNSPACED}]+(?:['’-][^\W\d_]+)*|[^\w\s]")

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MentionCandidate:
    """Words of a text that may be the object of a fact.

    Attributes:
        start, end: half-open span of characters.
        name: the words, or the full name of which they are the last word.
        entities: ids of all entities with this name; empty where the gazetteer does not have it.
    """

    start: int
    end: int
    name: str
    entities: tuple[str, ...] = ()

    def is_any_of(self, objects: Collection[str]) -> bool:
        """Whether it may be one of ``objects``: ids or, if it is no known entity, values."""
        return any(entity in objects for entity in self.entities or (self.name,))


def number_candidates(text: str) -> list[MentionCandidate]:
    """The numbers of ``text``, in order."""
    return [MentionCandidate(m.start(), m.end(), m.group()) for m in _NUMBER.finditer(text)]


def name_candidates(
    text: str, sentences: Sentences, gazetteer: Gazetteer, orthography: Orthography
) -> list[MentionCandidate]:
    """The names of ``text``, in order: mentions of known names, and runs of capitalised words.

    A mention of several words goes before the run around it; a single word within a longer run is
    not a candidate of its own. A single word that is the last word of an earlier name gets that
    name.
    """
    runs = [
        orthography.trim_run(text, *run, sentences)
        for run in capitalised_runs(text, sentences, orthography.particles)
    ]
    runs = [(start, end) for start, end in runs if start < end]
    mentions = [
        mention
        for mention in gazetteer.find(text)
        if " " in text[mention.start : mention.end] or not _is_inside(mention, runs)
    ]
    candidates = [
        MentionCandidate(m.start, m.end, text[m.start : m.end], m.entities) for m in mentions
    ]
    ends = [mention.end for mention in mentions]
    for start, end in runs:
        following = bisect_right(ends, start)
        if following == len(mentions) or mentions[following].start >= end:
            candidates.append(MentionCandidate(start, end, text[start:end]))
    return list(_with_full_names(sorted(candidates, key=lambda candidate: candidate.start)))


def _is_inside(mention: Mention, runs: list[tuple[int, int]]) -> bool:
    """Whether a longer run contains the mention."""
    place = bisect_right(runs, mention.start, key=lambda run: run[0]) - 1
    if place < 0:
        return False
    start, end = runs[place]
    return (
        start <= mention.start and mention.end <= end and end - start > mention.end - mention.start
    )


def _with_full_names(candidates: list[MentionCandidate]) -> Iterator[MentionCandidate]:
    by_last_word: dict[str, MentionCandidate] = {}
    for candidate in candidates:
        words = normalize_name(candidate.name).split()
        if len(words) == 1 and words[0] in by_last_word:
            full = by_last_word[words[0]]
            yield MentionCandidate(candidate.start, candidate.end, full.name, full.entities)
        else:
            if len(words) > 1:
                by_last_word[words[-1]] = candidate
            yield candidate


def gaps_around(
    text: str, sentences: Sentences, candidates: Sequence[MentionCandidate]
) -> list[tuple[Tokens, Tokens]]:
    """The tokens before and after each candidate, up to the next one or the sentence's end."""
    return [
        (_tokenize(before), _tokenize(after))
        for before, after in texts_around(text, sentences, candidates)
    ]


def texts_around(
    text: str, sentences: Sentences, candidates: Sequence[MentionCandidate]
) -> Iterator[tuple[str, str]]:
    """The text before and after each candidate, up to the next one or the sentence's end."""
    for place, candidate in enumerate(candidates):
        number = sentences.number_at(candidate.start)
        start, end = sentences.starts[number], sentences.ends[number]
        if place:
            start = max(start, candidates[place - 1].end)
        if place + 1 < len(candidates):
            end = min(end, candidates[place + 1].start)
        yield text[start : candidate.start], text[candidate.end : end]


def learn_separators(lists: Iterable[tuple[Sequence[Tokens], Sequence[bool]]]) -> frozenset[Tokens]:
    """The gaps that separate members of a list, such as a comma or *and*.

    A gap is a separator if the candidate after an object is mostly an object as well.

    Args:
        lists: for each text, the gap before each candidate and whether the candidate is an object.
    """
    continues: Counter[Tokens] = Counter()
    ends: Counter[Tokens] = Counter()
    for gaps, is_object in lists:
        for place in range(1, len(gaps)):
            if is_object[place - 1] and 0 < len(gaps[place]) <= MAX_SEPARATOR_LENGTH:
                (continues if is_object[place] else ends)[gaps[place]] += 1
    return frozenset(
        gap
        for gap, count in continues.items()
        if count >= MIN_SEPARATOR_COUNT and count >= ends[gap]
    )


def cue_features(
    text: str,
    sentences: Sentences,
    candidates: Sequence[MentionCandidate],
    separators: Collection[Tokens],
) -> list[list[str]]:
    """The context of each candidate, as names of binary features.

    ``cue`` names the words before the candidate or before the list that it is in, ``before`` and
    ``after`` its direct neighbours, ``tail`` what follows its list, and ``left`` any word before
    it in its sentence.

    Args:
        text: the text.
        sentences: of the text.
        candidates: of the text, in order.
        separators: gaps that separate members of a list.
    """
    gaps = gaps_around(text, sentences, candidates)
    frequency = Counter(candidate.name for candidate in candidates)
    all_features: list[list[str]] = []
    seen: set[str] = set()
    head = 0
    for place, candidate in enumerate(candidates):
        number = sentences.number_at(candidate.start)
        is_first = place == 0 or sentences.number_at(candidates[place - 1].start) != number
        before, after = gaps[place]
        if is_first or before not in separators:
            head = place
        tail = place
        last = min(place + MAX_LIST_LENGTH, len(candidates) - 1)
        while tail < last and gaps[tail][1] in separators:
            tail += 1
        window_start = max(sentences.starts[number], candidate.start - LEFT_WINDOW)
        left = text[window_start : candidate.start]
        position, length = min(place - head, MAX_LIST_LENGTH), min(tail - head, MAX_LIST_LENGTH)
        words = candidate.name.split()
        features = [*_phrases("cue", gaps[head][0]), *_suffixes("before", before, 2)]
        features += _prefixes("after", after, 3)
        features += _prefixes("tail", gaps[tail][1], 2)
        features += [f"left {token}" for token in set(_tokenize(left))]
        features.append(f"sentence {min(number, MAX_COUNT)}")
        features.append(f"listed {position}")
        features.append(f"listed {position} of {length}")
        features.append(f"words {min(len(words), 3)}")
        if len(words) > 1:
            features.append(f"given {words[0].lower()}")
        features.append(f"times {min(frequency[candidate.name], MAX_COUNT)}")
        features.append(f"names before {min(len(seen), MAX_LIST_LENGTH)}")
        features.append(f"bracket {left.count('(') > left.count(')')}")
        features.append(f"again {candidate.name in seen}")
        if not is_first and place > 1:
            previous = gaps[place - 1][0]
            features.append(f"gaps {' '.join(previous[-2:])} … {' '.join(before[-2:])}")
        if is_first:
            features.append("opens")
        seen.add(candidate.name)
        all_features.append(features)
    return all_features


def _tokenize(words: str) -> Tokens:
    return tuple(token.lower() for token in _TOKEN.findall(words))


def _phrases(kind: str, gap: Tokens) -> list[str]:
    near = [f"{kind} near {token}" for token in set(gap[-CUE_WINDOW:])]
    return near + _suffixes(kind, gap, MAX_NGRAM)


def _suffixes(kind: str, gap: Tokens, longest: int) -> list[str]:
    complete = [f"{kind} is {' '.join(gap)}"] if len(gap) <= longest else []
    return complete + [f"{kind} {' '.join(gap[-n:])}" for n in range(1, min(longest, len(gap)) + 1)]


def _prefixes(kind: str, gap: Tokens, longest: int) -> list[str]:
    if not gap:
        return [f"{kind} nothing"]
    return [f"{kind} {' '.join(gap[:n])}" for n in range(1, min(longest, len(gap)) + 1)]
