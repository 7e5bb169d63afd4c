"""Linking of the catalogue: which entity of each source an item is, or none.

One catalogue can be linked to several sources: an item that has a link to an entity of Freebase may
be a film of Wikidata too. Of one source an item is one entity at most.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from tastegraph.core.progress import say
from tastegraph.core.records import ITEM, SAME_AS, Fact, Item, Link
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.linker import Linker, LinkingResult
from tastegraph.kg.names import is_readable
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.store import statements
from tastegraph.store.schema import CATALOGUE, evidence, facts

MIN_SHARED_ENTITIES = 0.5
"""Two sources are parts of one where they share so much of the smaller one's entities."""
MAX_EXAMPLES = 3
"""Items that the report names of each outcome, at most."""

Sources = frozenset[str]
"""Names of sources that are parts of one, such as the files of one knowledge base."""


def link_items(inputs: DerivationInputs) -> Iterator[Fact]:
    """``owl:sameAs`` of items, for each source to which they have no link yet.

    The candidates are the entities of a source that have a name; what is learned from are the known
    links to them. Entities that only the columns of the catalogue name are no candidates: an item
    is none of its own attributes.
    """
    of_entity = {
        entity: sources
        for entity, sources in inputs.sources_by_entity().items()
        if not inputs.identity.item_ids.id_of(entity).startswith(ITEM)
    }
    groups = joined_sources(of_entity)
    if not inputs.items:
        say("linking: there are no items: import some (tastegraph import DIR --items FILE)")
        return
    if not groups:
        say(
            f"linking: no source but the catalogue states facts about entities, so there is "
            f"nothing to link {len(inputs.items):,} items to: import such a source (tastegraph "
            "import DIR --facts FILE); topics and patterns read texts without one"
        )
        return
    entities = EntityIndex(inputs.facts, inputs.config.graph.naming_relations)
    has_name = [any(map(is_readable, names)) for names in entities.names]
    targets = LinkTargets.of(inputs, of_entity, groups)
    for group in groups:
        candidates = np.array(
            [
                named and group in targets.of_entity.get(entity, ())
                for entity, named in zip(entities.ids, has_name, strict=True)
            ],
            dtype=np.bool_,
        )
        unlinked = [item for item in inputs.items if group not in targets.of_item(item.item_id)]
        if not unlinked:
            say(f"linking to {_names(group)}: all {len(inputs.items):,} items have a link")
            continue
        if not candidates.any():
            say(f"linking to {_names(group)}: its entities have no names, so no item is linked")
            continue
        known_links = [
            link
            for link in targets.links_to(group)
            if (row := entities.numbers.get(link.entity_id)) is None or has_name[row]
        ]
        linker = Linker(entities, candidates=candidates).fit(known_links, inputs.items)
        results = [targets.permitted(result, group) for result in linker.link(unlinked)]
        say(_report(group, results, unlinked, len(inputs.items), entities))
        yield from _facts(inputs, results)
        targets.add(results)


def _facts(inputs: DerivationInputs, results: Sequence[LinkingResult]) -> Iterator[Fact]:
    for result in results:
        for entity_id, probability in result.candidates:
            confidence = inputs.identity_confidence(
                probability, accepted=entity_id == result.entity_id
            )
            yield Fact(ITEM + result.item_id, SAME_AS, entity_id, confidence=confidence)


def joined_sources(of_entity: Mapping[str, Collection[str]]) -> list[Sources]:
    """The sources without the catalogue; those that are parts of one are together, in order.

    Files of one knowledge base (labels in one, facts in another) speak of the same entities; two
    knowledge bases share a few at most.

    Args:
        of_entity: entity → the sources that state facts about it.
    """
    size: dict[str, int] = {}
    shared: dict[tuple[str, str], int] = {}
    for sources in of_entity.values():
        names = sorted(set(sources) - {CATALOGUE})
        for place, name in enumerate(names):
            size[name] = size.get(name, 0) + 1
            for other in names[place + 1 :]:
                shared[name, other] = shared.get((name, other), 0) + 1
    group = {name: frozenset({name}) for name in size}
    for (left, right), n_shared in sorted(shared.items()):
        if n_shared >= MIN_SHARED_ENTITIES * min(size[left], size[right]):
            joined = group[left] | group[right]
            group |= dict.fromkeys(joined, joined)
    return sorted(set(group.values()), key=sorted)


