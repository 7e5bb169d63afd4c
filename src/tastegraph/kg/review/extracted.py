"""Derived: whom the texts of items name, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tastegraph.core.records import ITEM, MENTIONS, Fact, Span
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.extraction.patterns import learn
from tastegraph.kg.extraction.recognition import Recogniser
from tastegraph.kg.extraction.resolution import Resolution
from tastegraph.kg.linking.entities import Entities
from tastegraph.kg.linking.linker import Linker
from tastegraph.kg.linking.queries import Mention
from tastegraph.kg.review.inputs import Inputs

GAZETTEER = "gazetteer/1"
AROUND = 300
"""Characters of text on either side of a name that tell who is meant."""


class _Named(NamedTuple):
    document: str
    start: int
    end: int
    entities: tuple[str, ...]
    score: float
    mention: Mention


def mentions(inputs: Inputs) -> Iterator[Fact]:
    """``mentions`` of entities that an item's text names, with the words and how sure that is.

    A name that several bear goes to the one that the text around it speaks for.
    """
    own = {ITEM + link.item_id: link.entity_id for link in inputs.same.links}
    gazetteer = _gazetteer(inputs)
    named = [
        _Named(
            document,
            found.start,
            found.end,
            found.entities,
            found.score,
            Mention(
                text[found.start : found.end],
                text[max(found.start - AROUND, 0) : found.end + AROUND],
            ),
        )
        for document, text in inputs.documents()
        for found in gazetteer.find(text)
        if own.get(document) not in found.entities
    ]
    yield from _recognised(inputs, named)
    linker = Linker(Entities(inputs.facts, inputs.config.graph.naming_relations))
    several = [one for one in named if len(one.entities) > 1]
    meant = dict(zip(several, linker.link_mentions([one.mention for one in several]), strict=True))
    for one in named:
        span = Span(one.document, one.start, one.end, GAZETTEER)
        chosen = [(one.entities[0], one.score)]
        if one in meant:
            chosen = [
                (entity, sure * one.score)
                for entity, sure in meant[one].candidates
                if entity in one.entities
            ]
        for entity, sure in chosen:
            yield Fact(one.document, MENTIONS, entity, confidence=sure, span=span)


def _recognised(inputs: Inputs, named: Sequence[_Named]) -> Iterator[Fact]:
    """Names that only the recogniser of ``[extraction]`` finds, where it is told one."""
    told = inputs.config.extraction
    if told.spacy is None:
        return
    recogniser = Recogniser(told.spacy, told.kinds)
    taken: dict[str, list[_Named]] = {}
    for one in named:
        taken.setdefault(one.document, []).append(one)
    documents = list(inputs.documents())
    resolution = Resolution(inputs.names())
    for (document, text), found in zip(
        documents, recogniser.find(text for _, text in documents), strict=True
    ):
        for start, end, _ in found:
            if any(one.start < end and start < one.end for one in taken.get(document, ())):
                continue
            entity = resolution.of(text[start:end])
            if entity is not None:
                span = Span(document, start, end, recogniser.name)
                yield Fact(document, MENTIONS, entity, confidence=told.confidence, span=span)
    yield from resolution.labels()


def by_patterns(inputs: Inputs) -> Iterator[Fact]:
    """What the texts of items state, by patterns learned from those of which facts are known."""
    documents = [Document(id_, id_, text) for id_, text in inputs.documents()]
    known = list(inputs.about_items())
    return learn(documents, known, _gazetteer(inputs)).extract(documents)


def _gazetteer(inputs: Inputs) -> Gazetteer:
    return Gazetteer((name, entity) for entity, told in inputs.names().items() for name in told)
