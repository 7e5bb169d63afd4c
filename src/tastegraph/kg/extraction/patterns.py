"""Pattern extraction: relations read from texts, learned from known facts (distant supervision)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import LABEL, Fact, Span
from tastegraph.kg.extraction.classifier import (
    CandidateExamples,
    RelationClassifier,
    best_candidates,
    fit_classifier,
)
from tastegraph.kg.extraction.documents import CandidateReader, Document, KnownObjects
from tastegraph.kg.extraction.gazetteer import Gazetteer

EXTRACTOR = "patterns/1"
"""Name and version of this extractor in the spans of its facts."""
DOCUMENTS_PER_BATCH = 500
"""Texts whose candidates are classified at once."""
MAX_TRAINING_TEXTS = 10_000
"""Texts that are learned from, at most: a sample, where there are more."""


@dataclass(frozen=True)
class PatternExtractor:
    """Extracts facts from documents; made by :func:`learn_patterns`.

    Attributes:
        classifiers: relation → its classifier, for each relation that could be learned.
        literal_relations: the relations whose objects are values.
        reader: finds candidates as it did in training.
    """

    classifiers: Mapping[str, RelationClassifier]
    literal_relations: frozenset[str]
    reader: CandidateReader

    def strongest_cues(self, relation: str, n: int = 10) -> list[tuple[str, float]]:
        """The ``n`` cues that speak most for ``relation``, each with its weight in log-odds.

        Raises:
            NotFoundError: the relation was not learned.
        """
        if relation not in self.classifiers:
            learned = ", ".join(self.classifiers) or "none"
            raise NotFoundError(
                f"no patterns of {relation!r}: learned were {learned}; "
                "a relation needs known facts of more things with texts"
            )
        return self.classifiers[relation].strongest_cues(n)

    def extract(self, documents: Iterable[Document]) -> Iterator[Fact]:
        """The facts that the documents state with at least their relation's threshold.

        An object that the gazetteer does not have gets the id that
        :func:`~tastegraph.kg.extraction.gazetteer.id_from_name` makes, and once a label. The
        confidence is the share of facts with the same score that were known in training.
        """
        labelled: set[str] = set()
        stream = iter(documents)
        while batch := list(islice(stream, DOCUMENTS_PER_BATCH)):
            for literal in (True, False):
                relations = [
                    name for name in self.classifiers if (name in self.literal_relations) == literal
                ]
                if relations:
                    yield from self._extract(batch, relations, literal, labelled)

    def _extract(
        self, batch: Sequence[Document], relations: list[str], literal: bool, labelled: set[str]
    ) -> Iterator[Fact]:
        readings = [self.reader.read(document, literal) for document in batch]
        cues = [cue for reading in readings for cue in reading.cues]
        confidence_of = {name: self.classifiers[name].confidence(cues) for name in relations}
        end = 0
        for document, reading in zip(batch, readings, strict=True):
            start, end = end, end + len(reading.cues)
            for relation in relations:
                confidence = confidence_of[relation][start:end]
                objects = self.reader.objects(reading.candidates, relation, literal)
                for place in best_candidates(objects, confidence):
                    candidate, object_ = reading.candidates[place], objects[place]
                    if confidence[place] < self.classifiers[relation].threshold:
                        continue
                    span = Span(document.id, candidate.start, candidate.end, EXTRACTOR)
                    if not literal and not candidate.entities and object_ not in labelled:
                        labelled.add(object_)
                        yield Fact(object_, LABEL, candidate.name, literal=True, span=span)
                    yield Fact(
                        document.subject, relation, object_, literal,
                        confidence=float(confidence[place]), span=span,
                    )  # fmt: skip


def learn_patterns(
    documents: Iterable[Document],
    facts: Iterable[Fact],
    gazetteer: Gazetteer,
    *,
    closed: bool = False,
    seed: int = 1,
) -> PatternExtractor:
    """Learn from texts about things of which facts are known (Mintz et al., ACL 2009).

    A text that names the object of a known fact of its subject is taken to state that fact, and
    its other names are negative examples. Subjects without a fact of a relation are no examples of
    it. Relations with too few examples are not learned.

    A relation that has an entity among its objects is a relation between entities. The objects of
    all other relations are values, of which only numbers are extracted.

    Args:
        documents: texts to learn from.
        facts: known facts; entities are recognised by their names in ``gazetteer``.
        gazetteer: known names.
        closed: whether only entities of the gazetteer can be objects.
        seed: of the folds.
    """
    entities, values = _by_relation(facts)
    subjects = {
        subject
        for known in (entities, values)
        for by_subject in known.values()
        for subject in by_subject
    }
    training = [document for document in documents if document.subject in subjects]
    if len(training) > MAX_TRAINING_TEXTS:
        rows = np.random.default_rng(seed).choice(len(training), MAX_TRAINING_TEXTS, replace=False)
        training = [training[row] for row in sorted(rows.tolist())]
    reader = CandidateReader.fit(training, entities, gazetteer, closed)
    classifiers: dict[str, RelationClassifier] = {}
    for known, literal in ((entities, False), (values, True)):
        readings = [reader.read(document, literal) for document in training] if known else []
        for relation, by_subject in known.items():
            examples = CandidateExamples()
            for document, reading in zip(training, readings, strict=True):
                if gold := by_subject.get(document.subject):
                    objects = reader.objects(reading.candidates, relation, literal)
                    correct = [candidate.is_any_of(gold) for candidate in reading.candidates]
                    examples.add(reading.cues, objects, correct, len(gold))
            if examples.suffice():
                classifiers[relation] = fit_classifier(examples, seed)
    return PatternExtractor(classifiers, frozenset(values), reader)


def _by_relation(facts: Iterable[Fact]) -> tuple[KnownObjects, KnownObjects]:
    """Facts of relations between entities, and of relations with values only."""
    known: tuple[dict[str, dict[str, set[str]]], ...] = ({}, {})
    for fact in facts:
        by_subject = known[fact.literal].setdefault(fact.relation, {})
        by_subject.setdefault(fact.subject, set()).add(fact.object)
    entities, values = known
    return entities, {
        relation: by_subject for relation, by_subject in values.items() if relation not in entities
    }
