"""Values in texts: dates and numbers, in the ways that people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBERS = {name: k for k, name in enumerate(_MONTHS, start=1)} | {
    name[:3]: k for k, name in enumerate(_MONTHS, start=1)
}
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_DATES = (
    re.compile(rf"(?<![\d-]){_YEAR}[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?![\d-])"),
    re.compile(rf"(?<!\d){_YEAR} ?年 ?(?P<month>\d{{1,2}}) ?月 ?(?P<day>\d{{1,2}}) ?[日号]"),
    re.compile(rf"\b{_MONTH} (?:the )?{_DAY}(?: of)?,? ?{_YEAR}"),
    re.compile(rf"(?<!\d){_DAY}(?: day)?(?: of)? {_MONTH},? (?:of )?{_YEAR}"),
    re.compile(rf"(?<!\d){_YEAR},? {_MONTH} {_DAY}(?!\w)"),
)
_NUMERIC_DATE = re.compile(rf"(?<![\d/.-])(\d{{1,2}})[-/.](\d{{1,2}})[-/.]{_YEAR}")
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w)])[-−–+] ?)?(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?P<decimals>\.\d+)?"
    r"(?P<exponent>[eE][-+]?\d{1,2})?(?: (?P<scale>thousand|million|billion|trillion)\b)?"
)
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    "twenty",
)  # fmt: skip
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
MAX_DIGITS = 30
"""Longer runs of digits are codes, not numbers."""


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A day that a text names.

    Attributes:
        start, end: half-open span of characters.
        days: the days that it may mean: one, or two where month and day may be either.
    """

    start: int
    end: int
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class NumberSpan:
    """A number that a text names.

    Attributes:
        start, end: half-open span of characters.
        value: the number.
    """

    start: int
    end: int
    value: float


def date_spans(text: str) -> list[DateSpan]:
    """The days that ``text`` names, in order; a day that no calendar has is none.

    Numbers alone, such as 10/03/1983, may mean the third of October, which is the first of the
    days, and the tenth of March.
    """
    spans: list[DateSpan] = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = match["month"].lower()
            number = int(month) if month.isdigit() else _MONTH_NUMBERS.get(month, 0)
            if day := _day(int(match["year"]), number, int(match["day"])):
                spans.append(DateSpan(match.start(), match.end(), (day,)))
    for match in _NUMERIC_DATE.finditer(text):
        first, second, year = int(match[1]), int(match[2]), int(match["year"])
        days = {_day(year, first, second): None, _day(year, second, first): None}
        if known := tuple(day for day in days if day is not None):
            spans.append(DateSpan(match.start(), match.end(), known))
    return list(_without_overlaps(sorted(spans, key=lambda span: (span.start, -span.end))))


def _without_overlaps(spans: list[DateSpan]) -> Iterator[DateSpan]:
    end = 0
    for span in spans:
        if span.start >= end:
            end = span.end
            yield span


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def number_spans(text: str) -> list[NumberSpan]:
    """The numbers that ``text`` names in figures, or in words up to twenty, in order."""
    spans = []
    for match in _NUMBER.finditer(text):
        if match.end() - match.start() <= MAX_DIGITS:
            value = float(match["digits"].replace(",", "") + (match["decimals"] or ""))
            if match["exponent"]:
                value *= 10.0 ** int(match["exponent"][1:])
            value *= _SCALES.get(match["scale"] or "", 1.0)
            if match["sign"] and match["sign"][0] != "+":
                value = -value
            spans.append(NumberSpan(match.start(), match.end(), value))
    for match in _NUMBER_WORD.finditer(text):
        value = float(_WORDS.index(match.group().lower()))
        spans.append(NumberSpan(match.start(), match.end(), value))
    return sorted(spans, key=lambda span: span.start)


def only_date(text: str) -> DateSpan | None:
    """The day that the whole of ``text`` names, or ``None``."""
    spans = date_spans(text)
    return spans[0] if spans and (spans[0].start, spans[0].end) == (0, len(text)) else None


def only_number(text: str) -> NumberSpan | None:
    """The number that the whole of ``text`` names, or ``None``."""
    spans = number_spans(text)
    return spans[0] if spans and (spans[0].start, spans[0].end) == (0, len(text)) else None
