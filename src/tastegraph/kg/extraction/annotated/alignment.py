"""Alignment: which words of a sentence the subject and the object of an annotated fact are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from tastegraph.kg.extraction.annotated.corpus import AnnotatedSentence, Triple
from tastegraph.kg.extraction.annotated.tokens import TokenizedText, letters
from tastegraph.kg.extraction.annotated.values import (
    date_spans,
    number_spans,
    only_date,
    only_number,
)
from tastegraph.kg.names import split_qualifier

Run = tuple[int, int]
"""A half-open run of tokens."""
MAX_TOKENS = 14
"""TokenizedText of an argument, at most."""
MIN_SIMILARITY = 82.0
"""Similarity of spelling, in per cent, from which words count as a name."""
MIN_ALIAS_COUNT, MIN_ALIAS_SHARE = 2, 0.5
"""In how many sentences with a name words must stand to count as an alias of it, and in
which share of all sentences with these words the name must be."""
MAX_ALIAS_TOKENS, MIN_ALIAS_WORD = 3, 4
"""Words of an alias, at most, and letters of one in lower case at either end of it, at least."""


@dataclass(frozen=True, slots=True)
class AlignedTriple:
    """A fact and where its arguments stand.

    Attributes:
        subject, object: all runs of tokens that may be the argument; never empty.
        relation: its relation.
        subject_name, object_name: the arguments as the annotation has them.
    """

    subject: tuple[Run, ...]
    relation: str
    object: tuple[Run, ...]
    subject_name: str
    object_name: str


@dataclass(frozen=True, slots=True)
class AlignedSentence:
    """A sentence in tokens, with the facts whose arguments were located in it.

    Attributes:
        tokens: of the sentence.
        triples: the facts with both arguments located.
        unaligned: the facts with an argument that the sentence does not name.
        group: a number that it shares with the other sentences about the same thing.
    """

    tokens: TokenizedText
    triples: tuple[AlignedTriple, ...]
    unaligned: tuple[Triple, ...]
    group: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many annotated facts have both arguments in their sentence.

    Attributes:
        located: facts that have.
        missing: others.
        example: subject, relation and object of one of the others, or nothing.
    """

    located: int
    missing: int
    example: str

    @classmethod
    def of(cls, sentences: Sequence[AlignedSentence]) -> Coverage:
        """Count the facts of aligned sentences."""
        missing = [triple for sentence in sentences for triple in sentence.unaligned]
        example = missing[0] if missing else None
        return cls(
            sum(len(sentence.triples) for sentence in sentences),
            len(missing),
            f"{example.subject} {example.relation} {example.object}" if example else "",
        )


def align(sentences: Sequence[AnnotatedSentence]) -> list[AlignedSentence]:
    """Locate the arguments of all facts.

    An argument stands where the sentence has its letters, the same day or number in any way of
    writing, a similar spelling, or words that stand for it in other sentences: where *United
    States* is unseen but an argument, *American* is in the text again and again.
    """
    tokens = [TokenizedText.of(sentence.text) for sentence in sentences]
    runs: list[dict[str, tuple[Run, ...]]] = []
    for text, sentence in zip(tokens, sentences, strict=True):
        names = {name for t in sentence.triples for name in (t.subject, t.object)}
        runs.append({name: tuple(_runs(text, name)) for name in sorted(names)})
    aliases = _aliases(tokens, runs)
    aligned = []
    groups: dict[str, int] = {}
    for text, sentence, by_name in zip(tokens, sentences, runs, strict=True):
        for name, located in by_name.items():
            if not located:
                by_name[name] = tuple(
                    run for alias in aliases.get(letters(name), ()) for run in text.equal_to(alias)
                )
        triples = tuple(
            AlignedTriple(by_name[t.subject], t.relation, by_name[t.object], t.subject, t.object)
            for t in sentence.triples
            if by_name[t.subject] and by_name[t.object]
        )
        group = groups.setdefault(_main_subject(sentence), len(groups))
        unaligned = tuple(
            t for t in sentence.triples if not (by_name[t.subject] and by_name[t.object])
        )
        aligned.append(AlignedSentence(text, triples, unaligned, group))
    return aligned


def _main_subject(sentence: AnnotatedSentence) -> str:
    """The subject of most facts, the first of equals; the text itself where it states none."""
    subjects = Counter(triple.subject for triple in sentence.triples)
    return max(subjects, key=lambda name: subjects[name], default=sentence.text)


def reads_as_new(group: int) -> bool:
    """Whether a group is learned from as if no other sentence had its names.

    Half of them are, so that names that nobody knows are read as well as those of a list.
    """
    return group % 2 == 1


