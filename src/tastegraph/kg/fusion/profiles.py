"""Profiles: what is known of an entity, as far as it tells whether two are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Fact
from tastegraph.kg.names import name_in
from tastegraph.kg.stats import TYPE_RELATIONS


@dataclass(frozen=True, slots=True)
class Profile:
    """One entity of one source.

    Attributes:
        names: best first; never empty.
        types: what it is; two entities of no common type are never compared, and one without a
            type is compared with all.
        attributes: relation → literal values.
        neighbours: relation → ids of the entities it leads to; a relation that leads here is
            written with ``^`` before it, as in SPARQL.
        different: ids that it is known not to be.
    """

    id: str
    names: tuple[str, ...]
    types: frozenset[str] = frozenset()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)
    different: frozenset[str] = frozenset()


def profiles(facts: Iterable[Fact], label_relations: Collection[str]) -> list[Profile]:
    """Profiles of all entities that ``facts`` speak of, by id.

    Facts that say which ids are one, or are not, are no properties: ``owl:differentFrom`` goes to
    :attr:`Profile.different`, ``owl:sameAs`` is what is sought and says nothing. An entity that
    is only the object of type facts is a class and gets no profile.

    Args:
        label_relations: relations whose literal object is a name, best first.
    """
    rank = {relation: place for place, relation in enumerate(label_relations)}
    names: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
    types: defaultdict[str, set[str]] = defaultdict(set)
    attributes: defaultdict[str, defaultdict[str, set[str]]]
    attributes = defaultdict(lambda: defaultdict(set))
    neighbours: defaultdict[str, defaultdict[str, set[str]]]
    neighbours = defaultdict(lambda: defaultdict(set))
    different: defaultdict[str, set[str]] = defaultdict(set)
    seen: set[str] = set()
    for fact in facts:
        seen.add(fact.subject)
        if fact.relation in TYPE_RELATIONS:
            types[fact.subject].add(fact.object)
        elif fact.literal and fact.relation in rank:
            names[fact.subject].add((rank[fact.relation], fact.object))
        elif fact.literal:
            attributes[fact.subject][fact.relation].add(fact.object)
        else:
            seen.add(fact.object)
            if fact.relation == DIFFERENT_FROM:
                different[fact.subject].add(fact.object)
                different[fact.object].add(fact.subject)
            elif fact.relation != SAME_AS and fact.subject != fact.object:
                neighbours[fact.subject][fact.relation].add(fact.object)
                neighbours[fact.object][f"^{fact.relation}"].add(fact.subject)
    return [
        Profile(
            entity,
            tuple(name for _, name in sorted(names[entity])) or (name_in(entity),),
            frozenset(types[entity]),
            {relation: tuple(sorted(values)) for relation, values in attributes[entity].items()},
            {relation: frozenset(ids) for relation, ids in neighbours[entity].items()},
            frozenset(different[entity]),
        )
        for entity in sorted(seen)
    ]
