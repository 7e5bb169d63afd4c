"""Values: how far two literals say the same, whatever each source writes them like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rapidfuzz import fuzz

from tastegraph.kg.fusion.profiles import Profile
from tastegraph.kg.names import normalised
from tastegraph.kg.stats import FUNCTIONAL

AGREE = 0.75
NEAR = 0.5
CLOSE = 0.05
LONG = 64
_DATE = re.compile(r"^([12]\d{3})(?:-(\d\d)-(\d\d))?(?:T[\d:.Z+-]*)?$")
_NUMBER = re.compile(r"^[+-]?\d{1,15}(?:\.\d{1,15})?$")


class Value(NamedTuple):
    """A literal as it is compared.

    Attributes:
        text: normalised, cut where it is long.
        number: what it counts, or the year of a date; ``None`` for words.
        day: month and day of a date, ``""`` where unknown. Sources that know the year alone write
            the first of January, so that this one is unknown, too.
        date: whether it is a year or a date.
    """

    text: str
    number: float | None
    day: str
    date: bool


@lru_cache(maxsize=1 << 16)
def read(literal: str) -> Value:
    """Read a literal as a date, a number or words."""
    plain = literal.strip()
    date = _DATE.match(plain)
    if date:
        day = f"{date.group(2)}-{date.group(3)}" if date.group(2) else ""
        return Value(plain, float(date.group(1)), "" if day == "01-01" else day, True)
    number = float(plain) if _NUMBER.match(plain) else None
    return Value(normalised(plain[:1024]), number, "", False)


def likeness(left: Value, right: Value) -> float:
    """How alike two values are, in [0, 1].

    The same is 1. Years one apart, the same year but another day, and numbers that differ by less
    than a twentieth are :data:`NEAR`: sources differ so about one thing. Other numbers are 0.
    Words are as alike as they overlap.
    """
    if left.number is not None and right.number is not None:
        apart = abs(left.number - right.number)
        if left.date and right.date:
            if not apart and (not left.day or not right.day or left.day == right.day):
                return 1.0
            return NEAR if apart <= 1 else 0.0
        if not apart:
            return 1.0
        return NEAR if apart <= CLOSE * max(abs(left.number), abs(right.number)) else 0.0
    if left.number is not None or right.number is not None or not left.text or not right.text:
        return 0.0
    if left.text == right.text:
        return 1.0
    if max(len(left.text), len(right.text)) <= LONG:
        return fuzz.token_sort_ratio(left.text, right.text) / 100
    ours, theirs = set(left.text.split()), set(right.text.split())
    return len(ours & theirs) / min(len(ours), len(theirs))


def agreement(left: Iterable[str], right: Iterable[str]) -> float:
    """How far two sets of values agree: the part of the smaller that the other has, in [0, 1]."""
    fewer, more = sorted(([read(v) for v in left], [read(v) for v in right]), key=len)
    return sum(max(likeness(one, other) for other in more) for one in fewer) / len(fewer)


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


DISTINCT = 0.95
LONGEST_IDENTIFIER = 32


class Exclusion:
    """What is known apart: by statement, or by an attribute of which a thing has only one.

    Such attributes are found in the data: nearly all that have one have a single value, which is
    a date, or an identifier (letters and digits, hardly ever shared).
    """

    def __init__(self, profiles: Sequence[Profile]) -> None:
        values: dict[str, list[tuple[str, ...]]] = {}
        for profile in profiles:
            for relation, found in profile.attributes.items():
                values.setdefault(relation, []).append(found)
        single = {
            relation: [found[0] for found in those]
            for relation, those in values.items()
            if len(those) >= FEWEST
            and sum(len(found) == 1 for found in those) >= FUNCTIONAL * len(those)
        }
        self._dates = [name for name, those in single.items() if _share(map(_is_date, those))]
        self._identifiers = [
            name
            for name, those in single.items()
            if len(set(those)) >= DISTINCT * len(those) and _share(map(_is_identifier, those))
        ]

    def __call__(self, one: Profile, other: Profile) -> bool:
        """Whether the two cannot be one."""
        return (
            other.id in one.different
            or one.id in other.different
            or any(self._dates_differ(one, other, name) for name in self._dates)
            or any(
                one.attributes[name] != other.attributes[name]
                for name in self._identifiers
                if name in one.attributes and name in other.attributes
            )
        )

    @staticmethod
    def _dates_differ(one: Profile, other: Profile, name: str) -> bool:
        ours, theirs = one.attributes.get(name, ()), other.attributes.get(name, ())
        alike = [likeness(read(a), read(b)) for a in ours for b in theirs]
        return bool(alike) and not max(alike)


def _share(holds: Iterable[bool]) -> bool:
    found = list(holds)
    return sum(found) >= FUNCTIONAL * len(found)


def _is_date(literal: str) -> bool:
    return read(literal).date


def _is_identifier(literal: str) -> bool:
    return (
        len(literal) <= LONGEST_IDENTIFIER
        and not any(c.isspace() for c in literal)
        and any(c.isdigit() for c in literal)
        and any(c.isalpha() for c in literal)
    )
