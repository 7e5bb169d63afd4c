"""Comparison: features and discrete levels of agreement of each candidate pair."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.fusion.attributes import (
    AGREEMENT,
    NEAR_AGREEMENT,
    AttributePair,
    values_agreement,
)
from tastegraph.kg.fusion.blocking import RecordPairs
from tastegraph.kg.fusion.name_similarity import NameAgreement, compare_names
from tastegraph.kg.fusion.profiles import EntityProfile
from tastegraph.kg.names import normalize_name

SHARE_BOUNDS = (0.0, 0.15, 0.3, 0.5)
"""Bounds between no, little, some, much and mostly shared surroundings of two entities."""
COMPARISON_FEATURES = (
    "agreement",
    "sort",
    "overlap",
    "prefix",
    "words",
    "namesakes",
    "share",
    "weight",
)
SAME_AND_UNIQUE = len(NameAgreement)
"""Level of equal names that no other entity has."""
MAX_NAMESAKES_OF_UNIQUE = 2
POSSIBLE_TYPOS = (NameAgreement.ALIKE, NameAgreement.TYPO)
MIN_WORD_FREQUENCY = 5
"""Entities that have a word from which on it is a word of its own and not a typo."""


@dataclass(frozen=True)
class PairComparison:
    """Candidate pairs, compared.

    Attributes:
        pairs: int32[n, 2], positions in the two sources.
        features: float32[n, F], NaN where one of the two has no value. The columns are
            :data:`COMPARISON_FEATURES` (name agreement and similarities; shared words by rarity;
            number of other entities with either name; shared surroundings by rarity, and their
            weight) and one for each aligned attribute.
        levels: int8[n, L], the same in few steps, -1 where one of the two has no value: names,
            surroundings, and each attribute as disagreement, near agreement, agreement.
    """

    pairs: RecordPairs
    features: NDArray[np.float32]
    levels: NDArray[np.int8]


def compare_pairs(
    left: Sequence[EntityProfile],
    right: Sequence[EntityProfile],
    pairs: RecordPairs,
    attributes: Sequence[AttributePair],
) -> PairComparison:
    """Compare the entities of each pair; ``left`` and ``right`` may be the same list.

    The surroundings of two entities of one source are their facts; those of entities of two
    sources are the names of their neighbours, because relations are named differently.
    """
    one_source = left is right
    sources = [left] if one_source else [left, right]
    offset = 0 if one_source else len(left)
    words = _RarityWeights([_words(p) for source in sources for p in source])
    surroundings = _RarityWeights(
        [
            terms
            for source in sources
            for terms in (_fact_terms(source) if one_source else _neighbour_names(source))
        ]
    )
    first_names = [normalize_name(p.names[0]) for source in sources for p in source]
    frequency = Counter(first_names)
    shape = (len(pairs), len(COMPARISON_FEATURES) + len(attributes))
    features = np.full(shape, np.nan, dtype=np.float32)
    for row, (a, b) in enumerate(pairs.tolist()):
        profile_a, profile_b = left[a], right[b]
        b_number = offset + b
        features[row, :4] = compare_names(profile_a.names, profile_b.names)
        if features[row, 0] in POSSIBLE_TYPOS and words.are_distinguished(a, b_number):
            features[row, 0] = NameAgreement.DISTINCT
        features[row, 4] = words.shared_share(a, b_number)
        features[row, 5] = frequency[first_names[a]] + frequency[first_names[b_number]] - 2
        if surroundings.sets[a] and surroundings.sets[b_number]:
            features[row, 6] = surroundings.shared_share(a, b_number)
            features[row, 7] = surroundings.shared_weight(a, b_number)
        for column, (name_a, name_b) in enumerate(attributes, len(COMPARISON_FEATURES)):
            if name_a in profile_a.attributes and name_b in profile_b.attributes:
                features[row, column] = values_agreement(
                    profile_a.attributes[name_a], profile_b.attributes[name_b]
                )
    return PairComparison(pairs, features, _levels(features))


def _levels(features: NDArray[np.float32]) -> NDArray[np.int8]:
    names = features[:, 0].copy()
    unique = features[:, 5] <= MAX_NAMESAKES_OF_UNIQUE
    names[(names == NameAgreement.SAME) & unique] = SAME_AND_UNIQUE
    share = np.searchsorted(SHARE_BOUNDS, features[:, 6])
    agreement = features[:, len(COMPARISON_FEATURES) :]
    steps = (agreement >= NEAR_AGREEMENT).astype(int) + (agreement >= AGREEMENT)
    missing = np.isnan(np.column_stack([names, features[:, 6], agreement]))
    return np.where(missing, -1, np.column_stack([names, share, steps])).astype(np.int8)


class _RarityWeights:
    """Sets of terms; rare terms weigh more, by inverse document frequency (Spärck Jones 1972)."""

    def __init__(self, sets: list[frozenset[str]]) -> None:
        self.sets = sets
        self._frequency = frequency = Counter(term for terms in sets for term in terms)
        self._weight = {t: math.log((1 + len(sets)) / count) for t, count in frequency.items()}
        self._total = [self._sum(terms) for terms in sets]

    def are_distinguished(self, a: int, b: int) -> bool:
        """Whether each has a term that the other lacks, and all these are common: no typos."""
        only_a, only_b = self.sets[a] - self.sets[b], self.sets[b] - self.sets[a]
        return bool(only_a and only_b) and all(
            self._frequency[term] >= MIN_WORD_FREQUENCY for term in only_a | only_b
        )

    def shared_weight(self, a: int, b: int) -> float:
        return self._sum(self.sets[a] & self.sets[b])

    def shared_share(self, a: int, b: int) -> float:
        norm = math.sqrt(self._total[a] * self._total[b])
        return self.shared_weight(a, b) / max(norm, 1e-9)

    def _sum(self, terms: frozenset[str]) -> float:
        return sum(self._weight[term] for term in terms)


def _words(profile: EntityProfile) -> frozenset[str]:
    return frozenset(word for name in profile.names for word in normalize_name(name).split())


def _neighbour_names(source: Sequence[EntityProfile]) -> list[frozenset[str]]:
    names = {p.id: normalize_name(p.names[0]) for p in source}
    return [
        frozenset(names.get(i, i) for ids in p.neighbours.values() for i in ids) for p in source
    ]


def _fact_terms(source: Sequence[EntityProfile]) -> list[frozenset[str]]:
    return [
        frozenset(f"{relation}\x1f{i}" for relation, ids in p.neighbours.items() for i in ids)
        for p in source
    ]
