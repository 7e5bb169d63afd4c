"""Which scale ratings are on, read from the values that there are, and what a rating says on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Kind = Literal["ratings", "signs", "binary", "counts"]
Values = Mapping[float, int]
"""How often each value occurs."""

SCALE_TOPS = (5.0, 10.0, 20.0, 100.0)
"""The highest marks of the usual scales."""
MIN_RATINGS = 100
"""Ratings from which on their highest one, up to 7, is the top where every mark below occurs."""
FULL_COUNT_QUANTILE = 0.95
"""Share of all counts that are not above the one that counts fully."""


@dataclass(frozen=True, slots=True)
class RatingScale:
    """How the value of a rating is read.

    | kind | values | for its item | against it | says nothing |
    |---|---|---|---|---|
    | ratings | 1–5, 0.5–5, 0–5, 1–7, 1–10, 0–100, … | from ``positive`` on | below | ``unrated`` |
    | signs | −1 and 1, −10 to 10, … | above 0 | below 0 | 0 |
    | binary | 0 and 1 | 1 | 0 | |
    | counts | play counts, amounts | above 0, the more the higher | never | 0 and below |

    Attributes:
        low, high: ends of the scale; of counts, 0 and the count that counts fully.
        positive: the lowest rating that counts for its item; of signs and counts, any above it.
        unrated: a value that stands for "no rating", where there is one.
        n: how many ratings the scale was read from.
        share: of those that say anything, how many count for their item; 0 of none.
    """

    kind: Kind
    low: float
    high: float
    positive: float
    unrated: float | None = None
    n: int = 0
    share: float = 0.0

    def says(self, value: float) -> float:
        """What a rating of ``value`` says of its item, in [-1, 1].

        A count ``v`` above 0 says min(1, log(1 + v) / log(1 + high)).
        """
        if self.kind == "counts":
            return min(1.0, math.log1p(value) / math.log1p(self.high)) if value > 0 else 0.0
        if self.kind == "signs":
            return float((value > 0) - (value < 0))
        if value == self.unrated:
            return 0.0
        return 1.0 if value >= self.positive else -1.0

    def agrees(self, other: RatingScale) -> bool:
        """Whether ratings say the same on either; counts, where one is at most twice as high."""
        if self.kind == "counts":
            highest, lowest = max(self.high, other.high), min(self.high, other.high)
            return other.kind == "counts" and highest <= 2 * lowest
        threshold = (self.positive, self.unrated)
        signs = "signs" in (self.kind, other.kind)
        if signs or other.kind == "counts":
            return self.kind == other.kind
        return threshold == (other.positive, other.unrated)

    def in_words(self) -> str:
        """The scale as a line for people: "ratings 1 to 5: from 4 on they count for an item"."""
        nothing = "" if self.unrated is None else f"; {self.unrated:g} says nothing"
        match self.kind:
            case "ratings":
                from_on = f"from {self.positive:g} on they count for an item"
                return f"ratings {self.low:g} to {self.high:g}: {from_on}{nothing}"
            case "signs":
                return "ratings below and above 0: above 0 they count for an item; 0 says nothing"
            case "binary":
                return "ratings 0 and 1: 1 counts for an item, 0 against it"
            case "counts":
                return (
                    "counts, not ratings: each above 0 counts for its item, the more the higher, "
                    f"fully from {self.high:g} on"
                )

    def as_json(self) -> dict[str, Any]:
        """What :meth:`from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> RatingScale:
        """The scale that :meth:`as_json` wrote."""
        return cls(**saved)


def rating_scale(values: Values, positive: float | None = None) -> RatingScale:
    """The scale that ``values`` are on.

    The usual scales are recognised, rather than the extremes of the values: 3, 4 and 5 are ratings
    from 1 to 5. On any scale the lowest rating that counts for an item is the smallest whole number
    from two thirds of the way up.

    Args:
        values: how often each rating occurs; none are read as 1 to 5.
        positive: the lowest rating that counts for an item, where that is known.
    """
    scale = _recognised(values) if positive is None else _configured(values, positive)
    says = {value: scale.says(value) for value in values}
    telling = sum(n for value, n in values.items() if says[value])
    likes = sum(n for value, n in values.items() if says[value] > 0)
    return replace(scale, n=sum(values.values()), share=likes / telling if telling else 0.0)


def _configured(values: Values, positive: float) -> RatingScale:
    low, high = (min(values), max(values)) if values else (1.0, 5.0)
    return RatingScale("ratings", low, high, positive)


def _recognised(values: Values) -> RatingScale:
    if not values:
        return _ratings({5.0: 1})
    low, high = min(values), max(values)
    if low < 0:
        return _with_negatives(values)
    if values.keys() <= {0.0, 1.0}:
        return RatingScale("binary", 0.0, 1.0, 1.0)
    n = sum(values.values())
    # A matrix with its empty cells, or books that were bought and not rated.
    empty = n >= MIN_RATINGS and 2 * values.get(0.0, 0) > n
    above = _without(values, 0.0)
    if _are_counts(above):
        return _counts(above)
    return replace(_ratings(above), unrated=0.0) if empty and high >= 5 else _ratings(values)


def _with_negatives(values: Values) -> RatingScale:
    low, high = min(values), max(values)
    others = _without(values, low)
    if low == -1 and high >= 3 and min(others) >= 0:
        scale = _recognised(others)
        return scale if scale.kind == "counts" else replace(scale, unrated=-1.0)
    even = -low <= 3 * high and high <= -3 * low and max(-low, high) <= 100
    if even or high <= 10:
        end = max(-low, high)
        return RatingScale("signs", -end, end, 0.0)
    return _counts({value: n for value, n in values.items() if value > 0})


def _are_counts(values: Values) -> bool:
    """Whether ``values``, all above 0, are counts or amounts rather than ratings."""
    high, n, middle = max(values), sum(values.values()), _quantile(values, 0.5)
    if high > SCALE_TOPS[-1] or not all(_is_mark(value) for value in values):
        return True
    if high > 20:
        return middle < 30
    if high > 10:
        return n < MIN_RATINGS or middle < 8
    ones, twos, threes = (values.get(k, 0) for k in (1.0, 2.0, 3.0))
    return n >= MIN_RATINGS and 2 * ones > n and ones > twos > threes > 0


def _is_mark(value: float) -> bool:
    """Whether ``value`` is a whole number of tenths or quarters, as marks are."""
    return any(abs(value * k - round(value * k)) < 1e-6 for k in (10, 4))


def _ratings(values: Values) -> RatingScale:
    low, high, n = min(values), max(values), sum(values.values())
    if high <= 1:
        return RatingScale("ratings", 0.0, 1.0, 2 / 3)
    top = next(top for top in SCALE_TOPS if top >= high)
    if high <= 7 and n >= MIN_RATINGS and all(float(k) in values for k in range(1, int(high) + 1)):
        top = float(math.ceil(high))
    bottom = 0.0 if top >= 20 else min(low, 1.0)
    positive = math.ceil(bottom + 2 / 3 * (top - bottom) - 1e-9)
    return RatingScale("ratings", bottom, top, float(positive))


def _counts(values: Values) -> RatingScale:
    return RatingScale("counts", 0.0, _quantile(values, FULL_COUNT_QUANTILE), 0.0)


def _quantile(values: Values, share: float) -> float:
    """The smallest value that ``share`` of all are not above."""
    target, reached = share * sum(values.values()), 0
    for value in sorted(values):
        reached += values[value]
        if reached >= target:
            return value
    return max(values)


def _without(values: Values, gone: float) -> Values:
    return {value: n for value, n in values.items() if value != gone}
