"""Blocking: the few pairs that are worth a comparison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.fusion.name_similarity import variants
from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.linking.candidates import NameIndex

CANDIDATES = 10
BLOCK = 40
Pairs = NDArray[np.int32]


def across(left: Sequence[Profile], right: Sequence[Profile], k: int = CANDIDATES) -> Pairs:
    """Pairs of two sources: for each name the ``k`` most alike, and those that could be the same.

    Besides character 3-grams, names meet by a key: all their variants, and the first letter with
    the last word. A key that more than :data:`BLOCK` entities of a source share says nothing.

    Returns:
        int32[pairs, 2], positions in ``left`` and ``right``, sorted, each pair once.
    """
    found: set[tuple[int, int]] = set()
    for ours, theirs in _by_type(left, right):
        found.update(_alike(left, ours, right, theirs, k))
        found.update(_keyed(left, ours, right, theirs))
    return _sorted(found)


def within(profiles: Sequence[Profile], k: int = CANDIDATES) -> Pairs:
    """Pairs within one source, as :func:`across`; the first position is the lower."""
    found: set[tuple[int, int]] = set()
    for ours, _ in _by_type(profiles, profiles):
        found.update(_alike(profiles, ours, profiles, ours, k + 1))
        found.update(_keyed(profiles, ours, profiles, ours))
    return _sorted({(min(pair), max(pair)) for pair in found if pair[0] != pair[1]})


def _sorted(pairs: set[tuple[int, int]]) -> Pairs:
    return np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)


def _by_type(
    left: Sequence[Profile], right: Sequence[Profile]
) -> list[tuple[list[int], list[int]]]:
    """Positions on both sides for each type; what has none goes with every type."""
    types = sorted({t for profile in (*left, *right) for t in profile.types}) or [""]
    groups = []
    for name in types:
        ours = [k for k, p in enumerate(left) if not p.types or name in p.types]
        theirs = [k for k, p in enumerate(right) if not p.types or name in p.types]
        if ours and theirs:
            groups.append((ours, theirs))
    return groups


def _alike(
    left: Sequence[Profile], ours: list[int], right: Sequence[Profile], theirs: list[int], k: int
) -> set[tuple[int, int]]:
    owners = [at for at in theirs for _ in right[at].names]
    queries = [at for at in ours for _ in left[at].names]
    index = NameIndex([name for at in theirs for name in right[at].names])
    nearest, _ = index.nearest([name for at in ours for name in left[at].names], k)
    return {
        (query, owners[found])
        for query, row in zip(queries, nearest.tolist(), strict=True)
        for found in row
        if found >= 0
    }


def _keyed(
    left: Sequence[Profile], ours: list[int], right: Sequence[Profile], theirs: list[int]
) -> set[tuple[int, int]]:
    one, other = _keys(left, ours), _keys(right, theirs)
    return {
        (a, b)
        for key in one.keys() & other.keys()
        if max(len(one[key]), len(other[key])) <= BLOCK
        for a in one[key]
        for b in other[key]
    }


def _keys(profiles: Sequence[Profile], at: list[int]) -> dict[str, set[int]]:
    keys: defaultdict[str, set[int]] = defaultdict(set)
    for position in at:
        for name in profiles[position].names:
            for form in variants(name):
                keys[form].add(position)
                words = form.split()
                if len(words) > 1:
                    keys[f"{words[0][0]} {words[-1]}"].add(position)
    return keys
