"""Alignment: which attribute of one source says what an attribute of another says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.fusion.values import AGREE, agreement
from tastegraph.kg.linking.names import normalised

FEWEST = 15
LIFT = 2.0
FLOOR = 0.25
SEED = 1
Aligned = tuple[str, str]


def anchors(left: Sequence[Profile], right: Sequence[Profile]) -> list[tuple[int, int]]:
    """Positions of the pairs whose first names are equal, and no other entity's on either side."""
    ours, theirs = _unique(left), _unique(right)
    return [(ours[key], theirs[key]) for key in sorted(ours.keys() & theirs.keys())]


def aligned(left: Sequence[Profile], right: Sequence[Profile]) -> list[Aligned]:
    """Pairs of attributes whose values agree where the entities are the same.

    Two attributes are aligned where their values agree for at least :data:`LIFT` times as many
    anchors as for the same entities paired at random: learning-free, and without the names of
    the attributes. Each attribute is aligned once, the surest first.
    """
    pairs = anchors(left, right)
    found = []
    for one in sorted({name for profile in left for name in profile.attributes}):
        for other in sorted({name for profile in right for name in profile.attributes}):
            both = [
                (left[a].attributes[one], right[b].attributes[other])
                for a, b in pairs
                if one in left[a].attributes and other in right[b].attributes
            ]
            if len(both) < FEWEST:
                continue
            moved = np.random.default_rng(SEED).permutation(len(both)).tolist()
            agree = _agreeing(both)
            chance = _agreeing([(both[k][0], b) for k, (_, b) in zip(moved, both, strict=True)])
            if agree >= FLOOR and agree >= LIFT * chance:
                found.append((agree - chance, one, other))
    taken: set[tuple[str, int]] = set()
    kept = []
    for _, one, other in sorted(found, key=lambda f: (-f[0], f[1], f[2])):
        if not {(one, 0), (other, 1)} & taken:
            taken |= {(one, 0), (other, 1)}
            kept.append((one, other))
    return kept


def shared(profiles: Sequence[Profile]) -> list[Aligned]:
    """Within one source an attribute says what it says: each is aligned with itself."""
    counts = Counter(name for profile in profiles for name in profile.attributes)
    return [(name, name) for name in sorted(counts) if counts[name] >= FEWEST]


def _agreeing(pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> float:
    return sum(agreement(one, other) >= AGREE for one, other in pairs) / len(pairs)


def _unique(profiles: Sequence[Profile]) -> dict[tuple[str, tuple[str, ...]], int]:
    keys = [(normalised(p.names[0]), tuple(sorted(p.types))) for p in profiles]
    counts = Counter(keys)
    return {key: at for at, key in enumerate(keys) if key[0] and counts[key] == 1}
