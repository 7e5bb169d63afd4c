"""Derived: which entities are one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Fact
from tastegraph.kg.fusion.fuse import Match, duplicates, fuse
from tastegraph.kg.fusion.profiles import Profile, profiles
from tastegraph.kg.review.inputs import Inputs
from tastegraph.store import statements
from tastegraph.store.schema import facts


def fused(inputs: Inputs) -> Iterator[Fact]:
    """``owl:sameAs`` of entities that are one, and, less sure, of those that may be.

    Within a source duplicates are sought in clusters; of two sources no entity is one with two.
    Items are what the catalogue says they are: none is merged with another.
    """
    for match in _matches(inputs):
        left, right = sorted((match.left, match.right))
        if inputs.same.of(left) != inputs.same.of(right):
            sure = inputs.sameness(match.probability, taken=match.accepted)
            yield Fact(left, SAME_AS, right, confidence=sure)


def _matches(inputs: Inputs) -> Iterator[Match]:
    apart = statements.all_facts(inputs.connection, only=facts.c.relation == DIFFERENT_FROM)
    stated = [*inputs.facts, *(fact for _, fact in apart)]
    described = profiles(stated, inputs.config.graph.naming_relations)
    sources = inputs.sources_of()
    members: dict[str, list[Profile]] = {}
    for profile in described:
        if not profile.id.startswith(ITEM):
            for source in sorted(sources.get(profile.id, ())):
                members.setdefault(source, []).append(profile)
    for source in sorted(members):
        yield from duplicates(members[source])
    for one, other in combinations(sorted(members), 2):
        left = [p for p in members[one] if other not in sources[p.id]]
        right = [p for p in members[other] if one not in sources[p.id]]
        yield from fuse(left, right)