class LinkTargets:
    """Which sources each item has a link to, and each link leads to.

    A link to an entity about which no source says anything counts as one to wherever the other
    links of its own source lead; if these lead nowhere, it is one to nothing that is known here.

    Args:
        links: those that hold.
        sources_of_link: link → the sources that state it.
        of_entity: entity → the groups of sources that state facts about it.
    """

    def __init__(
        self,
        links: Sequence[Link],
        sources_of_link: Mapping[Link, Collection[str]],
        of_entity: Mapping[str, Collection[Sources]],
    ) -> None:
        self.of_entity = of_entity
        self._links, self._of_item = links, dict[str, set[Sources]]()
        usual: dict[str, set[Sources]] = {}
        for link in links:
            for source in sources_of_link.get(link, ()):
                usual.setdefault(source, set()).update(of_entity.get(link.entity_id, ()))
        self._of_link: list[set[Sources]] = []
        for link in links:
            targets = set(of_entity.get(link.entity_id, ()))
            if not targets:
                targets.update(*(usual[source] for source in sources_of_link.get(link, ())))
            self._of_link.append(targets)
            self._of_item.setdefault(link.item_id, set()).update(targets)

    @classmethod
    def of(
        cls,
        inputs: DerivationInputs,
        sources_of_entity: Mapping[str, Collection[str]],
        groups: Sequence[Sources],
    ) -> LinkTargets:
        """Those of a store."""
        group_of = {name: group for group in groups for name in group}
        of_entity = {
            entity: {group_of[name] for name in sources if name in group_of}
            for entity, sources in sources_of_entity.items()
        }
        links = inputs.identity.links
        return cls(links, _sources_of_links(inputs.connection), of_entity)

    def links_to(self, group: Sources) -> list[Link]:
        """The links that lead to a group of sources."""
        pairs = zip(self._links, self._of_link, strict=True)
        return [link for link, targets in pairs if group in targets]

    def of_item(self, item_id: str) -> Collection[Sources]:
        """The groups of sources that an item has a link to."""
        return self._of_item.get(item_id, ())

    def permitted(self, result: LinkingResult, group: Sources) -> LinkingResult:
        """``result`` without the candidates that another source with a link knows too.

        Of that source the item would be two entities.
        """
        linked = set(self.of_item(result.item_id)) - {group}
        candidates = tuple(
            candidate
            for candidate in result.candidates
            if linked.isdisjoint(self.of_entity.get(candidate.entity_id, ()))
        )
        is_permitted = any(entity_id == result.entity_id for entity_id, _ in candidates)
        entity_id = result.entity_id if is_permitted else None
        return LinkingResult(result.item_id, entity_id, result.confidence, candidates)

    def add(self, results: Sequence[LinkingResult]) -> None:
        """Count the links that were made."""
        for result in results:
            if result.entity_id is not None:
                targets = self.of_entity.get(result.entity_id, ())
                self._of_item.setdefault(result.item_id, set()).update(targets)


def _sources_of_links(connection: Connection) -> dict[Link, set[str]]:
    query = (
        select(facts.c.subject, facts.c.object, evidence.c.source)
        .join(evidence, evidence.c.fact_id == facts.c.fact_id)
        .where(statements.is_link())
    )
    sources: dict[Link, set[str]] = {}
    for subject, entity_id, source in connection.execute(query):
        sources.setdefault(Link(subject.removeprefix(ITEM), entity_id), set()).add(source)
    return sources


class _Example(NamedTuple):
    title: str
    name: str

    def __str__(self) -> str:
        return f"{self.title!r} is {self.name!r}" if self.name else repr(self.title)


def _report(
    group: Sources,
    results: Sequence[LinkingResult],
    items: Sequence[Item],
    n_items: int,
    entities: EntityIndex,
) -> str:
    """How many items were linked, are to be reviewed, and are left, with examples of each."""
    linked: list[_Example] = []
    uncertain: list[_Example] = []
    left: list[_Example] = []
    for item, result in zip(items, results, strict=True):
        if result.entity_id is None and not result.candidates:
            left.append(_Example(item.title, ""))
            continue
        entity_id = result.entity_id or result.candidates[0].entity_id
        example = _Example(item.title, entities.names[entities.numbers[entity_id]][0])
        (uncertain if result.entity_id is None else linked).append(example)
    before = n_items - len(items)
    had_link = f" ({before:,} had a link)" if before else ""
    return (
        f"linking to {_names(group)}: {n_items:,} items{had_link}; "
        f"linked: {len(linked):,}{_examples(linked)}; "
        f"to review: {len(uncertain):,}{_examples(uncertain, '?')}"
        f"{', by tastegraph kg review' if uncertain else ''}; "
        f"left, like no entity: {len(left):,}{_examples(left)}"
    )


def _examples(examples: Sequence[_Example], end: str = "") -> str:
    if not examples:
        return ""
    more = ", …" if len(examples) > MAX_EXAMPLES else ""
    return f" ({', '.join(f'{example}{end}' for example in examples[:MAX_EXAMPLES])}{more})"


def _names(group: Sources) -> str:
    return ", ".join(sorted(group))