def plain_name(name: str) -> str:
    """A name without underscores and the quotation marks around it."""
    return name.replace("_", " ").strip().strip('"“”').strip()


def _runs(tokens: TokenizedText, name: str) -> Iterator[Run]:
    """Runs of tokens that are the argument, by the first way that locates any."""
    plain = plain_name(name)
    base = split_qualifier(plain)[0]
    for variant in dict.fromkeys((plain, base, base.partition(",")[0])):
        if variant and (runs := list(tokens.equal_to(variant))):
            yield from runs
            return
    if runs := list(_value_runs(tokens, base)):
        yield from runs
        return
    if (run := _similar_run(tokens, base)) is not None:
        yield run


def _value_runs(tokens: TokenizedText, name: str) -> Iterator[Run]:
    value = name.partition(" ")[0] if only_date(name) is None else name
    if (day := only_date(value)) is not None:
        for date_span in date_spans(tokens.text):
            if day.days[0] in date_span.days:
                yield tokens.covering(date_span.start, date_span.end)
    elif (number := only_number(value.strip('"'))) is not None:
        for number_span in number_spans(tokens.text):
            if abs(number_span.value) == abs(number.value):
                yield tokens.covering(number_span.start, number_span.end)


def _similar_run(tokens: TokenizedText, name: str) -> Run | None:
    """The run with the most similar spelling, the first of equals."""
    key, best, score = letters(name), None, MIN_SIMILARITY
    if len(key) < 4 or key.isdigit():
        return None
    keys = [letters(word) for word in tokens.words]
    for first in range(len(keys)):
        joined = ""
        for last in range(first, min(first + MAX_TOKENS, len(keys))):
            joined += keys[last]
            if len(joined) > 1.5 * len(key):
                break
            if keys[first] and keys[last] and len(joined) > 0.6 * len(key):
                similarity = fuzz.ratio(joined, key)
                if similarity > score:
                    best, score = (first, last + 1), similarity
    return best


def _aliases(
    tokens: Sequence[TokenizedText], runs: Sequence[dict[str, tuple[Run, ...]]]
) -> dict[str, list[str]]:
    """Letters of a name → words that stand for it where it is an argument and not named.

    In at least half of the sentences with these words the name is an argument, and no other one
    has them; the best words come first.
    """
    missing = Counter(
        key
        for by_name in runs
        for key in {letters(name) for name, located in by_name.items() if not located}
    )
    frequent = {name for name, count in missing.items() if count >= MIN_ALIAS_COUNT}
    in_texts: Counter[str] = Counter()
    with_name: dict[str, Counter[str]] = {name: Counter() for name in frequent}
    for text, by_name in zip(tokens, runs, strict=True):
        names = {letters(name) for name, located in by_name.items() if not located} & frequent
        occupied = {
            k for located in by_name.values() for first, last in located for k in range(first, last)
        }
        phrases = set(_phrases(text, occupied))
        in_texts.update(phrases)
        for name in names:
            with_name[name].update(phrases)
    aliases: dict[str, list[str]] = {}
    for name, counts in with_name.items():
        for phrase, count in counts.items():
            share = count / in_texts[phrase]
            if count >= MIN_ALIAS_COUNT and share >= MIN_ALIAS_SHARE:
                aliases.setdefault(name, []).append(phrase)
        if name in aliases:
            aliases[name] = _best_aliases(name, aliases[name], counts, in_texts)
    return aliases


def _best_aliases(
    name: str, phrases: list[str], counts: Counter[str], in_texts: Counter[str]
) -> list[str]:
    """The words that cover the sentences with the name best: often with it, seldom without."""

    def merit(phrase: str) -> tuple[float, int, str]:
        likeness = fuzz.partial_ratio(letters(phrase), letters(name)) / 100
        score = counts[phrase] * counts[phrase] / in_texts[phrase] * (0.25 + likeness)
        return -score, len(phrase), phrase

    return sorted(phrases, key=merit)[:3]


def _phrases(tokens: TokenizedText, occupied: set[int]) -> Iterator[str]:
    """All runs of up to three words that are no other argument."""
    for first in range(len(tokens)):
        for last in range(first + 1, min(first + MAX_ALIAS_TOKENS, len(tokens)) + 1):
            if last - 1 in occupied or not letters(tokens.words[last - 1]):
                break
            edges = tokens.words[first], tokens.words[last - 1]
            if not any(word.islower() and len(word) < MIN_ALIAS_WORD for word in edges):
                yield tokens.written(first, last).lower()
