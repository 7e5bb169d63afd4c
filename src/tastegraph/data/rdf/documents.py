"""RDF files as facts: Turtle, TriG and RDF/XML by statements, N-Triples by blocks of lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyoxigraph as ox

from tastegraph.core.errors import RowError
from tastegraph.core.fact_columns import fact_frames
from tastegraph.core.records import Fact
from tastegraph.data.rdf.checked_xml import CheckedXml
from tastegraph.data.rdf.ntriples import read_statement_lines
from tastegraph.data.rdf.terms import fact_of_quad
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.statement_tables import StatementsRead
from tastegraph.data.tables.text_files import READ_ERRORS, TRUNCATED, format_suffix, open_bytes

_LINE_FORMATS = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}
_DOCUMENT_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
ENDINGS = (*_LINE_FORMATS, *_DOCUMENT_FORMATS)


def read_rdf(path: Path, rejects: RejectedRows, counts: StatementsRead) -> Iterator[pl.DataFrame]:
    """Yield the facts of a file whose name ends in one of :data:`ENDINGS` (also compressed).

    Graph names are left out. IRIs have no brackets, blank nodes begin with ``_:``; blank nodes
    without a name in the file get a new random name at every reading. IRIs that
    :func:`~tastegraph.data.rdf.terms.iri` made from ids become these ids again.

    N-Triples and N-Quads are read on after a bad line. In the other formats, reading ends at a
    syntax error even if ``rejects`` sets rows aside, and ``counts.unread_from`` is its line:
    statements depend on those before them, and a parser that goes on may read what was not stated.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a statement is at fault and ``rejects`` raises.
    """
    if format_suffix(path) in _LINE_FORMATS:
        return read_statement_lines(path, rejects, _LINE_FORMATS[format_suffix(path)])
    syntax = _DOCUMENT_FORMATS[format_suffix(path)]
    return fact_frames(_document_facts(path, rejects, syntax, counts))


def _document_facts(
    path: Path, rejects: RejectedRows, syntax: ox.RdfFormat, counts: StatementsRead
) -> Iterator[Fact]:
    file, count = str(path), 0
    with open_bytes(path) as stream:
        checked = CheckedXml(stream, file) if syntax == ox.RdfFormat.RDF_XML else None
        quads = ox.parse(cast("BinaryIO", checked or stream), syntax, lenient=False)
        while True:
            try:
                quad = next(quads)
            except StopIteration:
                return
            except SyntaxError as error:
                # For XML only the line is known that had been read when the error was noticed.
                line, place = (checked.line, "up to") if checked else (error.lineno or 1, "on")
                expected = (
                    f"{syntax.name} {place} this line (nothing after it could be read, "
                    f"{count:,} statements before it were)"
                )
                rejects.handle(RowError(file, line, None, error.msg, expected))
                counts.unread_from = line
                return
            except READ_ERRORS as error:
                rejects.handle(RowError(file, count + 1, None, str(error), TRUNCATED))
                counts.unread_from = count + 1
                return
            except RowError as error:
                rejects.handle(error)
                counts.unread_from = error.line
                return
            count += 1
            try:
                fact = fact_of_quad(quad, file, count)
            except RowError as error:
                rejects.handle(error)
            else:
                yield fact
