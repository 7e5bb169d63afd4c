"""Comparison: what speaks for and against two entities being one, as numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.fusion.attributes import AGREE, NEAR, Aligned, agreement
from tastegraph.kg.fusion.blocking import Pairs
from tastegraph.kg.fusion.name_similarity import Agreement, compared
from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.names import normalised

SHARES = (0.0, 0.15, 0.3, 0.5)
"""Bounds between nothing in common, little, some, much and most of what surrounds two entities."""
NAMES = ("agreement", "sort", "overlap", "prefix", "words", "namesakes", "share", "weight")
SAME_AND_UNIQUE = len(Agreement)
SLIPS = (Agreement.ALIKE, Agreement.TYPO)
COMMON = 5


@dataclass(frozen=True)
class Comparison:
    """Candidate pairs, compared.

    Attributes:
        pairs: int32[n, 2], positions in the two sources.
        features: float32[n, F], NaN where one of the two does not say: the columns of
            :data:`NAMES` – agreement and likenesses of the names; the part of their words, by
            rarity, that is common; how many other entities have either name; the part of what
            surrounds them, by rarity, that is common, and its weight – and one for each aligned
            attribute.
        levels: int8[n, L], the same in few steps, -1 where one does not say: names, what
            surrounds the two, and each attribute as disagrees, nearly agrees, agrees.
    """

    pairs: Pairs
    features: NDArray[np.float32]
    levels: NDArray[np.int8]


def compare(
    left: Sequence[Profile],
    right: Sequence[Profile],
    pairs: Pairs,
    attributes: Sequence[Aligned],
) -> Comparison:
    """Compare the entities of each pair; ``left`` and ``right`` may be one and the same source.

    Two entities of one source are surrounded by facts, which are compared as they are; those of
    two sources by the names of their neighbours, whatever the relations are called.
    """
    alone = left is right
    sources = [left] if alone else [left, right]
    offset = 0 if alone else len(left)
    words = _Rarity([_words(p) for source in sources for p in source])
    around = _Rarity([terms for source in sources for terms in _around(source, named=not alone)])
    first = [normalised(p.names[0]) for source in sources for p in source]
    bearers = Counter(first)
    features = np.full((len(pairs), len(NAMES) + len(attributes)), np.nan, dtype=np.float32)
    for row, (a, b) in enumerate(pairs.tolist()):
        one, other = left[a], right[b]
        features[row, :4] = compared(one.names, other.names)
        if features[row, 0] in SLIPS and words.tell_apart(a, offset + b):
            features[row, 0] = Agreement.DISTINCT
        features[row, 4] = words.share(a, offset + b)
        features[row, 5] = bearers[first[a]] + bearers[first[offset + b]] - 2
        if around.sets[a] and around.sets[offset + b]:
            features[row, 6] = around.share(a, offset + b)
            features[row, 7] = around.weight(a, offset + b)
        for column, (ours, theirs) in enumerate(attributes, len(NAMES)):
            if ours in one.attributes and theirs in other.attributes:
                features[row, column] = agreement(one.attributes[ours], other.attributes[theirs])
    return Comparison(pairs, features, _levels(features))


def _levels(features: NDArray[np.float32]) -> NDArray[np.int8]:
    names = features[:, 0].copy()
    only_each_other = features[:, 5] <= 2
    names[(names == Agreement.SAME) & only_each_other] = SAME_AND_UNIQUE
    share = np.searchsorted(SHARES, features[:, 6])
    rest = features[:, len(NAMES) :]
    levels = np.column_stack([names, share, (rest >= NEAR).astype(int) + (rest >= AGREE)])
    missing = np.isnan(np.column_stack([names, features[:, 6], rest]))
    return np.where(missing, -1, levels).astype(np.int8)


class _Rarity:
    """Sets of terms, a term weighing the more the fewer have it (Spärck Jones 1972)."""

    def __init__(self, sets: list[frozenset[str]]) -> None:
        self.sets = sets
        self._counts = counts = Counter(term for terms in sets for term in terms)
        self._weight = {t: math.log((1 + len(sets)) / count) for t, count in counts.items()}
        self._total = [self._sum(terms) for terms in sets]

    def tell_apart(self, a: int, b: int) -> bool:
        """Whether each has a term of its own, and all these are in use: a slip makes rare ones."""
        ours, theirs = self.sets[a] - self.sets[b], self.sets[b] - self.sets[a]
        own = ours | theirs
        return bool(ours and theirs) and all(self._counts[term] >= COMMON for term in own)

    def weight(self, a: int, b: int) -> float:
        return self._sum(self.sets[a] & self.sets[b])

    def share(self, a: int, b: int) -> float:
        return self.weight(a, b) / max(math.sqrt(self._total[a] * self._total[b]), 1e-9)

    def _sum(self, terms: frozenset[str]) -> float:
        return sum(self._weight[term] for term in terms)


def _words(profile: Profile) -> frozenset[str]:
    return frozenset(word for name in profile.names for word in normalised(name).split())


def _around(source: Sequence[Profile], *, named: bool) -> list[frozenset[str]]:
    """What surrounds each profile: its facts or, if asked for, the names of its neighbours."""
    if named:
        names = {p.id: normalised(p.names[0]) for p in source}
        return [
            frozenset(names.get(i, i) for ids in p.neighbours.values() for i in ids) for p in source
        ]
    return [
        frozenset(f"{relation}\x1f{i}" for relation, ids in p.neighbours.items() for i in ids)
        for p in source
    ]
