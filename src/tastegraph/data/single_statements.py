"""Single facts and links, from one row of a table or from one request."""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.core.messages import Message
from tastegraph.core.records import Fact, Link
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH, TypedRow
from tastegraph.data.rdf.terms import LANGUAGE_STRING, STRING, stored_tag


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
        tag = stored_tag(language)
        if tag is None:
            raise row.error("language", Message("expected.language"))
        language = tag
        if datatype not in ("", LANGUAGE_STRING):
            raise row.error("datatype", Message("expected.no_datatype"))
    return "" if datatype in (STRING, LANGUAGE_STRING) else datatype, language


def _literal_value(row: TypedRow) -> str:
    text = row.values.get("tail")
    typed = row.value("datatype") or row.value("language")
    if typed and isinstance(text, str) and not text.strip():
        return text
    return row.text("tail")


def link_from(values: Mapping[str, object], file: str, line: int) -> Link:
    """Check one row and return its link.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    row = TypedRow(values, file, line)
    return Link(row.id("item_id"), row.id("entity", MAX_ENTITY_LENGTH))
