"""The derivation step ``fusion``: entities that are one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from tastegraph.core.progress import progress, say
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Fact
from tastegraph.kg.fusion.matching import Match, find_duplicates, match_sources
from tastegraph.kg.fusion.profiles import EntityProfile, entity_profiles
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.store import statements
from tastegraph.store.schema import DERIVED, facts

TEXTS = "texts"
"""The source, for fusion, of all entities that only texts name."""


def fuse_entities(inputs: DerivationInputs) -> Iterator[Fact]:
    """``owl:sameAs`` of entities that are one.

    Entities of one source are grouped into clusters of duplicates; those of two sources are
    matched one to one. Items are never merged: the catalogue says what they are.
    """
    n_matches = 0
    for match in _matches(inputs):
        n_matches += 1
        left, right = sorted((match.left, match.right))
        if inputs.identity.canonical_id(left) != inputs.identity.canonical_id(right):
            confidence = inputs.identity_confidence(match.probability, accepted=match.accepted)
            yield Fact(left, SAME_AS, right, confidence=confidence)
    if not n_matches:
        n_entities = len(inputs.names())
        if n_entities:
            say(f"fusion: none of {n_entities:,} entities is like another one")
        else:
            say(
                "fusion: there are no entities: import facts, name columns in [items.facts], or "
                "derive topics first"
            )


def _matches(inputs: DerivationInputs) -> Iterator[Match]:
    different = statements.all_facts(inputs.connection, only=facts.c.relation == DIFFERENT_FROM)
    profiles = entity_profiles(
        [*inputs.facts, *(fact for _, fact in inputs.identity.item_ids.facts(different))],
        inputs.config.graph.naming_relations,
    )
    sources = _describing_sources(inputs)
    by_source: dict[str, list[EntityProfile]] = {}
    for profile in profiles:
        if not profile.id.startswith(ITEM):
            for source in sorted(sources.get(profile.id, ())):
                by_source.setdefault(source, []).append(profile)
    pairs = list(combinations(sorted(by_source), 2))
    with progress("sources compared", len(by_source) + len(pairs)) as advance:
        for source in sorted(by_source):
            yield from find_duplicates(by_source[source])
            advance(1)
        for a, b in pairs:
            left = [profile for profile in by_source[a] if b not in sources[profile.id]]
            right = [profile for profile in by_source[b] if a not in sources[profile.id]]
            yield from match_sources(left, right)
            advance(1)


def _describing_sources(inputs: DerivationInputs) -> dict[str, set[str]]:
    """Entity → the sources that describe it; those that only texts name are of one, the texts."""
    return {
        entity: sources.difference(DERIVED) or {TEXTS}
        for entity, sources in inputs.sources_by_entity().items()
    }
