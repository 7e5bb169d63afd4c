"""Documents: texts about one thing, and their candidates with cue features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tastegraph.kg.extraction.candidates import (
    MentionCandidate,
    Tokens,
    cue_features,
    gaps_around,
    learn_separators,
    name_candidates,
    number_candidates,
)
from tastegraph.kg.extraction.gazetteer import Gazetteer, id_from_name
from tastegraph.kg.extraction.segmentation import Orthography, Sentences, learn_orthography

MAX_OBJECT_COUNT = 8
"""Counts of facts with an entity as object are features up to this number."""

KnownObjects = Mapping[str, Mapping[str, Collection[str]]]
"""Relation → subject → its objects."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text about one thing.

    Attributes:
        id: as :class:`~tastegraph.core.records.Span` has it: ``item:ID`` for an item's own text.
        subject: id of the thing, which is the subject of the facts that the text states.
        text: the text.
    """

    id: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class DocumentCandidates:
    """The candidates of a document, in order, and the cue features of each."""

    candidates: Sequence[MentionCandidate]
    cues: Sequence[list[str]]


class CandidateReader:
    """Finds the candidates of documents and computes their cue features.

    Args:
        gazetteer: known names.
        known: facts whose objects are entities. How often an entity is the object of a relation
            is a feature too; facts of a document's own subject do not count.
        orthography: how the documents capitalise words.
        separators: gaps that separate members of a list.
        closed: whether only entities of the gazetteer can be objects.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        known: KnownObjects,
        orthography: Orthography,
        separators: Collection[Tokens],
        closed: bool,
    ) -> None:
        self._gazetteer, self._known = gazetteer, known
        self._orthography, self._separators = orthography, separators
        self._closed = closed
        self._object_counts = {
            relation: Counter(o for objects in by_subject.values() for o in objects)
            for relation, by_subject in known.items()
        }

    @classmethod
    def fit(
        cls, documents: Sequence[Document], known: KnownObjects, gazetteer: Gazetteer, closed: bool
    ) -> CandidateReader:
        """Learn from ``documents`` how they write names and lists."""
        texts = [document.text for document in documents]
        objects = {
            o
            for by_subject in known.values()
            for of_subject in by_subject.values()
            for o in of_subject
        }
        spans = [
            [(m.start, m.end) for m in gazetteer.find(text) if not objects.isdisjoint(m.entities)]
            for text in texts
        ]
        orthography = learn_orthography(texts, spans)
        lists = []
        for document in documents:
            sentences = Sentences(document.text)
            candidates = name_candidates(document.text, sentences, gazetteer, orthography)
            before = [gap for gap, _ in gaps_around(document.text, sentences, candidates)]
            for by_subject in known.values():
                if gold := by_subject.get(document.subject):
                    lists.append((before, [c.is_any_of(gold) for c in candidates]))
        return cls(gazetteer, known, orthography, learn_separators(lists), closed)

    def read(self, document: Document, literal: bool) -> DocumentCandidates:
        """The names of a document or, if ``literal``, its numbers."""
        text, sentences = document.text, Sentences(document.text)
        if literal:
            numbers = number_candidates(text)
            return DocumentCandidates(numbers, cue_features(text, sentences, numbers, ()))
        names = name_candidates(text, sentences, self._gazetteer, self._orthography)
        cues = cue_features(text, sentences, names, self._separators)
        for candidate, features in zip(names, cues, strict=True):
            for relation in self._known:
                counts = (
                    self._other_facts(relation, entity, document.subject)
                    for entity in candidate.entities
                )
                count = min(max(counts, default=0), MAX_OBJECT_COUNT)
                features.append(f"{relation} of {count} others")
        places = [k for k, name in enumerate(names) if name.entities or not self._closed]
        return DocumentCandidates([names[k] for k in places], [cues[k] for k in places])

    def objects(
        self, candidates: Sequence[MentionCandidate], relation: str, literal: bool
    ) -> list[str]:
        """The object of the fact that each candidate would state: its value, or an entity's id.

        Of several entities with a name it is the one that is most often object of ``relation``.
        """
        if literal:
            return [candidate.name for candidate in candidates]
        counts = self._object_counts[relation]
        return [
            max(c.entities, key=lambda e: counts[e]) if c.entities else id_from_name(c.name)
            for c in candidates
        ]

    def _other_facts(self, relation: str, entity: str, subject: str) -> int:
        """Number of facts of ``relation`` with this object and another subject."""
        is_own = entity in self._known[relation].get(subject, ())
        return self._object_counts[relation][entity] - is_own
