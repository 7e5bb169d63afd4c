"""Arguments: the runs of tokens of a sentence that may be a subject or an object of facts."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tastegraph.kg.extraction.annotated.alignment import (
    MAX_TOKENS,
    AlignedSentence,
    Run,
    reads_as_new,
)
from tastegraph.kg.extraction.annotated.linear import (
    FeatureTable,
    Floats,
    fit_regression,
    group_weights,
    log_odds,
    probability,
)
from tastegraph.kg.extraction.annotated.tokens import TokenizedText, letters
from tastegraph.kg.extraction.annotated.values import date_spans

MIN_BOUNDARY_COUNT = 8
"""A token or a shape that was seen so often and never began (ended) an argument never does."""
STRENGTH = 1.0
MIN_PROBABILITY = 0.15
"""Probability from which a run is an argument."""
CAPITALS = frozenset({"Xx", "X", "0X"})
"""Shapes of tokens with capitals."""
MAX_PARTICLES, MAX_PARTICLE_LENGTH = 2, 3
"""Words in lower case that may stand between the capitals of a name, and their letters."""
MAX_LISTED = 4
"""Sentences with a name are counted up to this number."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A run of tokens that may be an argument of a fact.

    Attributes:
        first, last: half-open run of tokens.
        probability: that it is one.
    """

    first: int
    last: int
    probability: float


class ArgumentReader:
    """Finds arguments; made by :func:`learn_arguments`.

    Args:
        never_first, never_last: tokens that begin or end no argument.
        names: letters of an argument → the groups of sentences in which it is one.
        table, weights: of the regression.
        longest: tokens of an argument, at most.
    """

    def __init__(
        self,
        never_first: Collection[str],
        never_last: Collection[str],
        names: Mapping[str, Collection[int]],
        longest: int,
    ) -> None:
        self._never_first, self._never_last = never_first, never_last
        self._names, self._longest = names, longest
        self._table: FeatureTable | None = None
        self._weights: Floats | None = None

    def fit(self, sentences: Sequence[AlignedSentence], gold: Sequence[Collection[Run]]) -> None:
        """Fit the regression to sentences whose arguments are known."""
        rows: list[list[str]] = []
        correct: list[bool] = []
        sources: list[tuple[int, int]] = []
        for number, (sentence, runs) in enumerate(zip(sentences, gold, strict=True)):
            as_new = reads_as_new(sentence.group)
            for run in self._runs(sentence.tokens):
                rows.append(self._features(sentence.tokens, run, sentence.group, as_new))
                correct.append(run in runs)
                sources.append((number, sentence.group))
        self._table = FeatureTable(rows, sources)
        weights = group_weights([group for _, group in sources])
        self._weights = fit_regression(
            self._table.matrix(rows), np.array(correct), STRENGTH, weights
        )

    def read(self, tokens: TokenizedText, *, as_new: bool = False) -> list[Argument]:
        """The arguments of a sentence, in order and without overlaps.

        Of overlapping runs those are selected whose log-odds above the least sum up to most.

        Args:
            tokens: of the sentence.
            as_new: whether it is read as if no name was known.
        """
        runs = list(self._runs(tokens))
        if self._table is None or self._weights is None or not runs:
            return []
        rows = [self._features(tokens, run, None, as_new) for run in runs]
        odds = log_odds(self._table.matrix(rows), self._weights)
        sure = probability(odds)
        least = float(np.log(MIN_PROBABILITY / (1 - MIN_PROBABILITY)))
        places = [k for k in range(len(runs)) if odds[k] > least]
        best = _best_without_overlap(
            [(*runs[k], (float(odds[k]) - least) * (runs[k][1] - runs[k][0])) for k in places]
        )
        return [Argument(*runs[places[k]], float(sure[places[k]])) for k in best]

    def _runs(self, tokens: TokenizedText) -> Iterator[Run]:
        """Runs that begin and end as arguments do; days are runs of their own."""
        days = {tokens.covering(day.start, day.end) for day in date_spans(tokens.text)}
        yield from sorted(days)
        inside = {k for first, last in days for k in range(first, last)}
        for first in range(len(tokens)):
            opening = tokens.words[first] == "("
            if first in inside or (_is_any_of(tokens, first, self._never_first) and not opening):
                continue
            for last in range(first + 1, min(first + self._longest, len(tokens)) + 1):
                if last - 1 in inside:
                    break
                closing = tokens.words[last - 1] == ")"
                if _is_any_of(tokens, last - 1, self._never_last) and not closing:
                    continue
                if (first, last) not in days and _brackets_match(tokens.words[first:last]):
                    yield first, last

    def _features(
        self, tokens: TokenizedText, run: Run, group: int | None, as_new: bool
    ) -> list[str]:
        """Features of a run; that its own ``group`` has it as an argument does not count."""
        first, last = run
        lower, shapes = tokens.lower, tokens.shapes
        before = lower[first - 1] if first else "<"
        after = lower[last] if last < len(tokens) else ">"
        shape_before = shapes[first - 1] if first else "<"
        shape_after = shapes[last] if last < len(tokens) else ">"
        inner = _compressed(shapes[first:last])
        words = " ".join(lower[first:last])
        listed: Collection[int] = ()
        if not as_new:
            listed = self._names.get(letters(tokens.written(first, last)), ())
        count = min(len(listed) - (group in listed), MAX_LISTED)
        length = min(last - first, 8)
        features = [
            f"length {length}", f"=first {lower[first]}", f"=last {lower[last - 1]}",
            f"before {before}", f"after {after}", f"shapes {inner}",
            f"around {shape_before} {inner} {shape_after}",
            f"edges {shape_before} {shapes[first]} {shapes[last - 1]} {shape_after}",
            f"listed {count}", f"listed {count} {length}", f"between {before} {after}",
            f"before {before} {inner}", f"after {after} {inner}",
            f"=ending {lower[last - 1][-3:]} {shape_after}",
            f"=before first {before} {lower[first]}", f"=last after {lower[last - 1]} {after}",
        ]  # fmt: skip
        chain = (
            _reaches_capital(tokens, first - 1, -1), _reaches_capital(tokens, last, 1)
        ) if shapes[first] in CAPITALS and shapes[last - 1] in CAPITALS else ("", "")  # fmt: skip
        features.append(f"chain {chain}")
        features.append(f"chain {chain} {before}")
        features.append(f"chain {chain} {after}")
        features.append(f"chain {chain} {inner}")
        if first > 1:
            features.append(f"before2 {lower[first - 2]} {before}")
            features.append(f"joined {shapes[first - 2]} {before} {shapes[first]}")
            features.append(f"joined {shapes[first - 2]} {shape_before} {inner}")
        if last + 1 < len(tokens):
            features.append(f"after2 {after} {lower[last + 1]}")
            features.append(f"joins {shapes[last - 1]} {after} {shapes[last + 1]}")
            features.append(f"joins {inner} {shape_after} {shapes[last + 1]}")
        for place in range(first + 1, last - 1):
            features.append(f"within {shapes[place - 1]} {lower[place]} {shapes[place + 1]}")
        if first == 0:
            features += [f"opens {inner}", f"opens {inner} {after}", f"opens to {after}"]
        if length <= 3:
            features.append(f"=is {words}")
        features += [f"=holds {word}" for word in dict.fromkeys(lower[first + 1 : last - 1])]
        features += [f"inner {shape}" for shape in dict.fromkeys(shapes[first + 1 : last - 1])]
        features += [f"=word {word}" for word in dict.fromkeys(lower[first:last])]
        return features


def learn_arguments(sentences: Sequence[AlignedSentence]) -> ArgumentReader:
    """Learn from annotated sentences what begins, ends and surrounds an argument.

    Raises:
        ValueError: no sentence has an argument.
    """
    gold = [argument_runs(sentence) for sentence in sentences]
    every = [sentence.tokens for sentence in sentences]
    firsts = [{first for first, _ in runs} for runs in gold]
    lasts = [{last - 1 for _, last in runs} for runs in gold]
    names: dict[str, set[int]] = {}
    for sentence, runs in zip(sentences, gold, strict=True):
        for run in runs:
            names.setdefault(letters(sentence.tokens.written(*run)), set()).add(sentence.group)
    lengths = [last - first for runs in gold for first, last in runs]
    longest = min(int(np.quantile(lengths, 0.998)) + 1, MAX_TOKENS)
    reader = ArgumentReader(_never(every, firsts), _never(every, lasts), names, longest)
    reader.fit(sentences, gold)
    return reader


def argument_runs(sentence: AlignedSentence) -> set[Run]:
    """The runs that are an argument of a fact of the sentence."""
    return {run for t in sentence.triples for runs in (t.subject, t.object) for run in runs}


def _never(sentences: Sequence[TokenizedText], places: Sequence[Collection[int]]) -> frozenset[str]:
    """Frequent tokens, and shapes of tokens, that are never at the places of their sentence.

    Punctuation need not be frequent.
    """
    counts: Counter[str] = Counter()
    used: set[str] = set()
    for tokens, at in zip(sentences, places, strict=True):
        for words in (tokens.lower, map(_shape_name, tokens.shapes)):
            for place, word in enumerate(words):
                counts[word] += 1
                if place in at:
                    used.add(word)
    return frozenset(
        word
        for word, count in counts.items()
        if word not in used and (count >= MIN_BOUNDARY_COUNT or not any(map(str.isalnum, word)))
    )


def _reaches_capital(tokens: TokenizedText, place: int, step: int) -> str:
    """The short words in lower case from ``place`` on behind which a capital stands, if any does.

    ``capital`` where it stands at ``place``; nothing where another token comes first.
    """
    words: list[str] = []
    while 0 <= place < len(tokens) and len(words) <= MAX_PARTICLES:
        if tokens.shapes[place] in CAPITALS:
            return " ".join(words) if words else "capital"
        if tokens.shapes[place] != "x" or len(tokens.words[place]) > MAX_PARTICLE_LENGTH:
            return ""
        words.append(tokens.lower[place])
        place += step
    return ""


def _is_any_of(tokens: TokenizedText, place: int, words: Collection[str]) -> bool:
    """Whether a token or its shape is among ``words``."""
    return tokens.lower[place] in words or _shape_name(tokens.shapes[place]) in words


def _shape_name(shape: str) -> str:
    """A shape as it stands beside tokens."""
    return f"shape {shape}"


def _brackets_match(words: Sequence[str]) -> bool:
    """Whether every round bracket has its partner, so that a name is not cut within one."""
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth < 0:
            return False
    return depth == 0


def _compressed(shapes: Sequence[str]) -> str:
    """Shapes in a row, each repetition once."""
    return " ".join(s for k, s in enumerate(shapes) if not k or s != shapes[k - 1])


def _best_without_overlap(weighted: Sequence[tuple[int, int, float]]) -> list[int]:
    """Positions of the runs without overlaps whose weights sum up to most, in order."""
    order = sorted(range(len(weighted)), key=lambda k: (weighted[k][1], weighted[k][0]))
    ends: list[int] = []
    best: list[tuple[float, int, int]] = [(0.0, -1, -1)]
    for k in order:
        first, last, weight = weighted[k]
        previous = bisect_left(ends, first + 1)
        value = best[previous][0] + weight
        ends.append(last)
        best.append(
            (value, k, previous) if value > best[-1][0] else (best[-1][0], -1, len(best) - 1)
        )
    chosen, place = [], len(best) - 1
    while place > 0:
        _, k, previous = best[place]
        if k >= 0:
            chosen.append(k)
        place = previous
    return chosen[::-1]
