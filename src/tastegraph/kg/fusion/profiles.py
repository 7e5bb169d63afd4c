"""Entity profiles: what is known of an entity, arranged for comparison with others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tastegraph.core.records import DIFFERENT_FROM, SAME_AS, Fact
from tastegraph.kg.names import name_from_id
from tastegraph.kg.stats import TYPE_RELATIONS


@dataclass(frozen=True, slots=True)
class EntityProfile:
    """One entity of one source.

    Attributes:
        id: of the entity.
        names: best first; never empty.
        types: its classes; entities without a common class are never compared, and one without
            any class is compared with all.
        attributes: relation → literal values.
        neighbours: relation → ids of the entities it leads to; an incoming relation is written
            with ``^`` before it, as in SPARQL.
        different: ids of entities that it is known not to be.
    """

    id: str
    names: tuple[str, ...]
    types: frozenset[str] = frozenset()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)
    different: frozenset[str] = frozenset()


def entity_profiles(facts: Iterable[Fact], label_relations: Collection[str]) -> list[EntityProfile]:
    """Profiles of all entities in ``facts``, sorted by id.

    ``owl:differentFrom`` goes to :attr:`EntityProfile.different`; ``owl:sameAs`` is ignored,
    because it is what fusion predicts. An entity that is only the object of type facts is a class
    and gets no profile.

    Args:
        facts: of one or several sources.
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
    entities: set[str] = set()
    for fact in facts:
        entities.add(fact.subject)
        if fact.relation in TYPE_RELATIONS:
            types[fact.subject].add(fact.object)
        elif fact.literal and fact.relation in rank:
            names[fact.subject].add((rank[fact.relation], fact.object))
        elif fact.literal:
            attributes[fact.subject][fact.relation].add(fact.object)
        else:
            entities.add(fact.object)
            if fact.relation == DIFFERENT_FROM:
                different[fact.subject].add(fact.object)
                different[fact.object].add(fact.subject)
            elif fact.relation != SAME_AS and fact.subject != fact.object:
                neighbours[fact.subject][fact.relation].add(fact.object)
                neighbours[fact.object][f"^{fact.relation}"].add(fact.subject)
    return [
        EntityProfile(
            entity,
            tuple(name for _, name in sorted(names[entity])) or (name_from_id(entity),),
            frozenset(types[entity]),
            {relation: tuple(sorted(values)) for relation, values in attributes[entity].items()},
            {relation: frozenset(ids) for relation, ids in neighbours[entity].items()},
            frozenset(different[entity]),
        )
        for entity in sorted(entities)
    ]
