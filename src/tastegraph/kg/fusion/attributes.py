"""Attributes: similarity of literals, alignment across sources, and attributes that rule out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz

from tastegraph.kg.fusion.profiles import EntityProfile
from tastegraph.kg.names import normalize_name
from tastegraph.kg.stats import MIN_FUNCTIONAL_SHARE

AGREEMENT, NEAR_AGREEMENT = 0.75, 0.5
"""Similarity from which on values agree, and from which on they nearly agree."""
NUMBER_TOLERANCE = 0.05
"""Relative difference up to which two numbers nearly agree."""
MAX_RATIO_LENGTH = 64
"""Characters of texts that are compared by characters; longer ones are compared by words."""
MAX_LITERAL_LENGTH = 1024
"""Characters of a literal that are compared, at most."""
MIN_PROFILES = 15
"""Entities that must have an attribute, or pairs both attributes, to learn about them."""
MIN_LIFT, MIN_ALIGNED_SHARE = 2.0, 0.25
"""How much more often than by chance, and how often, values of aligned attributes agree."""
MIN_DISTINCT_SHARE = 0.95
"""Share of values of an identifier attribute that are unique, at least."""
MAX_IDENTIFIER_LENGTH = 32
PERMUTATION_SEED = 1

_DATE = re.compile(r"^([12]\d{3})(?:-(\d\d)-(\d\d))?(?:T[\d:.Z+-]*)?$")
_NUMBER = re.compile(r"^[+-]?\d{1,15}(?:\.\d{1,15})?$")

AttributePair = tuple[str, str]


class ParsedLiteral(NamedTuple):
    """A literal, parsed for comparison.

    Attributes:
        text: normalized and cut to :data:`MAX_LITERAL_LENGTH`.
        number: the number, or the year of a date; ``None`` for words.
        day: month and day of a date, ``""`` if unknown. The first of January counts as unknown,
            because sources that know only the year write it.
        is_date: whether it is a year or a date.
    """

    text: str
    number: float | None
    day: str
    is_date: bool


@lru_cache(maxsize=1 << 16)
def parse_literal(literal: str) -> ParsedLiteral:
    """Parse a literal as a date, a number or words."""
    plain = literal.strip()
    date = _DATE.match(plain)
    if date:
        day = f"{date.group(2)}-{date.group(3)}" if date.group(2) else ""
        return ParsedLiteral(plain, float(date.group(1)), "" if day == "01-01" else day, True)
    number = float(plain) if _NUMBER.match(plain) else None
    return ParsedLiteral(normalize_name(plain[:MAX_LITERAL_LENGTH]), number, "", False)


def literal_similarity(left: ParsedLiteral, right: ParsedLiteral) -> float:
    """Similarity of two literals, in [0, 1].

    Equal values have 1. Years that differ by one, different days of one year, and numbers that
    differ by at most 5 % have :data:`NEAR_AGREEMENT`, because sources differ that much about one
    thing; other numbers have 0. Words have their token overlap.
    """
    if left.number is not None and right.number is not None:
        gap = abs(left.number - right.number)
        if left.is_date and right.is_date:
            if not gap and (not left.day or not right.day or left.day == right.day):
                return 1.0
            return NEAR_AGREEMENT if gap <= 1 else 0.0
        if not gap:
            return 1.0
        largest = max(abs(left.number), abs(right.number))
        return NEAR_AGREEMENT if gap <= NUMBER_TOLERANCE * largest else 0.0
    if left.number is not None or right.number is not None or not left.text or not right.text:
        return 0.0
    if left.text == right.text:
        return 1.0
    if max(len(left.text), len(right.text)) <= MAX_RATIO_LENGTH:
        return fuzz.token_sort_ratio(left.text, right.text) / 100
    left_words, right_words = set(left.text.split()), set(right.text.split())
    return len(left_words & right_words) / min(len(left_words), len(right_words))


def values_agreement(left: Iterable[str], right: Iterable[str]) -> float:
    """Agreement of two non-empty sets of values, in [0, 1]: share of the smaller in the larger."""
    parsed = ([parse_literal(value) for value in values] for values in (left, right))
    smaller, larger = sorted(parsed, key=len)
    best = (max(literal_similarity(a, b) for b in larger) for a in smaller)
    return sum(best) / len(smaller)


def anchor_pairs(
    left: Sequence[EntityProfile], right: Sequence[EntityProfile]
) -> list[tuple[int, int]]:
    """Pairs of positions whose first names and types are equal, and unique on both sides."""
    left_places, right_places = _unique_names(left), _unique_names(right)
    shared = sorted(left_places.keys() & right_places.keys())
    return [(left_places[key], right_places[key]) for key in shared]


def align_attributes(
    left: Sequence[EntityProfile], right: Sequence[EntityProfile]
) -> list[AttributePair]:
    """Pairs of attributes of two sources that hold the same property.

    Two attributes are aligned if their values agree for at least :data:`MIN_LIFT` times as many
    anchor pairs as for the same entities paired at random. Neither training data nor the names of
    the attributes are used. Each attribute is aligned at most once, the best pair first.
    """
    anchors = anchor_pairs(left, right)
    scored = []
    for a in sorted({name for profile in left for name in profile.attributes}):
        for b in sorted({name for profile in right for name in profile.attributes}):
            values = [
                (left[i].attributes[a], right[j].attributes[b])
                for i, j in anchors
                if a in left[i].attributes and b in right[j].attributes
            ]
            if len(values) < MIN_PROFILES:
                continue
            order = np.random.default_rng(PERMUTATION_SEED).permutation(len(values)).tolist()
            shuffled = [
                (values[k][0], right_values)
                for k, (_, right_values) in zip(order, values, strict=True)
            ]
            share, by_chance = _agreeing_share(values), _agreeing_share(shuffled)
            if share >= MIN_ALIGNED_SHARE and share >= MIN_LIFT * by_chance:
                scored.append((share - by_chance, a, b))
    used: set[tuple[str, int]] = set()
    aligned = []
    for _, a, b in sorted(scored, key=lambda entry: (-entry[0], entry[1], entry[2])):
        if not {(a, 0), (b, 1)} & used:
            used |= {(a, 0), (b, 1)}
            aligned.append((a, b))
    return aligned


def shared_attributes(profiles: Sequence[EntityProfile]) -> list[AttributePair]:
    """Within one source: each attribute of enough entities, paired with itself."""
    counts = Counter(name for profile in profiles for name in profile.attributes)
    return [(name, name) for name in sorted(counts) if counts[name] >= MIN_PROFILES]


def _agreeing_share(pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> float:
    return sum(values_agreement(a, b) >= AGREEMENT for a, b in pairs) / len(pairs)


def _unique_names(profiles: Sequence[EntityProfile]) -> dict[tuple[str, tuple[str, ...]], int]:
    keys = [(normalize_name(p.names[0]), tuple(sorted(p.types))) for p in profiles]
    counts = Counter(keys)
    return {key: place for place, key in enumerate(keys) if key[0] and counts[key] == 1}


class ExclusionRules:
    """Which entities cannot be one, however similar their names are.

    Two entities are excluded by a statement that they differ, or by different values of an
    attribute of which a thing has only one. The data show which attributes these are: nearly all
    entities have a single value, which is a date or an identifier (letters and digits, nearly
    always unique).

    Args:
        profiles: the entities of one source.
    """

    def __init__(self, profiles: Sequence[EntityProfile]) -> None:
        values: dict[str, list[tuple[str, ...]]] = {}
        for profile in profiles:
            for relation, of_profile in profile.attributes.items():
                values.setdefault(relation, []).append(of_profile)
        functional = {
            relation: [of_profile[0] for of_profile in rows]
            for relation, rows in values.items()
            if len(rows) >= MIN_PROFILES and _nearly_all(len(row) == 1 for row in rows)
        }
        self._dates = [
            name for name, column in functional.items() if _nearly_all(map(_is_date, column))
        ]
        self._identifiers = [
            name
            for name, column in functional.items()
            if len(set(column)) >= MIN_DISTINCT_SHARE * len(column)
            and _nearly_all(map(_is_identifier, column))
        ]

    def exclude(self, left: EntityProfile, right: EntityProfile) -> bool:
        """Whether the two cannot be one entity."""
        return (
            right.id in left.different
            or left.id in right.different
            or any(self._dates_differ(left, right, name) for name in self._dates)
            or any(
                left.attributes[name] != right.attributes[name]
                for name in self._identifiers
                if name in left.attributes and name in right.attributes
            )
        )

    @staticmethod
    def _dates_differ(left: EntityProfile, right: EntityProfile, name: str) -> bool:
        similarities = [
            literal_similarity(parse_literal(a), parse_literal(b))
            for a in left.attributes.get(name, ())
            for b in right.attributes.get(name, ())
        ]
        return bool(similarities) and not max(similarities)


def _nearly_all(conditions: Iterable[bool]) -> bool:
    values = list(conditions)
    return sum(values) >= MIN_FUNCTIONAL_SHARE * len(values)


def _is_date(literal: str) -> bool:
    return parse_literal(literal).is_date


def _is_identifier(literal: str) -> bool:
    return (
        len(literal) <= MAX_IDENTIFIER_LENGTH
        and not any(c.isspace() for c in literal)
        and any(c.isdigit() for c in literal)
        and any(c.isalpha() for c in literal)
    )
