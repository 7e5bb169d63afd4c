"""Wikibase values: what a statement of Wikidata's JSON says, in the terms of its RDF export.

The forms are those of Wikibase's RDF mapping
(https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, NamedTuple
from urllib.parse import quote, quote_plus

import numpy as np
import pyoxigraph as ox
from pydantic import AfterValidator, BaseModel, Field

from tastegraph.data.cells import LONGEST_ENTITY, NOT_IN_ID

ENTITY = "http://www.wikidata.org/entity/"
GEO = "http://www.opengis.net/ont/geosparql#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_COMMONS = "http://commons.wikimedia.org/"
_EARTH = ENTITY + "Q2"
_JULIAN = ENTITY + "Q1985786"
_YEAR, _MONTH, _DAY = 9, 10, 11
_UNIX_EPOCH = 2_440_588
_TIME = re.compile(r"([+-])(\d{1,16})-(\d\d)-(\d\d)(T\d\d:\d\d:\d\dZ)", re.ASCII)


class Object(NamedTuple):
    """The object of a fact, in the order of its fields."""

    text: str
    literal: bool = True
    datatype: str = ""
    language: str = ""


@lru_cache(maxsize=4096)
def _tag(language: str) -> str:
    return ox.Literal("", language=language).language or ""


EntityId = Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,15}(-[A-Z][0-9]{1,15})?$")]
Language = Annotated[str, AfterValidator(_tag)]


class _Entity(BaseModel):
    id: EntityId

    def object(self) -> Object:
        return Object(ENTITY + self.id, literal=False)


class _Monolingual(BaseModel):
    text: str
    language: Language

    def object(self) -> Object:
        return Object(self.text, language=self.language)


class _Quantity(BaseModel):
    amount: Annotated[str, Field(pattern=r"^[+-]?[0-9]{1,400}(\.[0-9]{1,400})?$")]

    def object(self) -> Object:
        return Object(self.amount, datatype=XSD + "decimal")


class _Coordinate(BaseModel):
    latitude: Annotated[float, Field(allow_inf_nan=False)]
    longitude: Annotated[float, Field(allow_inf_nan=False)]
    globe: str | None = None

    def object(self) -> Object:
        point = f"Point({_plain(self.longitude)} {_plain(self.latitude)})"
        elsewhere = self.globe is not None and self.globe != _EARTH
        return Object(
            f"<{self.globe}> {point}" if elsewhere else point, datatype=GEO + "wktLiteral"
        )


class _Time(BaseModel):
    time: str
    precision: int
    calendarmodel: str = ""

    def object(self) -> Object:
        date = date_time(self.time, self.precision, julian=self.calendarmodel == _JULIAN)
        return Object(self.time) if date is None else Object(date, datatype=XSD + "dateTime")


class _String(BaseModel):
    value: str


_MODELS: dict[str, type[_Entity | _Monolingual | _Quantity | _Coordinate | _Time]] = {
    "wikibase-entityid": _Entity,
    "monolingualtext": _Monolingual,
    "quantity": _Quantity,
    "globecoordinate": _Coordinate,
    "time": _Time,
}


def _commons_data(name: str) -> str:
    return _COMMONS + "data/main/" + quote_plus(name, safe=";@$!*(),/~:")


_IRIS: dict[str, Callable[[str], str]] = {
    "url": str,
    "commonsMedia": lambda name: _COMMONS + "wiki/Special:FilePath/" + quote(name, safe=""),
    "geo-shape": _commons_data,
    "tabular-data": _commons_data,
}


def object_of(datatype: str, kind: str, value: object) -> Object | None:
    """What the main value of a statement is in RDF.

    Args:
        datatype: of the property, such as ``commonsMedia``.
        kind: of the value, such as ``string``.
        value: as JSON has it.

    Returns:
        ``None`` for formulae, which the RDF export turns into MathML, and for kinds of values
        that are not known here.

    Raises:
        ValueError: the value is not one of this kind.
    """
    if kind in _MODELS:
        return _MODELS[kind].model_validate(value).object()
    if kind != "string" or datatype == "math":
        return None
    text = _String.model_validate({"value": value}).value
    if datatype not in _IRIS:
        return Object(text)
    iri = _IRIS[datatype](text)
    if not iri or len(iri) > LONGEST_ENTITY or NOT_IN_ID.search(iri):
        raise ValueError(f"no IRI: {iri[:80]!r}")
    return Object(iri, literal=False)


def date_time(time: str, precision: int, *, julian: bool) -> str | None:
    """An ``xsd:dateTime`` (XSD 1.1, which has a year 0) of a time as Wikibase notes it.

    What is less precise than a year, a month or a day begins on the first of January or of the
    month; a Julian date that is precise to the day becomes a Gregorian one; a day after the
    month's last is the last.

    Returns:
        ``None`` for the year 0, which Wikibase does not have.

    Raises:
        ValueError: ``time`` is no time.
    """
    found = _TIME.fullmatch(time)
    if found is None:
        raise ValueError(f"no time: {time[:80]!r}")
    before = found[1] == "-"
    year, month, day = int(found[2]), min(max(int(found[3]), 1), 12), max(int(found[4]), 1)
    if year == 0:
        return None
    in_order = 1 - year if before else year
    if julian and precision >= _DAY and -4712 <= in_order <= 9999:
        in_order, month, day = _gregorian(in_order, month, day)
    if precision <= _YEAR:
        month = 1
    day = 1 if precision <= _MONTH else min(day, monthrange(in_order, month)[1])
    if precision >= _YEAR:
        before, year = in_order < 0, abs(in_order)
    return f"{'-' if before else ''}{year:04}-{month:02}-{day:02}{found[5]}"


def _gregorian(year: int, month: int, day: int) -> tuple[int, int, int]:
    """A Julian date as a Gregorian one, by its Julian day number (Meeus 1998, ch. 7)."""
    january = month <= 2
    years, months = year + 4800 - january, month - 3 + 12 * january
    number = day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083
    date = str(np.datetime64(number - _UNIX_EPOCH, "D"))
    found = date.rsplit("-", 2)
    return int(found[0]), int(found[1]), int(found[2])


def _plain(number: float) -> str:
    whole = int(number)
    return str(whole) if whole == number else format(Decimal(repr(number)), "f")
