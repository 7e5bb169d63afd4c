"""Blocking: the few pairs of entities that are worth comparing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.fusion.name_similarity import name_variants
from tastegraph.kg.fusion.profiles import EntityProfile
from tastegraph.kg.linking.candidates import NameIndex

BLOCKING_NEIGHBOURS = 10
"""Most similar names that make a pair with each name."""
MAX_KEY_BLOCK_SIZE = 40
"""Larger blocks of entities with one key are skipped."""
RecordPairs = NDArray[np.int32]
"""int32[n, 2], positions in the left and right profiles."""
PairKeys = NDArray[np.int64]
"""int64[n], of each pair ``left * (number of right profiles) + right``."""


def pairs_across(left: Sequence[EntityProfile], right: Sequence[EntityProfile]) -> RecordPairs:
    """Candidate pairs of two sources.

    For each name the :data:`BLOCKING_NEIGHBOURS` most similar by character 3-grams, and all
    entities that share a key: a variant of a name, or the first letter with the last word. Keys of
    more than :data:`MAX_KEY_BLOCK_SIZE` entities of a source are ignored.

    Returns:
        int32[pairs, 2], positions in ``left`` and ``right``, sorted, each pair once.
    """
    keys = [
        block(left, left_places, right, right_places)
        for left_places, right_places in _groups(left, right)
        for block in (partial(_similar_names, k=BLOCKING_NEIGHBOURS), _shared_keys)
    ]
    return _to_pairs(keys, len(right))


def pairs_within(profiles: Sequence[EntityProfile]) -> RecordPairs:
    """Candidate pairs within one source, as :func:`pairs_across`; the first position is lower."""
    keys = [
        block(profiles, left_places, profiles, right_places)
        for left_places, right_places in _groups(profiles, profiles)
        for block in (partial(_similar_names, k=BLOCKING_NEIGHBOURS + 1), _shared_keys)
    ]
    pairs = _to_pairs(keys, len(profiles))
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    lower, higher = pairs.astype(np.int64).T
    return _to_pairs([lower * len(profiles) + higher], len(profiles))


def _to_pairs(keys: Sequence[PairKeys], n_right: int) -> RecordPairs:
    """Each pair once, sorted, from keys ``left * n_right + right``."""
    distinct = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))
    return np.stack(np.divmod(distinct, max(n_right, 1)), axis=1).astype(np.int32)


def _groups(
    left: Sequence[EntityProfile], right: Sequence[EntityProfile]
) -> list[tuple[list[int], list[int]]]:
    """Positions on both sides that are compared: of each type, and of entities without one.

    Every entity is in as many groups as it has types, and in two more at most.
    """
    left_by_type, right_by_type = _places_by_type(left), _places_by_type(right)
    left_untyped, right_untyped = left_by_type.pop("", []), right_by_type.pop("", [])
    groups = [
        (left_by_type[name], right_by_type[name])
        for name in sorted(left_by_type.keys() & right_by_type.keys())
    ]
    groups.append((left_untyped, list(range(len(right)))))
    groups.append(([k for k, p in enumerate(left) if p.types], right_untyped))
    return [(a, b) for a, b in groups if a and b]


def _places_by_type(profiles: Sequence[EntityProfile]) -> dict[str, list[int]]:
    """Type → positions of its entities; those without a type under the empty name."""
    places: dict[str, list[int]] = {}
    for place, profile in enumerate(profiles):
        for name in profile.types or ("",):
            places.setdefault(name, []).append(place)
    return places


def _similar_names(
    left: Sequence[EntityProfile],
    left_places: list[int],
    right: Sequence[EntityProfile],
    right_places: list[int],
    k: int,
) -> PairKeys:
    left_names = [(place, name) for place in left_places for name in left[place].names]
    right_names = [(place, name) for place in right_places for name in right[place].names]
    index = NameIndex([name for _, name in right_names])
    nearest, _ = index.nearest([name for _, name in left_names], k)
    rows, columns = np.nonzero(nearest >= 0)
    left_place = np.array([place for place, _ in left_names], dtype=np.int64)
    right_place = np.array([place for place, _ in right_names], dtype=np.int64)
    keys: PairKeys = left_place[rows] * len(right) + right_place[nearest[rows, columns]]
    return keys


def _shared_keys(
    left: Sequence[EntityProfile],
    left_places: list[int],
    right: Sequence[EntityProfile],
    right_places: list[int],
) -> PairKeys:
    left_blocks, right_blocks = _blocks(left, left_places), _blocks(right, right_places)
    n_right = len(right)
    keys = {
        a * n_right + b
        for key in left_blocks.keys() & right_blocks.keys()
        if max(len(left_blocks[key]), len(right_blocks[key])) <= MAX_KEY_BLOCK_SIZE
        for a in left_blocks[key]
        for b in right_blocks[key]
    }
    return np.fromiter(keys, dtype=np.int64, count=len(keys))


def _blocks(profiles: Sequence[EntityProfile], places: list[int]) -> dict[str, set[int]]:
    """Blocking key → positions of the entities with it."""
    blocks: defaultdict[str, set[int]] = defaultdict(set)
    for place in places:
        for name in profiles[place].names:
            for form in name_variants(name):
                blocks[form].add(place)
                words = form.split()
                if len(words) > 1:
                    blocks[f"{words[0][0]} {words[-1]}"].add(place)
    return blocks
