"""The derivation step ``mentions``: the entities that the texts of items name, with spans."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from tastegraph.core.progress import progress, say
from tastegraph.core.records import ITEM, MENTIONS, Fact, Span
from tastegraph.kg.extraction.gazetteer import Mention, NameResolver
from tastegraph.kg.extraction.recognition import EntityRecogniser
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.linker import EntityCandidate, Linker
from tastegraph.kg.linking.queries import MentionInContext
from tastegraph.kg.review.inputs import DerivationInputs

GAZETTEER_EXTRACTOR = "gazetteer/1"
"""Name and version of the gazetteer in the spans of its facts."""
CONTEXT_LENGTH = 300
"""Characters of text on either side of a name that are used to resolve it."""
MIN_DOUBT = 1e-6
"""1 - p of a candidate, at least."""
MENTIONS_PER_BATCH = 5_000
"""Ambiguous mentions that are resolved at once."""


class _AmbiguousMention(NamedTuple):
    document: str
    mention: Mention
    context: MentionInContext


def find_mentions(inputs: DerivationInputs) -> Iterator[Fact]:
    """``mentions`` facts: the entities that the text of an item names, with spans.

    A name of several entities is resolved by the text around it.
    """
    n_facts = 0
    for fact in _mentions(inputs):
        n_facts += 1
        yield fact
    if not n_facts:
        say(_why_none(inputs))


def _why_none(inputs: DerivationInputs) -> str:
    """Why no text names an entity, and what to do next."""
    n_texts, n_entities = sum(1 for _ in inputs.documents()), len(inputs.names())
    if not n_texts:
        return "mentions: no item has a text: import items with texts"
    if not n_entities:
        return (
            f"mentions: {n_texts:,} texts, and no source names an entity: import one (tastegraph "
            "import DIR --facts FILE), or name columns in [items.facts]; topics finds names that "
            "no source has"
        )
    return f"mentions: {n_texts:,} texts, and none has a name of the {n_entities:,} entities"


def _mentions(inputs: DerivationInputs) -> Iterator[Fact]:
    own_entities: dict[str, set[str]] = {}
    for link in inputs.identity.links:
        own_entities.setdefault(ITEM + link.item_id, set()).add(link.entity_id)
    gazetteer = inputs.gazetteer()
    ambiguous: list[_AmbiguousMention] = []
    spans: dict[str, list[tuple[int, int]]] = {}
    with progress("texts", len(inputs.items)) as advance:
        for document in inputs.documents():
            for mention in gazetteer.find(document.text):
                if not own_entities.get(document.id, set()).isdisjoint(mention.entities):
                    continue
                if inputs.config.extraction.spacy is not None:
                    spans.setdefault(document.id, []).append((mention.start, mention.end))
                if len(mention.entities) == 1:
                    yield _fact(document.id, mention, mention.entities[0], mention.score)
                else:
                    context = _in_context(document.text, mention)
                    ambiguous.append(_AmbiguousMention(document.id, mention, context))
            advance(1)
    yield from _recognised_mentions(inputs, spans)
    yield from _resolved_mentions(inputs, ambiguous)


def _resolved_mentions(
    inputs: DerivationInputs, ambiguous: Sequence[_AmbiguousMention]
) -> Iterator[Fact]:
    """Mentions of names that several entities have, each with whom its text may speak of.

    Of one source a mention is one entity at most: two that are equally likely are below one half.
    """
    if not ambiguous:
        return
    sources = inputs.sources_by_entity()
    linker = Linker(EntityIndex(inputs.facts, inputs.config.graph.naming_relations))
    with progress("ambiguous names", len(ambiguous)) as advance:
        for start in range(0, len(ambiguous), MENTIONS_PER_BATCH):
            batch = ambiguous[start : start + MENTIONS_PER_BATCH]
            results = linker.link_mentions([entry.context for entry in batch])
            for (document, mention, _), result in zip(batch, results, strict=True):
                candidates = [c for c in result.candidates if c.entity_id in mention.entities]
                for entity, probability in _exclusive(candidates, sources):
                    yield _fact(document, mention, entity, probability * mention.score)
            advance(len(batch))


def _exclusive(
    candidates: Sequence[EntityCandidate], sources: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, float]]:
    """Candidates with ``w / (1 + Σ w')``, w = p / (1 - p), summed over those of the same source.

    Args:
        candidates: for one mention.
        sources: entity → the sources that describe it.
    """
    odds = [1 / max(1 - candidate.confidence, MIN_DOUBT) - 1 for candidate in candidates]
    for candidate, of_candidate in zip(candidates, odds, strict=True):
        own = set(sources.get(candidate.entity_id, ()))
        total = sum(
            of_other
            for other, of_other in zip(candidates, odds, strict=True)
            if other is candidate or not own.isdisjoint(sources.get(other.entity_id, ()))
        )
        yield candidate.entity_id, of_candidate / (1 + total)


def _fact(document: str, mention: Mention, entity: str, confidence: float) -> Fact:
    span = Span(document, mention.start, mention.end, GAZETTEER_EXTRACTOR)
    return Fact(document, MENTIONS, entity, confidence=confidence, span=span)


def _in_context(text: str, mention: Mention) -> MentionInContext:
    return MentionInContext(
        text[mention.start : mention.end],
        text[max(mention.start - CONTEXT_LENGTH, 0) : mention.end + CONTEXT_LENGTH],
    )


def _recognised_mentions(
    inputs: DerivationInputs, known_spans: Mapping[str, Sequence[tuple[int, int]]]
) -> Iterator[Fact]:
    """Names that only the spaCy model of ``[extraction]`` recognises, if one is configured.

    Args:
        inputs: of the step.
        known_spans: document → half-open spans of the known names in it.
    """
    config = inputs.config.extraction
    if config.spacy is None:
        return
    recogniser = EntityRecogniser(config.spacy, config.kinds)
    documents = list(inputs.documents())
    resolver = NameResolver(inputs.names())
    for document, names in zip(
        documents, recogniser.find(document.text for document in documents), strict=True
    ):
        for start, end, _ in names:
            known = known_spans.get(document.id, ())
            if any(known_start < end and start < known_end for known_start, known_end in known):
                continue
            entity = resolver.resolve(document.text[start:end])
            if entity is not None:
                span = Span(document.id, start, end, recogniser.name)
                yield Fact(document.id, MENTIONS, entity, confidence=config.confidence, span=span)
    yield from resolver.new_labels()
