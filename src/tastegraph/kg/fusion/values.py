"""Values: how far two literals say the same, whatever each source writes them like."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from tastegraph.kg.linking.names import normalised

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
