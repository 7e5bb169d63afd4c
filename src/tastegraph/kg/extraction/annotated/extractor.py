"""The extractor: from annotated sentences to the facts that a new text states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.extraction.annotated.alignment import (
    AlignedSentence,
    Coverage,
    align,
    reads_as_new,
)
from tastegraph.kg.extraction.annotated.arguments import (
    Argument,
    ArgumentReader,
    argument_runs,
    learn_arguments,
)
from tastegraph.kg.extraction.annotated.corpus import AnnotatedSentence
from tastegraph.kg.extraction.annotated.forms import ArgumentForms
from tastegraph.kg.extraction.annotated.judgement import CandidateFacts, FactJudge, RelationNames
from tastegraph.kg.extraction.annotated.linear import Floats
from tastegraph.kg.extraction.annotated.pairs import Pair, relations_by_pair
from tastegraph.kg.extraction.annotated.relations import RelationReader, Schema
from tastegraph.kg.extraction.annotated.tokens import TokenizedText

N_FOLDS = 3
"""Parts of the sentences, each judged by readers that have not seen it."""


MAX_THRESHOLD = 0.5
"""What is more likely than not counts, however clear the annotated sentences are."""


@dataclass(frozen=True, slots=True)
class SentenceFact:
    """A fact that a text states.

    Attributes:
        subject, object: name or value, in the form that the annotations have.
        relation: its relation.
        confidence: the probability that it is stated.
        subject_span, object_span: half-open spans of characters.
    """

    subject: str
    relation: str
    object: str
    confidence: float
    subject_span: tuple[int, int]
    object_span: tuple[int, int]


class SentenceExtractor:
    """Reads facts from texts; made by :func:`learn_from_annotated`.

    Attributes:
        relations: those that the annotated sentences have, in alphabetical order.
        threshold: confidence from which on a fact counts: the one with the best F1 on sentences
            that were not learned from.
        values: the relations whose objects are mostly numbers, days or quoted words.
        coverage: how many annotated facts could be located in their sentence.
    """

    def __init__(
        self,
        arguments: ArgumentReader,
        reader: RelationReader,
        forms: ArgumentForms,
        judge: FactJudge,
        threshold: float,
        coverage: Coverage,
    ) -> None:
        self._arguments, self._reader = arguments, reader
        self._forms, self._judge = forms, judge
        self.relations = reader.relations
        self.threshold = threshold
        self.values = forms.values
        self.coverage = coverage
        self._names = {self.relations: RelationNames(self.relations)}

    def extract(self, text: str, relations: Sequence[str] | None = None) -> list[SentenceFact]:
        """The facts that ``text`` states with at least the threshold, in the order of the text.

        Args:
            text: a sentence, or a few.
            relations: those that may be stated, seen in training or not; by default all seen.
        """
        allowed = self.relations if relations is None else tuple(relations)
        tokens = TokenizedText.of(text)
        read = self._arguments.read(tokens)
        if allowed not in self._names:
            self._names[allowed] = RelationNames(allowed)
        candidates = CandidateFacts(tokens, read, self._reader, allowed, self._names[allowed])
        confidence = self._judge.probability(candidates.rows)
        facts: dict[tuple[str, str, str], SentenceFact] = {}
        for place in _compatible(candidates, confidence, self.threshold):
            fact = self._fact(
                tokens, read, candidates.pairs[place], candidates.relations[place], allowed,
                float(confidence[place]),
            )  # fmt: skip
            facts.setdefault((fact.subject, fact.relation, fact.object), fact)
        return sorted(facts.values(), key=lambda fact: (fact.object_span, fact.subject_span))

    def _fact(
        self,
        tokens: TokenizedText,
        read: Sequence[Argument],
        pair: Pair,
        place: int,
        schema: Schema,
        confidence: float,
    ) -> SentenceFact:
        subject, object_, relation = read[pair.subject], read[pair.object], schema[place]
        subject_words = tokens.written(subject.first, subject.last)
        object_words = tokens.written(object_.first, object_.last)
        return SentenceFact(
            self._forms.subject(relation, subject_words, schema),
            relation,
            self._forms.object(relation, object_words, schema),
            confidence,
            (tokens.starts[subject.first], tokens.ends[subject.last - 1]),
            (tokens.starts[object_.first], tokens.ends[object_.last - 1]),
        )


def learn_from_annotated(
    sentences: Sequence[AnnotatedSentence],
    schemas: Sequence[Sequence[str]] | None = None,
    *,
    seed: int = 1,
) -> SentenceExtractor:
    """Learn to read the facts that ``sentences`` state.

    Arguments and relations are read by linear models of features of the words; how far they are
    to be believed is learned from their errors on sentences that they have not seen. Sentences
    about one thing are in one part, so that what was learned by heart does not count.

    Args:
        sentences: with their facts.
        schemas: the relations that each may state; by default those of all.
        seed: of the parts and the trees.

    Raises:
        ValueError: no fact has both its arguments in its sentence.
    """
    aligned = align(sentences)
    if not any(sentence.triples for sentence in aligned):
        raise ValueError("no annotated fact has its subject and its object in its sentence")
    everything = tuple(sorted({t.relation for s in sentences for t in s.triples}))
    allowed = [everything] * len(sentences) if schemas is None else [tuple(s) for s in schemas]
    names = {schema: RelationNames(schema) for schema in set(allowed)}
    fold = _folds([sentence.group for sentence in aligned], seed)
    rows, correct, n_stated = [], [], 0
    for part in range(N_FOLDS):
        places = [place for place, k in enumerate(fold) if k != part]
        if not any(aligned[place].triples for place in places):
            continue
        arguments, reader = _readers([aligned[k] for k in places], [allowed[k] for k in places])
        for sentence, schema, k in zip(aligned, allowed, fold, strict=True):
            if k == part:
                as_new = reads_as_new(sentence.group)
                read = arguments.read(sentence.tokens, as_new=as_new)
                candidates = CandidateFacts(
                    sentence.tokens, read, reader, schema, names[schema], as_new=as_new
                )
                labels = _labels(sentence, read, candidates, schema)
                examples = [place for place, label in enumerate(labels) if label is not None]
                rows.append(candidates.rows[examples])
                correct += [bool(labels[place]) for place in examples]
                n_stated += len(sentence.triples) + len(sentence.unaligned)
    table, stated = np.concatenate(rows), np.array(correct, dtype=bool)
    judge = FactJudge(table, stated, seed)
    threshold = _threshold(table, stated, n_stated, seed)
    arguments, reader = _readers(aligned, allowed)
    return SentenceExtractor(
        arguments,
        reader,
        ArgumentForms(aligned, allowed),
        judge,
        threshold,
        Coverage.of(aligned),
    )


def _readers(
    sentences: Sequence[AlignedSentence], schemas: Sequence[Schema]
) -> tuple[ArgumentReader, RelationReader]:
    runs = [sorted(argument_runs(sentence)) for sentence in sentences]
    return learn_arguments(sentences), RelationReader(sentences, runs, schemas)


def _compatible(candidates: CandidateFacts, confidence: Floats, threshold: float) -> list[int]:
    """Positions of the facts that are stated, the most confident ones first.

    An object has a relation to one subject, unless a further one is more likely than not, and two
    arguments have one relation likewise.
    """
    chosen: list[int] = []
    subjects: set[tuple[int, int]] = set()
    related: set[tuple[int, int]] = set()
    for place in np.argsort(-confidence, kind="stable").tolist():
        if confidence[place] < threshold:
            break
        pair, relation = candidates.pairs[place], candidates.relations[place]
        of_object, of_pair = (pair.object, relation), (pair.subject, pair.object)
        further = of_object in subjects or of_pair in related
        if confidence[place] > MAX_THRESHOLD or not further:
            chosen.append(place)
            subjects.add(of_object)
            related.add(of_pair)
    return chosen


def _folds(groups: Sequence[int], seed: int) -> list[int]:
    """The part of each sentence: of its group where there are enough groups, else of its own."""
    units = groups if len(set(groups)) >= N_FOLDS else range(len(groups))
    distinct = sorted(set(units))
    order = np.random.default_rng(seed).permutation(len(distinct))
    part = {distinct[unit]: rank % N_FOLDS for rank, unit in enumerate(order)}
    return [part[unit] for unit in units]


def _labels(
    sentence: AlignedSentence,
    arguments: Sequence[Argument],
    candidates: CandidateFacts,
    schema: Sequence[str],
) -> list[bool | None]:
    """Whether the sentence states each candidate; ``None`` where another pair states it."""
    stated = relations_by_pair(sentence, [(a.first, a.last) for a in arguments])
    labels: list[bool | None] = []
    for pair, place in zip(candidates.pairs, candidates.relations, strict=True):
        relations = stated.get(pair, frozenset())
        labels.append(None if relations is None else schema[place] in relations)
    return labels


def _threshold(rows: Floats, correct: NDArray[np.bool_], n_stated: int, seed: int) -> float:
    """Midway between the confidence from which on F1 is best and the next lower one.

    The confidences are of candidates that the judge has not seen.
    """
    part = np.arange(len(correct)) * 2 // max(len(correct), 1)
    confidence = np.zeros(len(correct))
    for k in (0, 1):
        judge = FactJudge(rows[part != k], correct[part != k], seed)
        confidence[part == k] = judge.probability(rows[part == k])
    order = np.argsort(-confidence, kind="stable")
    values = confidence[order]
    f1 = 2 * np.cumsum(correct[order]) / (np.arange(1, len(order) + 1) + n_stated)
    # Equal confidences are taken together: only the last of them is a place to cut.
    cuts = np.flatnonzero(np.append(values[:-1] > values[1:], True))
    best = int(cuts[np.argmax(f1[cuts])])
    following = values[min(best + 1, len(values) - 1)]
    return min(float(values[best] + following) / 2, MAX_THRESHOLD)
