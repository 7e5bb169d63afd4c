"""Health of the knowledge graph: what is there, as found, and what looks wrong."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact, Link
from tastegraph.kg.from_store import known_facts
from tastegraph.kg.graph import LONGEST_VALUE, Nodes
from tastegraph.kg.identity import identity
from tastegraph.store import catalogue
from tastegraph.store import events as log
from tastegraph.store.database import Database

FUNCTIONAL = 0.99
HUB = 20
TYPE_RELATIONS = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "rdf:type", "type")
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RelationStats:
    """One relation, as found.

    Attributes:
        facts: how many there are.
        subjects: how many nodes have it.
        domain, range: how many facts begin and end at an item, an entity, a value.
        functional: at least 99 % of its subjects have one object (one in each language).
        violations: the other subjects, where it is functional.
    """

    relation: str
    facts: int
    subjects: int
    domain: dict[str, int]
    range: dict[str, int]
    functional: bool
    violations: list[str]


class Hub(NamedTuple):
    """A node with suspiciously many edges."""

    node: str
    edges: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What the facts are like.

    As in the graph that is built, names and long texts are no edges.

    Attributes:
        types: by the object of a type relation, how many facts have it.
        relations: the most frequent first.
        orphans: entities with one edge and no name.
        items_without_facts: items with no edge.
        hubs: nodes with more than twenty times the edges of the 99th percentile.
    """

    facts: int
    items: int
    entities: int
    values: int
    types: dict[str, int]
    relations: list[RelationStats]
    orphans: list[str]
    items_without_facts: list[str]
    hubs: list[Hub]


def stats_from_store(database: Database, config: Config) -> Stats:
    """The health of what a workspace holds."""
    with database.reading() as connection:
        items = {item.item_id for item in catalogue.all_items(connection)}
        items |= set(log.item_ids(connection))
        same = identity(connection, config)
        facts = (fact for _, fact in known_facts(connection, config, same))
        return stats(items, facts, same.links, config, same.same)


def stats(
    items: Iterable[str],
    facts: Iterable[Fact],
    links: Iterable[Link],
    config: Config,
    same: Mapping[str, str] | None = None,
) -> Stats:
    """Look at every fact once.

    Args:
        items: their ids.
        facts: each statement once.
        links: which entity an item is.
        config: says which relations name or describe.
        same: id → the id that stands for it, for those that have several.
    """
    item_ids = sorted(items)
    seen = _Seen(
        Nodes(item_ids, links, same),
        len(item_ids),
        frozenset(config.graph.label_relations),
        config.graph.verbal_relations,
    )
    for fact in facts:
        seen.add(fact)
    names = [ITEM + item_id for item_id in item_ids] + list(seen.nodes.others)
    rows = np.array(seen.rows, dtype=np.int64).reshape(-1, 4)
    edges = np.array(seen.edges, dtype=np.int64)
    degrees = np.bincount(edges, minlength=len(names))
    is_value = np.array(["\x1f" in name for name in names], dtype=bool)
    is_value[: len(item_ids)] = False
    n_values = int(is_value.sum())
    lonely = np.flatnonzero((degrees == 1) & ~is_value)
    return Stats(
        facts=sum(relation.facts for relation in seen.relations.values()),
        items=len(item_ids),
        entities=len(names) - len(item_ids) - n_values,
        values=n_values,
        types=dict(seen.types.most_common()),
        relations=_relations(list(seen.relations.values()), rows, names),
        orphans=[names[k] for k in lonely if k >= len(item_ids) and k not in seen.named],
        items_without_facts=[item_ids[k] for k in np.flatnonzero(degrees[: len(item_ids)] == 0)],
        hubs=_hubs(degrees, names),
    )


@dataclass
class _Relation:
    number: int
    name: str
    facts: int = 0
    domain: Counter[str] = field(default_factory=Counter)
    range: Counter[str] = field(default_factory=Counter)


@dataclass
class _Seen:
    """What went by, flat: (relation, head, language, tail) in ``rows``, both ends in ``edges``."""

    nodes: Nodes
    n_items: int
    label_relations: frozenset[str]
    verbal_relations: frozenset[str]
    relations: dict[str, _Relation] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    named: set[int] = field(default_factory=set)
    rows: array[int] = field(default_factory=lambda: array("q"))
    edges: array[int] = field(default_factory=lambda: array("q"))

    def add(self, fact: Fact) -> None:
        relation = self.relations.get(fact.relation)
        if relation is None:
            relation = _Relation(len(self.relations), fact.relation)
            self.relations[fact.relation] = relation
        heads, tails = self.nodes.of(fact.subject), self._tails(fact)
        relation.facts += 1
        relation.domain[self._kind(heads[0])] += 1
        relation.range["value" if fact.literal else self._kind(tails[0])] += 1
        if fact.relation in TYPE_RELATIONS:
            self.types[fact.object] += 1
        if fact.literal and fact.relation in self.label_relations:
            self.named.update(heads)
        language = self.languages.setdefault(fact.language, len(self.languages))
        for head in heads:
            for tail in tails:
                self.rows.extend((relation.number, head, language, tail))
                if tail >= 0 and tail != head:
                    self.edges.extend((head, tail))

    def _tails(self, fact: Fact) -> Sequence[int]:
        if not fact.literal:
            return self.nodes.of(fact.object)
        if fact.relation in self.verbal_relations or len(fact.object) > LONGEST_VALUE:
            return (-1 - len(self.rows),)  # no node, and no other value either
        return self.nodes.value(fact)

    def _kind(self, node: int) -> str:
        return "item" if node < self.n_items else "entity"


def _relations(found: list[_Relation], rows: Rows, names: list[str]) -> list[RelationStats]:
    groups, objects = np.unique(np.unique(rows, axis=0)[:, :3], axis=0, return_counts=True)
    subjects = np.bincount(np.unique(groups[:, :2], axis=0)[:, 0], minlength=len(found))
    several = np.unique(groups[objects > 1, :2], axis=0)
    exceptions = np.bincount(several[:, 0], minlength=len(found))
    functional = subjects - exceptions >= FUNCTIONAL * subjects
    made = [
        RelationStats(
            relation.name,
            relation.facts,
            int(subjects[k]),
            dict(relation.domain.most_common()),
            dict(relation.range.most_common()),
            bool(functional[k]),
            [names[n] for n in several[several[:, 0] == k, 1]] if functional[k] else [],
        )
        for k, relation in enumerate(found)
    ]
    return sorted(made, key=lambda relation: (-relation.facts, relation.relation))


def _hubs(degrees: Rows, names: list[str]) -> list[Hub]:
    tied = degrees[degrees > 0]
    if not len(tied):
        return []
    much = np.flatnonzero(degrees > HUB * np.percentile(tied, 99))
    found = [Hub(names[k].replace("\x1f", "="), int(degrees[k])) for k in much]
    return sorted(found, key=lambda hub: (-hub.edges, hub.node))
