"""Several ids of one thing: who is who, with what must stay apart kept apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Link
from tastegraph.store import decision_log, statements
from tastegraph.store.schema import facts

Pair = tuple[str, str]
Sure = tuple[str, str, float]
"""Two ids, and how sure it is that they are one thing."""


IDENTITY = frozenset({SAME_AS, DIFFERENT_FROM})


@dataclass(frozen=True)
class Identity:
    """Which ids are one thing.

    Attributes:
        links: the entities that items are.
        same: id → the id that stands for it and for all others of the same thing.
    """

    links: list[Link]
    same: Mapping[str, str]

    def of(self, identifier: str) -> str:
        """The id that stands for ``identifier``."""
        return self.same.get(identifier, identifier)


def identity(connection: Connection, config: Config, without: Collection[str] = ()) -> Identity:
    """Links and merges that are sure enough, from every statement that two ids are one thing.

    Of those that cannot hold together, the later decision of a person goes before the earlier,
    and every decision before what sources state.
    """
    decided = decision_log.affirmed(connection)
    same, different = [], []
    found = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.in_(IDENTITY),
    )
    for key, fact in found:
        if fact.literal or fact.confidence < config.graph.least_sameness:
            continue
        if fact.relation == DIFFERENT_FROM:
            different.append((fact.subject, fact.object))
        else:
            same.append((fact.subject, fact.object, decided.get(key, 0) + fact.confidence))
    pairs = consistent(same, different)
    links = sorted(
        {Link(left.removeprefix(ITEM), right) for left, right in pairs if _is_link(left, right)},
        key=lambda link: (link.item_id, link.entity_id),
    )
    merged = [(*pair, 1.0) for pair in pairs if not _is_link(*pair)]
    return Identity(links, representatives(grouped(merged)))


def consistent(same: Iterable[Sure], different: Iterable[Pair] = ()) -> list[Pair]:
    """The pairs that can hold together, by constrained agglomeration (Davidson & Ravi, PKDD 2005).

    The surest pairs are taken first, and none is taken that would bring two ids together that
    are known to differ: transitive closure alone lets one wrong pair join many.

    Args:
        same: pairs with how sure it is that they are one thing.
        different: pairs that are not.

    Returns:
        Those of ``same`` that were taken, the surest first, each as it was given.
    """
    return _agglomerated(same, different)[0]


def grouped(same: Iterable[Sure], different: Iterable[Pair] = ()) -> list[list[str]]:
    """Ids that are one thing: what the pairs of :func:`consistent` join.

    Returns:
        The groups of two ids and more, each sorted, in a fixed order.
    """
    group = _agglomerated(same, different)[1]
    return sorted({id(members): sorted(members) for members in group.values()}.values())


def representatives(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """Every id of a group → the one that stands for all of them, the first in order."""
    found: dict[str, str] = {}
    for group in groups:
        members = sorted(group)
        found |= dict.fromkeys(members, members[0])
    return found


def _agglomerated(
    same: Iterable[Sure], different: Iterable[Pair]
) -> tuple[list[Pair], dict[str, set[str]]]:
    apart: dict[str, set[str]] = {}
    for left, right in different:
        apart.setdefault(left, set()).add(right)
        apart.setdefault(right, set()).add(left)
    taken: list[Pair] = []
    group: dict[str, set[str]] = {}
    for left, right, _ in sorted(same, key=_surest_first):
        if left == right:
            continue
        one, other = (group.get(end, {end}) for end in (left, right))
        few, many = sorted((one, other), key=len)
        if one is not other:
            if any(not apart.get(member, set()).isdisjoint(many) for member in few):
                continue
            many |= few
            group |= dict.fromkeys((*few, left, right), many)
        taken.append((left, right))
    return taken, group


def _surest_first(pair: Sure) -> tuple[float, str, str, str]:
    left, right, sure = pair
    return -sure, min(left, right), max(left, right), left


def _is_link(left: str, right: str) -> bool:
    return left.startswith(ITEM) and not right.startswith(ITEM)
