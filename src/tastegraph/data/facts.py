"""Facts of a knowledge graph, and links of items to it, from RDF, Wikidata dumps and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from tastegraph.core.messages import Message
from tastegraph.core.records import Fact, Link
from tastegraph.data.rdf import ENDINGS, LANGUAGE_STRING, STRING, read_rdf
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables import Row, read_rows
from tastegraph.data.text_files import format_suffix
from tastegraph.data.typed_row import MAX_ENTITY_LENGTH, TypedRow
from tastegraph.data.wikidata import read_wikidata

FACT_ALIASES = {
    "subject": "head", "head_id": "head",
    "predicate": "relation", "relation_id": "relation",
    "object": "tail", "tail_id": "tail",
}  # fmt: skip
LINK_ALIASES = {"entity_id": "entity"}


def read_facts(path: Path, rejects: RejectedRows) -> Iterator[Fact]:
    """Yield the facts of a file, whose format is the ending of its name before ``.gz`` or so.

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
    if format_suffix(path) in ENDINGS:
        return read_rdf(path, rejects)
    if format_suffix(path) == ".json":
        return read_wikidata(path, rejects)

    def build(row: Row) -> Fact:
        return fact_from(row.values, str(path), row.line)

    return rejects.convert(
        read_rows(path, rejects, ("head", "relation", "tail"), FACT_ALIASES), build
    )


def fact_from(values: Mapping[str, object], file: str, line: int) -> Fact:
    """Check one row of a table and return its fact.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    row = TypedRow(values, file, line)
    literal = row.flag("literal")
    datatype, language = _datatype_and_language(row, literal)
    confidence = row.number("confidence")
    if confidence is not None and not 0 < confidence <= 1:
        raise row.error("confidence", Message("expected.confidence"))
    return Fact(
        subject=row.id("head", MAX_ENTITY_LENGTH),
        relation=row.id("relation", MAX_ENTITY_LENGTH),
        object=_literal_value(row) if literal else row.id("tail", MAX_ENTITY_LENGTH),
        literal=literal,
        datatype=datatype,
        language=language,
        confidence=1.0 if confidence is None else confidence,
    )


def _datatype_and_language(row: TypedRow, literal: bool) -> tuple[str, str]:
    datatype = row.optional_id("datatype", MAX_ENTITY_LENGTH) or ""
    language = row.optional_id("language") or ""
    for column, text in (("datatype", datatype), ("language", language)):
        if text and not literal:
            raise row.error(column, Message("expected.literal_only"))
    if language:
        try:
            language = ox.Literal("", language=language).language or ""
        except ValueError:
            raise row.error("language", Message("expected.language")) from None
        if datatype not in ("", LANGUAGE_STRING):
            raise row.error("datatype", Message("expected.no_datatype"))
    return "" if datatype in (STRING, LANGUAGE_STRING) else datatype, language


def _literal_value(row: TypedRow) -> str:
    text = row.values.get("tail")
    typed = row.value("datatype") or row.value("language")
    if typed and isinstance(text, str) and not text.strip():
        return text
    return row.text("tail")


def read_links(path: Path, rejects: RejectedRows) -> Iterator[Link]:
    """Yield the links of a table with the columns ``item_id`` and ``entity`` (or ``entity_id``).

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """

    def build(row: Row) -> Link:
        return link_from(row.values, str(path), row.line)

    rows = read_rows(path, rejects, ("item_id", "entity"), LINK_ALIASES)
    return rejects.convert(rows, build)


def link_from(values: Mapping[str, object], file: str, line: int) -> Link:
    """Check one row and return its link.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    row = TypedRow(values, file, line)
    return Link(row.id("item_id"), row.id("entity", MAX_ENTITY_LENGTH))
