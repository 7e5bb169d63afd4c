"""Identity resolution: which ids are one thing, and which must stay apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Link
from tastegraph.kg.item_ids import ItemIds
from tastegraph.store import decision_log
from tastegraph.store.fact_rows import fact_rows
from tastegraph.store.schema import facts

IdPair = tuple[str, str]
WeightedPair = tuple[str, str, float]
"""Two ids, and the confidence that they are one thing."""

IDENTITY_RELATIONS = frozenset({SAME_AS, DIFFERENT_FROM})


@dataclass(frozen=True)
class Identity:
    """Which ids are one thing.

    Attributes:
        links: item → entity, for the items that are entities of the graph.
        canonical: id → the canonical id of its group, for ids in a group of two or more.
        item_ids: which ids in facts are items.
    """

    links: list[Link]
    canonical: Mapping[str, str]
    item_ids: ItemIds = field(default_factory=ItemIds)

    def canonical_id(self, identifier: str) -> str:
        """The id that represents ``identifier`` and all ids of the same thing."""
        return self.canonical.get(identifier, identifier)

    @cached_property
    def stored_names(self) -> Mapping[str, str]:
        """Id as facts in the store may have it → canonical id, of all ids that differ from it."""
        names = dict(self.canonical)
        for item_id in self.item_ids.bare:
            names[item_id] = self.canonical_id(ITEM + item_id)
        return names


def resolve_identity(
    connection: Connection, config: Config, without: Collection[str] = ()
) -> Identity:
    """Decide which ids are one thing, from all stored ``owl:sameAs`` and ``owl:differentFrom``.

    Statements with less confidence than ``graph.min_identity_confidence`` do not count. Of
    statements that contradict each other, decisions of people go before sources, and later
    decisions before earlier ones.

    Args:
        without: names of sources whose statements are ignored.
    """
    affirmed = decision_log.affirmed(connection)
    same, different = [], []
    item_ids = ItemIds.of_store(connection)
    statements_of_identity = fact_rows(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.in_(IDENTITY_RELATIONS) & ~facts.c.literal,
    )
    for fact_id, subject, relation, value, *_, confidence in statements_of_identity:
        if confidence < config.graph.min_identity_confidence:
            continue
        ends = item_ids.id_of(subject), item_ids.id_of(value)
        if relation == DIFFERENT_FROM:
            different.append(ends)
        else:
            same.append((*ends, affirmed.get(fact_id, 0) + confidence))
    links, merges = set(), []
    for left, right in consistent_pairs(same, different):
        if left.startswith(ITEM) and not right.startswith(ITEM):
            links.add((left.removeprefix(ITEM), right))
        else:
            merges.append((left, right, 1.0))
    return Identity(
        [Link(*pair) for pair in sorted(links)], canonical_ids(identity_groups(merges)), item_ids
    )


def consistent_pairs(
    same: Iterable[WeightedPair], different: Iterable[IdPair] = ()
) -> list[IdPair]:
    """The pairs that can hold together, by constrained agglomeration (Davidson & Ravi, PKDD 2005).

    Pairs are accepted in the order of their confidence. A pair is rejected if it would join two
    groups that contain ids known to differ. Plain transitive closure would let one wrong pair
    join many ids.

    Args:
        same: pairs with the confidence that they are one thing.
        different: pairs that are known to be two things.

    Returns:
        The accepted pairs of ``same``, the most confident first, as they were passed.
    """
    return _agglomerate(same, different)[0]


def identity_groups(
    same: Iterable[WeightedPair], different: Iterable[IdPair] = ()
) -> list[list[str]]:
    """Groups of ids that are one thing: what the pairs of :func:`consistent_pairs` join.

    Returns:
        The groups of two ids and more, each sorted, in a fixed order.
    """
    group = _agglomerate(same, different)[1]
    return sorted({id(members): sorted(members) for members in group.values()}.values())


def canonical_ids(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """Map every id of a group to the id that represents it, the first in alphabetical order."""
    canonical: dict[str, str] = {}
    for group in groups:
        members = sorted(group)
        canonical |= dict.fromkeys(members, members[0])
    return canonical


def _agglomerate(
    same: Iterable[WeightedPair], different: Iterable[IdPair]
) -> tuple[list[IdPair], dict[str, set[str]]]:
    conflicts: dict[str, set[str]] = {}
    for left, right in different:
        conflicts.setdefault(left, set()).add(right)
        conflicts.setdefault(right, set()).add(left)
    accepted: list[IdPair] = []
    group: dict[str, set[str]] = {}
    for left, right, _ in sorted(same, key=_by_confidence):
        if left == right:
            continue
        if left not in group and right not in group:
            if right not in conflicts.get(left, ()):
                group[left] = group[right] = {left, right}
                accepted.append((left, right))
            continue
        groups = [group.get(end, {end}) for end in (left, right)]
        smaller, larger = sorted(groups, key=len)
        if smaller is not larger:
            if any(not conflicts.get(member, set()).isdisjoint(larger) for member in smaller):
                continue
            larger |= smaller
            group |= dict.fromkeys((*smaller, left, right), larger)
        accepted.append((left, right))
    return accepted, group


def _by_confidence(pair: WeightedPair) -> tuple[float, str, str, str]:
    left, right, confidence = pair
    return -confidence, min(left, right), max(left, right), left
