"""Facts: statements of a knowledge graph, from RDF files, Wikidata dumps and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from tastegraph.core.messages import Message
from tastegraph.core.records import Fact
from tastegraph.data.cells import LONGEST_ENTITY, Cells
from tastegraph.data.packed import suffix
from tastegraph.data.rdf import ENDINGS, read_rdf
from tastegraph.data.rejects import Rejects
from tastegraph.data.tables import Row, read_rows
from tastegraph.data.terms import LANGUAGE_STRING, STRING
from tastegraph.data.wikidata import read_wikidata

_ALIASES = {
    "subject": "head", "head_id": "head",
    "predicate": "relation", "relation_id": "relation",
    "object": "tail", "tail_id": "tail",
}  # fmt: skip


def read_facts(path: Path, rejects: Rejects) -> Iterator[Fact]:
    """Yield the facts of a file, by the ending of its name (before ``.gz``, ``.bz2``, ``.zst``).

    RDF is read by :func:`~tastegraph.data.rdf.read_rdf`. ``.json`` is a dump of Wikidata, read
    by :func:`~tastegraph.data.wikidata.read_wikidata`.
    A table has the columns ``head``, ``relation``, ``tail`` (or ``subject``, ``predicate``,
    ``object``; or RecBole's), and may have ``literal``, ``datatype``, ``language`` and
    ``confidence``. A blank ``tail`` is a value only where datatype or language say so.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    if suffix(path) in ENDINGS:
        return read_rdf(path, rejects)
    if suffix(path) == ".json":
        return read_wikidata(path, rejects)

    def build(row: Row) -> Fact:
        return fact_from(row.values, str(path), row.line)

    return rejects.keep(read_rows(path, rejects, ("head", "relation", "tail"), _ALIASES), build)


def fact_from(values: Mapping[str, object], file: str, line: int) -> Fact:
    """Check one row of a table and return its fact.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    cells = Cells(values, file, line)
    literal = cells.flag("literal")
    datatype, language = _kind(cells, literal)
    confidence = cells.number("confidence")
    if confidence is not None and not 0 < confidence <= 1:
        raise cells.error("confidence", Message("expected.confidence"))
    return Fact(
        subject=cells.id("head", LONGEST_ENTITY),
        relation=cells.id("relation", LONGEST_ENTITY),
        object=_value(cells) if literal else cells.id("tail", LONGEST_ENTITY),
        literal=literal,
        datatype=datatype,
        language=language,
        confidence=1.0 if confidence is None else confidence,
    )


def _kind(cells: Cells, literal: bool) -> tuple[str, str]:
    datatype = cells.optional_id("datatype", LONGEST_ENTITY) or ""
    language = cells.optional_id("language") or ""
    for column, found in (("datatype", datatype), ("language", language)):
        if found and not literal:
            raise cells.error(column, Message("expected.literal_only"))
    if language:
        try:
            language = ox.Literal("", language=language).language or ""
        except ValueError:
            raise cells.error("language", Message("expected.language")) from None
        if datatype not in ("", LANGUAGE_STRING):
            raise cells.error("datatype", Message("expected.no_datatype"))
    return "" if datatype in (STRING, LANGUAGE_STRING) else datatype, language


def _value(cells: Cells) -> str:
    found = cells.values.get("tail")
    typed = cells.given("datatype") or cells.given("language")
    if typed and isinstance(found, str) and not found.strip():
        return found
    return cells.text("tail")
