"""Derived: which entities are one."""

from __future__ import annotations

from collections.abc import Iterator

from tastegraph.curation.inputs import Inputs
from tastegraph.fusion.fuse import duplicates
from tastegraph.fusion.profiles import profiles
from tastegraph.records import DIFFERENT_FROM, ITEM, SAME_AS, Fact
from tastegraph.storage import statements
from tastegraph.storage.schema import facts


def fused(inputs: Inputs) -> Iterator[Fact]:
    """``owl:sameAs`` of entities that are one, and, less sure, of those that may be.

    Items are what the catalogue says they are: none is merged with another.
    """
    apart = statements.all_facts(inputs.connection, only=facts.c.relation == DIFFERENT_FROM)
    stated = [*inputs.facts, *(fact for _, fact in apart)]
    described = profiles(stated, inputs.config.graph.naming_relations)
    entities = [one for one in described if not one.id.startswith(ITEM)]
    for match in duplicates(entities):
        left, right = sorted((match.left, match.right))
        if inputs.same.of(left) != inputs.same.of(right):
            sure = _sureness(inputs, match.probability, taken=match.accepted)
            yield Fact(left, SAME_AS, right, confidence=sure)


def _sureness(inputs: Inputs, probability: float, *, taken: bool) -> float:
    return sameness(probability, inputs.config.graph.least_sameness, taken=taken)


def sameness(probability: float, least: float, *, taken: bool) -> float:
    """Confidence with which a match counts where it is taken, and is only asked about where not."""
    return max(probability, least) if taken else min(probability, 0.99 * least)
