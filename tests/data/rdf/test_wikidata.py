"""Wikidata's JSON: the same facts as its RDF, and what a line may not be."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.records import Fact
from tastegraph.data.facts import read_facts
from tastegraph.data.rdf.wikibase import date_time
from tastegraph.data.rejected_rows import RejectedRows
from tests.support.source_files import PACK, STRICT, fault, write

GREGORIAN, JULIAN = (f"http://www.wikidata.org/entity/Q{n}" for n in (1985727, 1985786))


def statement(datatype: str, kind: str, value: Any, rank: str = "normal") -> dict[str, Any]:
    datavalue = {"type": kind, "value": value}
    return {
        "type": "statement", "id": "Q42$1", "rank": rank,
        "mainsnak": {"snaktype": "value", "property": "P1", "datatype": datatype,
                     "datavalue": datavalue},
    }  # fmt: skip


def item(n: int, rank: str = "normal") -> dict[str, Any]:
    value = {"entity-type": "item", "numeric-id": n, "id": f"Q{n}"}
    return statement("wikibase-item", "wikibase-entityid", value, rank)


def empty(kind: str, rank: str = "normal") -> dict[str, Any]:
    return {"rank": rank, "mainsnak": {"snaktype": kind, "property": "P1", "datatype": "time"}}


def time(time: str, precision: int, calendar: str = GREGORIAN) -> dict[str, Any]:
    return statement(
        "time", "time", {"time": time, "precision": precision, "calendarmodel": calendar}
    )


def point(longitude: float, latitude: float, globe: str = "Q2") -> dict[str, Any]:
    value = {"longitude": longitude, "latitude": latitude,
             "globe": f"http://www.wikidata.org/entity/{globe}", "precision": 0.1}  # fmt: skip
    return statement("globe-coordinate", "globecoordinate", value)


ADAMS: dict[str, Any] = {
    "type": "item",
    "id": "Q42",
    "labels": {
        "en": {"language": "en", "value": "Douglas Adams"},
        "zh-hans": {"language": "zh-hans", "value": "道格拉斯·亚当斯"},
    },
    "aliases": {"en": [{"language": "en", "value": name} for name in ("DNA", "Bop Ad")]},
    "descriptions": {"en": {"language": "en", "value": "English writer"}},
    "claims": {
        "P31": [item(5), item(6, "deprecated")],
        "P106": [item(1), item(2, "preferred"), item(3, "preferred"), item(4, "deprecated")],
        "P21": [item(1, "deprecated")],
        "P40": [empty("somevalue"), empty("novalue"), item(9)],
        "P22": [empty("novalue", "preferred"), item(9)],
        "P213": [statement("external-id", "string", "0000 0000 8045 6315")],
        "P1477": [
            statement("monolingualtext", "monolingualtext", {"text": "Adams", "language": "en-GB"})
        ],
        "P569": [time("+1952-03-11T00:00:00Z", 11)],
        "P2048": [statement("quantity", "quantity", {"amount": "+1.96", "unit": "Q11573"})],
        "P856": [statement("url", "string", "http://douglasadams.com/")],
        "P18": [statement("commonsMedia", "string", "Adams é & co.jpg")],
        "P3896": [statement("geo-shape", "string", "Data:A b/ü.map")],
        "P625": [point(-0.5, 51), point(0.00001, 2.5, "Q405")],
        "P7235": [statement("math", "string", "x^2")],
        "P9": [statement("of the future", "of the future", {"a": 1})],
        "P10": [statement("entity-schema", "wikibase-entityid", {"id": "E7"})],
    },
    "sitelinks": {"enwiki": {"site": "enwiki", "title": "Douglas Adams", "badges": []}},
    "lastrevid": 1,
}
# As the "truthy" RDF dump says it.
TRUTHY = r"""
@prefix wd: <http://www.wikidata.org/entity/> .
@prefix wdt: <http://www.wikidata.org/prop/direct/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix schema: <http://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
wd:Q42 rdfs:label "Douglas Adams"@en, "道格拉斯·亚当斯"@zh-hans ;
  skos:altLabel "DNA"@en, "Bop Ad"@en ;
  schema:description "English writer"@en ;
  wdt:P31 wd:Q5 ;
  wdt:P106 wd:Q2, wd:Q3 ;
  wdt:P40 wd:Q9 ;
  wdt:P213 "0000 0000 8045 6315" ;
  wdt:P1477 "Adams"@en-gb ;
  wdt:P569 "1952-03-11T00:00:00Z"^^xsd:dateTime ;
  wdt:P2048 "+1.96"^^xsd:decimal ;
  wdt:P856 <http://douglasadams.com/> ;
  wdt:P18 <http://commons.wikimedia.org/wiki/Special:FilePath/Adams%20%C3%A9%20%26%20co.jpg> ;
  wdt:P3896 <http://commons.wikimedia.org/data/main/Data:A+b/%C3%BC.map> ;
  wdt:P625 "Point(-0.5 51)"^^geo:wktLiteral,
    "<http://www.wikidata.org/entity/Q405> Point(0.00001 2.5)"^^geo:wktLiteral ;
  wdt:P10 wd:E7 .
