"""Values of Wikidata's JSON, converted to the form that they have in its RDF export.

The conversion follows Wikibase's RDF mapping
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

from tastegraph.data.cells.typed_row import FORBIDDEN_IN_ID, MAX_ENTITY_LENGTH

ENTITY = "http://www.wikidata.org/entity/"
GEO = "http://www.opengis.net/ont/geosparql#"
XSD = "http://www.w3.org/2001/XMLSchema#"

_COMMONS = "http://commons.wikimedia.org/"
_EARTH = ENTITY + "Q2"
_JULIAN = ENTITY + "Q1985786"
_YEAR, _MONTH, _DAY = 9, 10, 11
_UNIX_EPOCH = 2_440_588
_TIME = re.compile(r"([+-])(\d{1,16})-(\d\d)-(\d\d)(T\d\d:\d\d:\d\dZ)", re.ASCII)


class RDFObject(NamedTuple):
    """The object of a fact; the fields are in the order of those of a fact."""

    text: str
    literal: bool = True
    datatype: str = ""
    language: str = ""


@lru_cache(maxsize=4096)
def _tag(language: str) -> str:
    return ox.Literal("", language=language).language or ""


EntityId = Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,15}(-[A-Z][0-9]{1,15})?$")]
Language = Annotated[str, AfterValidator(_tag)]


class _EntityValue(BaseModel):
    id: EntityId

    def object(self) -> RDFObject:
        return RDFObject(ENTITY + self.id, literal=False)


class _MonolingualValue(BaseModel):
    text: str
    language: Language

    def object(self) -> RDFObject:
        return RDFObject(self.text, language=self.language)


class _QuantityValue(BaseModel):
    amount: Annotated[str, Field(pattern=r"^[+-]?[0-9]{1,400}(\.[0-9]{1,400})?$")]

    def object(self) -> RDFObject:
        return RDFObject(self.amount, datatype=XSD + "decimal")


class _CoordinateValue(BaseModel):
    latitude: Annotated[float, Field(allow_inf_nan=False)]
    longitude: Annotated[float, Field(allow_inf_nan=False)]
    globe: str | None = None

    def object(self) -> RDFObject:
        point = f"Point({_plain(self.longitude)} {_plain(self.latitude)})"
        on_other_globe = self.globe is not None and self.globe != _EARTH
        return RDFObject(
            f"<{self.globe}> {point}" if on_other_globe else point, datatype=GEO + "wktLiteral"
        )


class _TimeValue(BaseModel):
    time: str
    precision: int
    calendarmodel: str = ""

    def object(self) -> RDFObject:
        date = date_time(self.time, self.precision, julian=self.calendarmodel == _JULIAN)
        return RDFObject(self.time) if date is None else RDFObject(date, datatype=XSD + "dateTime")


class _StringValue(BaseModel):
    value: str


_MODELS: dict[
    str, type[_EntityValue | _MonolingualValue | _QuantityValue | _CoordinateValue | _TimeValue]
] = {
    "wikibase-entityid": _EntityValue,
    "monolingualtext": _MonolingualValue,
    "quantity": _QuantityValue,
    "globecoordinate": _CoordinateValue,
    "time": _TimeValue,
}


def _commons_data(name: str) -> str:
    return _COMMONS + "data/main/" + quote_plus(name, safe=";@$!*(),/~:")


_IRIS: dict[str, Callable[[str], str]] = {
    "url": str,
    "commonsMedia": lambda name: _COMMONS + "wiki/Special:FilePath/" + quote(name, safe=""),
    "geo-shape": _commons_data,
    "tabular-data": _commons_data,
}


def object_of(datatype: str, kind: str, value: object) -> RDFObject | None:
    """Convert the main value of a statement to RDF.

    Args:
        datatype: of the property, such as ``commonsMedia``.
        kind: of the value, such as ``string``.
        value: as in the JSON.

    Returns:
        ``None`` for formulae, which the RDF export converts to MathML, and for unknown kinds of
        values.

    Raises:
        ValueError: the value is not one of this kind.
    """
    if kind in _MODELS:
        return _MODELS[kind].model_validate(value).object()
    if kind != "string" or datatype == "math":
        return None
    text = _StringValue.model_validate({"value": value}).value
    if datatype not in _IRIS:
        return RDFObject(text)
    iri = _IRIS[datatype](text)
    if not iri or len(iri) > MAX_ENTITY_LENGTH or FORBIDDEN_IN_ID.search(iri):
        raise ValueError(f"no IRI: {iri[:80]!r}")
    return RDFObject(iri, literal=False)


def date_time(time: str, precision: int, *, julian: bool) -> str | None:
    """Convert a time of Wikibase to an ``xsd:dateTime`` (XSD 1.1, which has a year 0).

    A time that is precise to a year or a month becomes its first day; a Julian date that is precise
    to the day becomes a Gregorian date; a day after the last of the month becomes the last.

    Returns:
        ``None`` for the year 0, which Wikibase does not have.

    Raises:
        ValueError: ``time`` does not have the format of a time.
    """
    match = _TIME.fullmatch(time)
    if match is None:
        raise ValueError(f"no time: {time[:80]!r}")
    before_christ = match[1] == "-"
    year, month, day = int(match[2]), min(max(int(match[3]), 1), 12), max(int(match[4]), 1)
    if year == 0:
        return None
    astronomical = 1 - year if before_christ else year
    if julian and precision >= _DAY and -4712 <= astronomical <= 9999:
        astronomical, month, day = _gregorian(astronomical, month, day)
    if precision <= _YEAR:
        month = 1
    day = 1 if precision <= _MONTH else min(day, monthrange(astronomical, month)[1])
    if precision >= _YEAR:
        before_christ, year = astronomical < 0, abs(astronomical)
    return f"{'-' if before_christ else ''}{year:04}-{month:02}-{day:02}{match[5]}"


def _gregorian(year: int, month: int, day: int) -> tuple[int, int, int]:
    """A Julian date as a Gregorian one, by its Julian day number (Meeus 1998, ch. 7)."""
    january = month <= 2
    years, months = year + 4800 - january, month - 3 + 12 * january
    number = day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083
    date = str(np.datetime64(number - _UNIX_EPOCH, "D"))
    year_text, month_text, day_text = date.rsplit("-", 2)
    return int(year_text), int(month_text), int(day_text)


def _plain(number: float) -> str:
    integer = int(number)
    return str(integer) if integer == number else format(Decimal(repr(number)), "f")
