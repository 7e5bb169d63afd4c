"""Facts: statements of a knowledge graph, from RDF files and from tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from tastegraph.errors import RowError
from tastegraph.records import Fact
from tastegraph.sources.cells import Cells
from tastegraph.sources.lines import CUT_SHORT, UNREADABLE, open_bytes, read_lines
from tastegraph.sources.rejects import Rejects
from tastegraph.sources.tables import Row, read_rows, suffix
from tastegraph.sources.terms import LANGUAGE_STRING, STRING, datatype_of, identifier

LONGEST_ENTITY = 4096

_BY_LINE = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}
_ALIASES = {
    "subject": "head", "head_id": "head",
    "predicate": "relation", "relation_id": "relation",
    "object": "tail", "tail_id": "tail",
}  # fmt: skip
_NO_TRIPLE_TERM = "an IRI, a blank node or a literal (no triple term)"


def read_facts(path: Path, rejects: Rejects) -> Iterator[Fact]:
    """Yield the facts of an N-Triples, N-Quads or Turtle file (also packed), or of a table.

    Graph names of N-Quads are left out. IRIs have no brackets, blank nodes begin with ``_:``;
    those that Turtle writes as ``[]`` get another random name at every reading. IRIs that
    :mod:`~tastegraph.sources.terms` made of ids become these ids again.
    A table has the columns ``head``, ``relation``, ``tail`` (or ``subject``, ``predicate``,
    ``object``; or RecBole's), and may have ``literal``, ``datatype``, ``language`` and
    ``confidence``. A blank ``tail`` is a value only where datatype or language say so.

    A syntax error in Turtle ends the file, even where ``rejects`` skips: its statements depend
    on those before them. In N-Triples and N-Quads reading goes on with the next line.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    if suffix(path) in _BY_LINE:
        return _line_facts(path, rejects)
    if suffix(path) == ".ttl":
        return _turtle_facts(path, rejects)

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
        raise cells.error("confidence", "a number above 0 and at most 1")
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
            raise cells.error(column, "nothing where literal is not true")
    if language:
        try:
            language = ox.Literal("", language=language).language or ""
        except ValueError:
            raise cells.error("language", "a language tag such as en or zh-Hans") from None
        if datatype not in ("", LANGUAGE_STRING):
            raise cells.error("datatype", "nothing where there is a language")
    return "" if datatype in (STRING, LANGUAGE_STRING) else datatype, language


def _value(cells: Cells) -> str:
    found = cells.values.get("tail")
    typed = cells.given("datatype") or cells.given("language")
    if typed and isinstance(found, str) and not found.strip():
        return found
    return cells.text("tail")


def _line_facts(path: Path, rejects: Rejects) -> Iterator[Fact]:
    file, syntax = str(path), _BY_LINE[suffix(path)]

    def statements(line: tuple[int, str]) -> list[Fact]:
        number, text = line
        try:
            quads = list(ox.parse(text, syntax, lenient=False))
        except SyntaxError as error:
            reason = error.msg.partition(": ")[2] or error.msg
            wanted = f"one {syntax.name} statement ({reason})"
            raise RowError(file, number, None, text, wanted) from None
        return [_fact(quad, file, number) for quad in quads]

    for facts in rejects.keep(read_lines(path, rejects), statements):
        yield from facts


def _turtle_facts(path: Path, rejects: Rejects) -> Iterator[Fact]:
    file = str(path)
    with open_bytes(path) as stream:
        quads = ox.parse(stream, ox.RdfFormat.TURTLE, lenient=False)
        count = 0
        while True:
            try:
                quad = next(quads)
                count += 1
                fact = _fact(quad, file, count)
            except StopIteration:
                return
            except SyntaxError as error:
                wanted = "Turtle (nothing after this line could be read)"
                rejects.handle(RowError(file, error.lineno or 1, None, error.msg, wanted))
                return
            except UNREADABLE as error:
                rejects.handle(RowError(file, count + 1, None, str(error), CUT_SHORT))
                return
            except RowError as error:
                rejects.handle(error)
            else:
                yield fact


def _fact(quad: ox.Quad, file: str, line: int) -> Fact:
    subject, value = _entity(quad.subject), quad.object
    if subject is None:
        raise RowError(file, line, "subject", str(quad.subject), _NO_TRIPLE_TERM)
    if isinstance(value, ox.Literal):
        return Fact(
            subject,
            identifier(quad.predicate),
            value.value,
            literal=True,
            datatype=datatype_of(value),
            language=value.language or "",
        )
    entity = _entity(value)
    if entity is None:
        raise RowError(file, line, "object", str(value), _NO_TRIPLE_TERM)
    return Fact(subject, identifier(quad.predicate), entity)


def _entity(term: object) -> str | None:
    return identifier(term) if isinstance(term, ox.NamedNode | ox.BlankNode) else None
