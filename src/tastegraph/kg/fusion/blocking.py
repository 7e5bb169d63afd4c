"""Blocking: the few pairs of entities that are worth comparing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

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


def pairs_across(left: Sequence[EntityProfile], right: Sequence[EntityProfile]) -> RecordPairs:
    """Candidate pairs of two sources.

    For each name the :data:`BLOCKING_NEIGHBOURS` most similar by character 3-grams, and all
    entities that share a key: a variant of a name, or the first letter with the last word. Keys of
    more than :data:`MAX_KEY_BLOCK_SIZE` entities of a source are ignored.

    Returns:
        int32[pairs, 2], positions in ``left`` and ``right``, sorted, each pair once.
    """
    pairs: set[tuple[int, int]] = set()
    for left_places, right_places in _places_by_type(left, right):
        pairs.update(_similar_names(left, left_places, right, right_places, BLOCKING_NEIGHBOURS))
        pairs.update(_shared_keys(left, left_places, right, right_places))
    return _to_array(pairs)


def pairs_within(profiles: Sequence[EntityProfile]) -> RecordPairs:
    """Candidate pairs within one source, as :func:`pairs_across`; the first position is lower."""
    pairs: set[tuple[int, int]] = set()
    for places, _ in _places_by_type(profiles, profiles):
        pairs.update(_similar_names(profiles, places, profiles, places, BLOCKING_NEIGHBOURS + 1))
        pairs.update(_shared_keys(profiles, places, profiles, places))
    return _to_array({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})


def _to_array(pairs: set[tuple[int, int]]) -> RecordPairs:
    return np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)


def _places_by_type(
    left: Sequence[EntityProfile], right: Sequence[EntityProfile]
) -> list[tuple[list[int], list[int]]]:
    """Positions on both sides for each type; entities without a type are in every group."""
    types = sorted({t for profile in (*left, *right) for t in profile.types}) or [""]
    groups = []
    for name in types:
        left_places, right_places = (
            [k for k, p in enumerate(side) if not p.types or name in p.types]
            for side in (left, right)
        )
        if left_places and right_places:
            groups.append((left_places, right_places))
    return groups


def _similar_names(
    left: Sequence[EntityProfile],
    left_places: list[int],
    right: Sequence[EntityProfile],
    right_places: list[int],
    k: int,
) -> set[tuple[int, int]]:
    left_names = [(place, name) for place in left_places for name in left[place].names]
    right_names = [(place, name) for place in right_places for name in right[place].names]
    index = NameIndex([name for _, name in right_names])
    nearest, _ = index.nearest([name for _, name in left_names], k)
    return {
        (place, right_names[match][0])
        for (place, _), row in zip(left_names, nearest.tolist(), strict=True)
        for match in row
        if match >= 0
    }


def _shared_keys(
    left: Sequence[EntityProfile],
    left_places: list[int],
    right: Sequence[EntityProfile],
    right_places: list[int],
) -> set[tuple[int, int]]:
    left_blocks, right_blocks = _blocks(left, left_places), _blocks(right, right_places)
    return {
        (a, b)
        for key in left_blocks.keys() & right_blocks.keys()
        if max(len(left_blocks[key]), len(right_blocks[key])) <= MAX_KEY_BLOCK_SIZE
        for a in left_blocks[key]
        for b in right_blocks[key]
    }


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
