"""Derivation of facts: mentions in texts, equal entities.

Each derivation takes :class:`~tastegraph.kg.review.inputs.DerivationInputs` and yields facts. A
candidate without enough confidence to count is yielded too, so that people can review it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from tastegraph.core.records import DIFFERENT_FROM, ITEM, MENTIONS, SAME_AS, Fact, Span
from tastegraph.kg.extraction.gazetteer import Mention, NameResolver
from tastegraph.kg.extraction.recognition import EntityRecogniser
from tastegraph.kg.fusion.matching import Match, find_duplicates, match_sources
from tastegraph.kg.fusion.profiles import EntityProfile, entity_profiles
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.linker import Linker
from tastegraph.kg.linking.queries import MentionInContext
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.store import statements
from tastegraph.store.schema import facts

GAZETTEER_EXTRACTOR = "gazetteer/1"
"""Name and version of the gazetteer in the spans of its facts."""
CONTEXT_LENGTH = 300
"""Characters of text on either side of a name that are used to resolve it."""

Derivation = Callable[[DerivationInputs], Iterator[Fact]]


def fuse_entities(inputs: DerivationInputs) -> Iterator[Fact]:
    """``owl:sameAs`` of entities that are one.

    Entities of one source are grouped into clusters of duplicates; those of two sources are
    matched one to one. Items are never merged: the catalogue says what they are.
    """
    for match in _matches(inputs):
        left, right = sorted((match.left, match.right))
        if inputs.identity.canonical_id(left) != inputs.identity.canonical_id(right):
            confidence = inputs.identity_confidence(match.probability, accepted=match.accepted)
            yield Fact(left, SAME_AS, right, confidence=confidence)


def _matches(inputs: DerivationInputs) -> Iterator[Match]:
    different = statements.all_facts(inputs.connection, only=facts.c.relation == DIFFERENT_FROM)
    profiles = entity_profiles(
        [*inputs.facts, *(fact for _, fact in inputs.identity.item_ids.facts(different))],
        inputs.config.graph.naming_relations,
    )
    sources = inputs.sources_by_entity()
    by_source: dict[str, list[EntityProfile]] = {}
    for profile in profiles:
        if not profile.id.startswith(ITEM):
            for source in sorted(sources.get(profile.id, ())):
                by_source.setdefault(source, []).append(profile)
    for source in sorted(by_source):
        yield from find_duplicates(by_source[source])
    for a, b in combinations(sorted(by_source), 2):
        left = [profile for profile in by_source[a] if b not in sources[profile.id]]
        right = [profile for profile in by_source[b] if a not in sources[profile.id]]
        yield from match_sources(left, right)


class _DocumentMention(NamedTuple):
    document: str
    mention: Mention
    context: MentionInContext


def find_mentions(inputs: DerivationInputs) -> Iterator[Fact]:
    """``mentions`` facts: the entities that the text of an item names, with spans.

    A name of several entities is resolved by the text around it.
    """
    own_entities: dict[str, set[str]] = {}
    for link in inputs.identity.links:
        own_entities.setdefault(ITEM + link.item_id, set()).add(link.entity_id)
    gazetteer = inputs.gazetteer()
    mentions = [
        _DocumentMention(document.id, mention, _in_context(document.text, mention))
        for document in inputs.documents()
        for mention in gazetteer.find(document.text)
        if own_entities.get(document.id, set()).isdisjoint(mention.entities)
    ]
    yield from _recognised_mentions(inputs, mentions)
    linker = Linker(EntityIndex(inputs.facts, inputs.config.graph.naming_relations))
    ambiguous = [entry for entry in mentions if len(entry.mention.entities) > 1]
    results = dict(
        zip(ambiguous, linker.link_mentions([entry.context for entry in ambiguous]), strict=True)
    )
    for entry in mentions:
        document, mention, _ = entry
        span = Span(document, mention.start, mention.end, GAZETTEER_EXTRACTOR)
        candidates = [(mention.entities[0], mention.score)]
        if entry in results:
            candidates = [
                (entity, probability * mention.score)
                for entity, probability in results[entry].candidates
                if entity in mention.entities
            ]
        for entity, confidence in candidates:
            yield Fact(document, MENTIONS, entity, confidence=confidence, span=span)


def _in_context(text: str, mention: Mention) -> MentionInContext:
    return MentionInContext(
        text[mention.start : mention.end],
        text[max(mention.start - CONTEXT_LENGTH, 0) : mention.end + CONTEXT_LENGTH],
    )


def _recognised_mentions(
    inputs: DerivationInputs, mentions: Sequence[_DocumentMention]
) -> Iterator[Fact]:
    """Names that only the spaCy model of ``[extraction]`` recognises, if one is configured."""
    config = inputs.config.extraction
    if config.spacy is None:
        return
    recogniser = EntityRecogniser(config.spacy, config.kinds)
    by_document: dict[str, list[Mention]] = {}
    for document_id, mention, _ in mentions:
        by_document.setdefault(document_id, []).append(mention)
    documents = list(inputs.documents())
    resolver = NameResolver(inputs.names())
    for document, names in zip(
        documents, recogniser.find(document.text for document in documents), strict=True
    ):
        for start, end, _ in names:
            known = by_document.get(document.id, ())
            if any(mention.start < end and start < mention.end for mention in known):
                continue
            entity = resolver.resolve(document.text[start:end])
            if entity is not None:
                span = Span(document.id, start, end, recogniser.name)
                yield Fact(document.id, MENTIONS, entity, confidence=config.confidence, span=span)
    yield from resolver.new_labels()
