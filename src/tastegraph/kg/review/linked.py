"""Derived: which entity an item is."""

from __future__ import annotations

from collections.abc import Iterator

from tastegraph.core.records import ITEM, SAME_AS, Fact
from tastegraph.kg.linking.entities import Entities
from tastegraph.kg.linking.linker import Linker
from tastegraph.kg.review.inputs import Inputs


def linked(inputs: Inputs) -> Iterator[Fact]:
    """``owl:sameAs`` of items that have no link yet, learned from those that have one.

    A candidate that is not sure enough is stated with less confidence than counts, so that it
    can be asked about.
    """
    known = inputs.same.links
    linked_items = {link.item_id for link in known}
    open_items = [item for item in inputs.items if item.item_id not in linked_items]
    entities = Entities(inputs.facts, inputs.config.graph.naming_relations)
    if not len(entities) or not open_items:
        return
    linker = Linker(entities).fit(known, inputs.items)
    for found in linker.link(open_items):
        for candidate in found.candidates:
            taken = candidate.entity_id == found.entity_id
            sure = inputs.sameness(candidate.confidence, taken=taken)
            yield Fact(ITEM + found.item_id, SAME_AS, candidate.entity_id, confidence=sure)
