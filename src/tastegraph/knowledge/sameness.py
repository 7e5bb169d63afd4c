"""Several ids of one thing: who is who, with what must stay apart kept apart."""

from __future__ import annotations

from collections.abc import Iterable

Pair = tuple[str, str]


def grouped(
    same: Iterable[tuple[str, str, float]], different: Iterable[Pair] = ()
) -> list[list[str]]:
    """Ids that are one thing, by constrained agglomeration (Davidson & Ravi, PKDD 2005).

    The surest pairs are joined first, and no pair is joined where that would bring two ids
    together that are known to differ: transitive closure alone lets one wrong pair join many.

    Args:
        same: pairs with how sure it is that they are one thing.
        different: pairs that are not.

    Returns:
        The groups of two ids and more, each sorted, in a fixed order.
    """
    group: dict[str, set[str]] = {}
    apart: dict[str, set[str]] = {}
    for left, right in different:
        apart.setdefault(left, set()).add(right)
        apart.setdefault(right, set()).add(left)
    for left, right, _ in sorted(same, key=lambda pair: (-pair[2], pair[0], pair[1])):
        one, other = (group.get(end, {end}) for end in (left, right))
        if one is other or any(apart.get(member, set()) & other for member in one):
            continue
        joined = one | other
        for member in joined:
            group[member] = joined
    groups = {min(members): members for members in group.values() if len(members) > 1}
    return [sorted(groups[first]) for first in sorted(groups)]


def representatives(groups: Iterable[Iterable[str]]) -> dict[str, str]:
    """Every id of a group → the one that stands for all of them, the first in order."""
    found: dict[str, str] = {}
    for group in groups:
        members = sorted(group)
        found |= dict.fromkeys(members, members[0])
    return found
