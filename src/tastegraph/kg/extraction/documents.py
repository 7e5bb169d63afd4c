"""Reading: a text's candidates, each with what speaks for and against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tastegraph.kg.extraction.candidates import (
    Candidate,
    Gap,
    coordinating,
    cues,
    gaps,
    named,
    numbers,
)
from tastegraph.kg.extraction.gazetteer import Gazetteer, id_of
from tastegraph.kg.extraction.segmentation import Orthography, Sentences, learn_orthography

MANY = 8
"""How far the facts that an entity is the object of are counted."""

Known = Mapping[str, Mapping[str, Collection[str]]]
"""Relation → subject → ids of its objects."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text about one thing.

    Attributes:
        id: as :class:`~tastegraph.core.records.Span` has it: ``item:ID`` for an item's own.
        subject: what the text is about: the subject of the facts that it states.
    """

    id: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The candidates of a text, in order, and the cues of each."""

    found: Sequence[Candidate]
    cues: Sequence[list[str]]


class Reader:
    """Finds candidates and their cues.

    Args:
        known: facts whose objects are entities. How often an entity is the object of a relation
            is a cue too, but of a text's own subject no fact counts.
        lists: the gaps that go on a list of objects.
        closed: whether an object is always an entity of the gazetteer.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        known: Known,
        orthography: Orthography,
        lists: Collection[Gap],
        closed: bool,
    ) -> None:
        self._gazetteer, self._known, self._orthography, self._lists = (
            gazetteer,
            known,
            orthography,
            lists,
        )
        self._closed = closed
        self._times = {
            relation: Counter(o for objects in by_subject.values() for o in objects)
            for relation, by_subject in known.items()
        }

    def read(self, document: Document, literal: bool) -> Reading:
        """The names of a text or, for ``literal``, its numbers."""
        text, sentences = document.text, Sentences(document.text)
        if literal:
            found = numbers(text)
            return Reading(found, cues(text, sentences, found, ()))
        found = named(text, sentences, self._gazetteer, self._orthography)
        told = cues(text, sentences, found, self._lists)
        for candidate, features in zip(found, told, strict=True):
            for relation in self._known:
                times = max(
                    (self._elsewhere(relation, e, document.subject) for e in candidate.entities),
                    default=0,
                )
                features.append(f"{relation} of {min(times, MANY)} others")
        kept = [k for k, candidate in enumerate(found) if candidate.entities or not self._closed]
        return Reading([found[k] for k in kept], [told[k] for k in kept])

    def objects(self, found: Sequence[Candidate], relation: str, literal: bool) -> list[str]:
        """The object that each candidate is: its value, or an entity's id.

        Of several that have a name, the one that is most often the object of ``relation``.
        """
        if literal:
            return [candidate.name for candidate in found]
        times = self._times[relation]
        return [
            max(c.entities, key=lambda e: times[e]) if c.entities else id_of(c.name) for c in found
        ]

    def _elsewhere(self, relation: str, entity: str, subject: str) -> int:
        own = entity in self._known[relation].get(subject, ())
        return self._times[relation][entity] - own


def reader_of(
    documents: Sequence[Document], known: Known, gazetteer: Gazetteer, closed: bool
) -> Reader:
    """Learn from ``documents`` how they write names and lists."""
    texts = [document.text for document in documents]
    objects = {o for by_subject in known.values() for found in by_subject.values() for o in found}
    spans = [
        [(m.start, m.end) for m in gazetteer.find(text) if not objects.isdisjoint(m.entities)]
        for text in texts
    ]
    orthography = learn_orthography(texts, spans)
    lists = []
    for document in documents:
        sentences = Sentences(document.text)
        found = named(document.text, sentences, gazetteer, orthography)
        before = [gap for gap, _ in gaps(document.text, sentences, found)]
        for by_subject in known.values():
            if gold := by_subject.get(document.subject):
                lists.append((before, [c.is_any_of(gold) for c in found]))
    return Reader(gazetteer, known, orthography, coordinating(lists), closed)
