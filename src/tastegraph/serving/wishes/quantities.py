"""Years and numbers in a wish: *the seventies*, *before 1980*, *under 30*, 八十年代, 100 以下."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from re import Match
from typing import NamedTuple

YEAR = "year"
TOLERANCE = 0.2
"""*Around 20* is from 16 to 24."""
_TENS = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70,
    "eighties": 80, "nineties": 90,
    "二十": 20, "三十": 30, "四十": 40, "五十": 50, "六十": 60, "七十": 70, "八十": 80, "九十": 90,
}  # fmt: skip
_PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9), "": (0, 9)}
_ENGLISH_TENS = "|".join(word for word in _TENS if word.isascii())
_CHINESE_TENS = "|".join(word for word in _TENS if not word.isascii())
_CURRENCIES = "€|\\$|£|¥|￥|euros?|eur|dollars?|usd|bucks|pounds?|gbp|yuan|rmb"
_CURRENCIES += "|元|块钱|块|欧元|美元|英镑"
_UNITS = {
    **dict.fromkeys(("g", "gram", "grams", "克"), ("weight", "g")),
    **dict.fromkeys(("kg", "kilo", "kilos", "公斤", "千克"), ("weight", "kg")),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "分钟"), ("duration", "min")),
    **dict.fromkeys(("h", "hour", "hours", "小时"), ("duration", "h")),
}
_LONGEST_FIRST = "|".join(sorted(_UNITS, key=len, reverse=True))
_CURRENCY = rf"(?:\s*(?:{_CURRENCIES}))?"
_NUMBER = r"(?:[€$£¥￥]\s*)?(\d{1,9}(?:[.,]\d{1,2})?)(?!\d)"
_AMOUNT = rf"{_NUMBER}{_CURRENCY}(?:\s*(?P<unit>{_LONGEST_FIRST})(?![a-z]))?"
_YEAR = rf"(1[5-9]\d\d|20\d\d)(?!\d)(?!\s*(?:{_CURRENCIES}))\s*年?"
_UNDER = (
    "(?:under|below|less than|cheaper than|up to|at most|no more than|not more than|max(?:imum)?"
    "|within|<=?|lighter than|shorter than|不超过|低于|少于|最多|小于)"
)
_OVER = (
    "(?:over|above|more than|at least|min(?:imum)?|from|>=?|starting at|no less than"
    "|heavier than|longer than|超过|高于|至少|多于|大于)"
)
_LAST_CENTURY = "(?:上世纪|上个世纪|20世纪|二十世纪)?"
_DAYS = {
    "day": 1.0,
    "week": 7.0,
    "month": 30.0,
    "天": 1.0,
    "日": 1.0,
    "周": 7.0,
    "星期": 7.0,
    "月": 30.0,
}
_SMALL_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10,
    "couple": 2, "few": 3,
    "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "十": 10,
}  # fmt: skip
_DURATION = re.compile(
    r"\bfor (?:the )?(?:next |coming )?(?:a )?(\d{1,3}|one|two|three|four|five|six|seven|ten|couple"
    r"(?: of)?|few) (day|week|month)s?\b"
    r"|(?:接下来|未来|今后|这)的?(\d{1,3}|[一两二三四五六七十])个?(天|日|周|星期|月)内?"
)
Bounds = tuple[float | None, float | None]


class Quantity(NamedTuple):
    """A range of years or numbers in a wish.

    Attributes:
        start, end: half-open span of characters.
        measure: ``year``, or what the unit says, or ``None`` for a bare number.
        unit: of the numbers, empty where none is named.
        low, high: both included; ``None`` where there is no bound.
    """

    start: int
    end: int
    measure: str | None
    unit: str
    low: float | None
    high: float | None


def quantities(wish: str) -> list[Quantity]:
    """All ranges in a wish, in order, without overlaps: the longest of those that begin first."""
    text = _lower(wish)
    matches = sorted(
        (q for rule in _RULES for q in rule(text)), key=lambda q: (q.start, -(q.end - q.start))
    )
    chosen: list[Quantity] = []
    for quantity in matches:
        if not chosen or quantity.start >= chosen[-1].end:
            chosen.append(quantity)
    return chosen


def durations(wish: str) -> list[tuple[int, int, float]]:
    """Spans of *for the next two weeks*, 接下来3天, and how many days each is."""
    return [
        (m.start(), m.end(), _small_number(m[1] or m[3]) * _DAYS[m[2] or m[4]])
        for m in _DURATION.finditer(_lower(wish))
    ]


def _lower(wish: str) -> str:
    """In lower case, character by character, so that places stay."""
    lower = wish.lower()
    return lower if len(lower) == len(wish) else wish


def _small_number(text: str) -> float:
    return float(max(int(text), 1)) if text.isdigit() else _SMALL_NUMBERS[text.split()[0]]


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _decade(text: str) -> int:
    """First year of *1990s*, *90s*, *seventies*, 八十."""
    if text in _TENS:
        return 1900 + _TENS[text]
    digits = int(re.sub(r"\D", "", text))
    if digits > 99:
        return digits
    return (2000 if digits < 20 else 1900) + digits


def _part_of_decade(m: Match[str]) -> Bounds:
    first, part = _decade(m[2]), (m[1] or "").strip("- ")
    low, high = _PARTS[part]
    return first + low, first + high


def _whole_decade(m: Match[str]) -> Bounds:
    return _decade(m[1]), _decade(m[1]) + 9


def _century(m: Match[str]) -> Bounds:
    first = (int(m[1]) - 1) * 100
    return first, first + 99


def _both_years(m: Match[str]) -> Bounds:
    low, high = sorted((int(m[1]), int(m[2])))
    return low, high


def _both(m: Match[str]) -> Bounds:
    low, high = sorted((_number(m[1]), _number(m[2])))
    return low, high


def _at_most(m: Match[str]) -> Bounds:
    return None, _number(m[1])


def _at_least(m: Match[str]) -> Bounds:
    return _number(m[1]), None


def _about(m: Match[str]) -> Bounds:
    number = _number(m[1])
    return round(number * (1 - TOLERANCE), 6), round(number * (1 + TOLERANCE), 6)


def _before(m: Match[str]) -> Bounds:
    return None, int(m[1]) - 1


def _after(m: Match[str]) -> Bounds:
    return int(m[1]) + 1, None


def _since(m: Match[str]) -> Bounds:
    return int(m[1]), None


def _in_year(m: Match[str]) -> Bounds:
    return int(m[1]), int(m[1])


_PATTERNS: tuple[tuple[str, Callable[[Match[str]], Bounds], str | None], ...] = (
    (r"\b(early |mid[- ]|late )?(?:the )?['’]?((?:1[5-9]|20)?\d0['’]?s)(?![a-z])",
     _part_of_decade, YEAR),
    (rf"\b(early |mid[- ]|late )?(?:the )?({_ENGLISH_TENS})\b", _part_of_decade, YEAR),
    (r"\b(?:the )?(?:noughties|two thousands)\b", lambda _: (2000, 2009), YEAR),
    (rf"{_LAST_CENTURY}({_CHINESE_TENS})年代", _whole_decade, YEAR),
    (rf"{_LAST_CENTURY}((?:1[5-9]|20)?\d0)\s*年代", _whole_decade, YEAR),
    (r"\b(?:the )?(1[6-9]|20|21)(?:th|st)[- ]century\b", _century, YEAR),
    (r"(1[6-9]|20|21)世纪", _century, YEAR),
    (rf"\b(?:before|until|till|prior to|older than|earlier than|pre)[- ]?{_YEAR}", _before, YEAR),
    (rf"\b(?:after|post|newer than|later than)[- ]?{_YEAR}", _after, YEAR),
    (rf"\b(?:since|from|as of) {_YEAR}(?: on(?:wards?)?)?", _since, YEAR),
    (rf"\bup to {_YEAR}", lambda m: (None, int(m[1])), YEAR),
    (rf"(?:\bbetween |\bfrom )?{_YEAR}\s*(?:and|to|until|till|-|–|—|~)\s*{_YEAR}",
     _both_years, YEAR),
    (rf"(?:从|在)?{_YEAR}\s*(?:到|至|-|–|~)\s*{_YEAR}(?:之间|间)?", _both_years, YEAR),
    (rf"{_YEAR}\s*(?:以前|之前|前)", _before, YEAR),
    (rf"{_YEAR}\s*(?:以后|之后|后|以来|起)", _since, YEAR),
    (rf"(?<![\d.,$€£¥￥]){_YEAR}", _in_year, YEAR),
    (rf"(?:\bbetween |\bfrom |\bin )?{_NUMBER}{_CURRENCY}\s*(?:and|to|-|–|—)\s*{_AMOUNT}",
     _both, None),
    (rf"(?:在|从)?\s*{_NUMBER}{_CURRENCY}\s*(?:到|至|-|–|~)\s*{_AMOUNT}(?:\s*之间|\s*间)?",
     _both, None),
    (rf"(?<![a-z]){_UNDER}\s*{_AMOUNT}", _at_most, None),
    (rf"(?<![a-z]){_OVER}\s*{_AMOUNT}", _at_least, None),
    (rf"{_AMOUNT}\s*(?:or less|or under|at most)\b", _at_most, None),
    (rf"{_AMOUNT}\s*(?:or more|and up|at least|and more|plus)\b", _at_least, None),
    (rf"{_AMOUNT}\s*(?:以下|以内|之内)", _at_most, None),
    (rf"{_AMOUNT}\s*以上", _at_least, None),
    (rf"\b(?:around|about|roughly|circa|approximately)\s*{_AMOUNT}", _about, None),
    (rf"{_AMOUNT}\s*左右", _about, None),
)  # fmt: skip
"""Pattern, what it says, and of which measure."""


def _rule(
    pattern: str, bounds: Callable[[Match[str]], Bounds], measure: str | None
) -> Callable[[str], Iterator[Quantity]]:
    compiled = re.compile(pattern)

    def apply(text: str) -> Iterator[Quantity]:
        for m in compiled.finditer(text):
            named = m.groupdict().get("unit")
            of, unit = _UNITS[named] if named else (measure, "")
            end = m.start() + len(m.group().rstrip())
            low, high = bounds(m)
            yield Quantity(m.start(), end, of, unit, low, high)

    return apply


_RULES = tuple(_rule(*entry) for entry in _PATTERNS)