"""
FACTS = 19


def dump(*entities: Any) -> str:
    return "[\n" + ",\n".join(json.dumps(entity) for entity in entities) + "\n]\n"


def test_json_and_rdf_give_equal_facts(tmp_path: Path) -> None:
    facts = list(read_facts(write(tmp_path / "w.json", dump(ADAMS)), STRICT))
    assert facts == list(read_facts(write(tmp_path / "w.ttl", TRUTHY), STRICT))


@pytest.mark.parametrize("pack", ["", *PACK])
@pytest.mark.parametrize(
    "form", ["[\n{},\n{}\n]\n", "[\r\n\r\n{},\r\n{}\r\n]", "[{},\n{}]", "{}\n{}", "{}\n\n{}\n"]
)
def test_an_array_or_lines(tmp_path: Path, form: str, pack: str) -> None:
    lines = [json.dumps({"id": f"P{n}", "labels": [], "claims": {"P1": [item(n)]}}) for n in (1, 2)]
    text = form.replace("{}", "%s") % tuple(lines)
    path = write(tmp_path / f"w.json{pack}", text)
    assert [fact.object for fact in read_facts(path, STRICT)] == [
        "http://www.wikidata.org/entity/Q1",
        "http://www.wikidata.org/entity/Q2",
    ]


def test_empty_lines_are_skipped(tmp_path: Path) -> None:
    for text in ("", "\n", "[]", "[\n]\n", '{"id":"Q1","claims":[]}'):
        assert list(read_facts(write(tmp_path / "w.json", text), STRICT)) == []


BAD = [
    "{",
    "1",
    '"Q1"',
    "{}",
    '{"id":"Q1"}',
    '{"id":"Q1 ","claims":{}}',
    '{"id":"Q1\\n","claims":{}}',
    '{"id":"Q\\ud800","claims":{}}',
    '{"id":"Q1","claims":[1]}',
    '{"id":"Q1","claims":{"P1":{}}}',
    '{"id":"Q1","claims":{"P1":[{"rank":"best","mainsnak":{"snaktype":"novalue"}}]}}',
    '{"id":"Q1","claims":{},"labels":{"en":{"language":"e n","value":"x"}}}',
    '{"id":"Q1","claims":{},"labels":{"en":{"language":"en","value":7}}}',
    '{"id":"Q1","claims":{},"aliases":{"en":{"language":"en","value":"x"}}}',
    '{"entities":{"Q1":{"id":"Q1","claims":{}}}}',
    '{"id":"Q1","claims":' + "[" * 100_000 + "}",
    *(
        json.dumps({"id": "Q1", "claims": {"P1": [item(1), bad]}})
        for bad in (
            statement("wikibase-item", "wikibase-entityid", {"id": "Q1> <x"}),
            statement("wikibase-item", "wikibase-entityid", {"numeric-id": 1}),
            statement("time", "time", {"time": "yesterday", "precision": 11}),
            statement("time", "time", {"time": "+1952-03-11T00:00:00Z", "precision": "x"}),
            statement("quantity", "quantity", {"amount": "many"}),
            statement("globe-coordinate", "globecoordinate", {"latitude": "x", "longitude": 1}),
            statement("monolingualtext", "monolingualtext", {"text": "x", "language": "?"}),
            statement("string", "string", {"a": 1}),
            statement("url", "string", "http://x/\n"),
            statement("url", "string", "http://x/" + "x" * 5000),
        )
    ),
]


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_a_bad_line_is_set_aside_whole(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "w.json", f"[\n{dump(ADAMS)[2:-3]},\n{line},\n{dump(ADAMS)[2:-3]}\n]")
    assert fault(read_facts, path).line == 3
    rejects = RejectedRows("skip")
    assert len(list(read_facts(path, rejects))) == 2 * FACTS
    assert rejects.count == 1


def test_other_json_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "w.json", json.dumps(ADAMS, indent=1))
    assert "Wikidata dump, whole on its line" in str(fault(read_facts, path))


def test_an_array_that_is_not_closed_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "w.json", dump(ADAMS, ADAMS).removesuffix("]\n"))
    assert "nothing after" in fault(read_facts, path).expected
    assert fault(read_facts, path).line == 4
    path = write(tmp_path / "w.json", dump(ADAMS) + "{}")
    assert "nothing after" in fault(read_facts, path).expected


@pytest.mark.slow
def test_a_dump_is_streamed(tmp_path: Path) -> None:
    path = write(tmp_path / "w.json.gz", dump(*[ADAMS] * 1000))
    tracemalloc.start()
    assert sum(1 for _ in read_facts(path, STRICT)) == 1000 * FACTS
    assert (
        tracemalloc.get_traced_memory()[1] < 8e6
    )  # a batch; all of them would be five times as much
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("time", "precision", "julian", "expected"),
    [
        ("+1952-03-11T00:00:00Z", 11, False, "1952-03-11T00:00:00Z"),
        ("+1952-03-11T12:30:05Z", 14, False, "1952-03-11T12:30:05Z"),
        ("+1952-00-00T00:00:00Z", 9, False, "1952-01-01T00:00:00Z"),
        ("+1952-03-00T00:00:00Z", 10, False, "1952-03-01T00:00:00Z"),
        ("+1952-03-11T00:00:00Z", 9, False, "1952-01-01T00:00:00Z"),
        ("+1953-02-29T00:00:00Z", 11, False, "1953-02-28T00:00:00Z"),
        ("+1952-02-30T00:00:00Z", 11, False, "1952-02-29T00:00:00Z"),
        ("+1952-04-31T00:00:00Z", 11, False, "1952-04-30T00:00:00Z"),
        ("+00000000476-00-00T00:00:00Z", 9, False, "0476-01-01T00:00:00Z"),
        # XSD 1.1 has a year 0, which is 1 BCE; what is vaguer than a year is not moved by one.
        ("-0044-03-15T00:00:00Z", 11, False, "-0043-03-15T00:00:00Z"),
        ("-0001-00-00T00:00:00Z", 9, False, "0000-01-01T00:00:00Z"),
        ("-0600-00-00T00:00:00Z", 7, False, "-0600-01-01T00:00:00Z"),
        ("-13798000000-00-00T00:00:00Z", 3, False, "-13798000000-01-01T00:00:00Z"),
        ("+0000-00-00T00:00:00Z", 9, False, None),
        # Luther's birth, the last Julian day, the ides of March, and the day number 0.
        ("+1483-11-10T00:00:00Z", 11, True, "1483-11-19T00:00:00Z"),
        ("+1582-10-04T00:00:00Z", 11, True, "1582-10-14T00:00:00Z"),
        ("-0044-03-15T00:00:00Z", 11, True, "-0043-03-13T00:00:00Z"),
        ("-4713-01-01T00:00:00Z", 11, True, "-4713-11-24T00:00:00Z"),
        ("+1483-00-00T00:00:00Z", 9, True, "1483-01-01T00:00:00Z"),
    ],
)
def test_times(time: str, precision: int, julian: bool, expected: str | None) -> None:
    assert date_time(time, precision, julian=julian) == expected


def test_the_year_0_stays_as_it_is(tmp_path: Path) -> None:
    entity = {"id": "Q1", "claims": {"P1": [time("+0000-00-00T00:00:00Z", 9)]}}
    [fact] = read_facts(write(tmp_path / "w.json", dump(entity)), STRICT)
    assert fact == Fact(
        "http://www.wikidata.org/entity/Q1", "http://www.wikidata.org/prop/direct/P1",
        "+0000-00-00T00:00:00Z", literal=True,
    )  # fmt: skip


@given(
    st.integers(-(10**15), 10**15).filter(bool),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 14),
    st.booleans(),
)
def test_every_time_is_a_date(
    year: int, month: int, day: int, precision: int, julian: bool
) -> None:
    text = f"{year:+05}-{month:02}-{day:02}T00:00:00Z"
    assert date_time(text, precision, julian=julian) is not None
