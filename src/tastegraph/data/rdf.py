"""RDF: the statements of N-Triples, N-Quads, Turtle, TriG and RDF/XML files, as facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph as ox

from tastegraph.core.errors import RowError
from tastegraph.core.records import Fact
from tastegraph.data.checked_xml import CheckedXml
from tastegraph.data.lines import CUT_SHORT, read_lines
from tastegraph.data.packed import UNREADABLE, open_bytes, suffix
from tastegraph.data.rejects import Rejects
from tastegraph.data.terms import datatype_of, identifier

LINES = 2_000
LENGTH = 1024 * 1024

_BY_LINE = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}
_WHOLE = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
ENDINGS = (*_BY_LINE, *_WHOLE)
_NO_TRIPLE_TERM = "an IRI, a blank node or a literal (no triple term)"

Line = tuple[int, str]


def read_rdf(path: Path, rejects: Rejects) -> Iterator[Fact]:
    """Yield the facts of a file whose name ends in one of :data:`ENDINGS` (also packed).

    Graph names are left out. IRIs have no brackets, blank nodes begin with ``_:``; those without a
    name in the file get another random one at every reading. IRIs that
    :mod:`~tastegraph.data.terms` made of ids become these ids again.

    In N-Triples and N-Quads reading goes on after a bad line. A syntax error in the others ends
    the file, even where ``rejects`` skips: its statements depend on those before them.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a statement is at fault and ``rejects`` raises.
    """
    if suffix(path) in _BY_LINE:
        return _line_facts(path, rejects, _BY_LINE[suffix(path)])
    return _whole_facts(path, rejects, _WHOLE[suffix(path)])


def _line_facts(path: Path, rejects: Rejects, syntax: ox.RdfFormat) -> Iterator[Fact]:
    file = str(path)

    def statements(line: Line) -> list[Fact]:
        number, text = line
        try:
            return _parsed(text, syntax, file, number)
        except SyntaxError as error:
            reason = error.msg.partition(": ")[2] or error.msg
            wanted = f"one {syntax.name} statement ({reason})"
            raise RowError(file, number, None, text, wanted) from None

    for lines in _chunks(read_lines(path, rejects)):
        # Together is many times as fast; one by one says which line is at fault.
        try:
            yield from _parsed("\n".join(text for _, text in lines), syntax, file, lines[0][0])
        except (SyntaxError, RowError):
            for facts in rejects.keep(lines, statements):
                yield from facts


def _parsed(text: str, syntax: ox.RdfFormat, file: str, line: int) -> list[Fact]:
    return [_fact(quad, file, line) for quad in ox.parse(text, syntax, lenient=False)]


def _chunks(lines: Iterator[Line]) -> Iterator[Sequence[Line]]:
    chunk: list[Line] = []
    length = 0
    for line in lines:
        chunk.append(line)
        length += len(line[1])
        if len(chunk) == LINES or length >= LENGTH:
            yield chunk
            chunk, length = [], 0
    if chunk:
        yield chunk


def _whole_facts(path: Path, rejects: Rejects, syntax: ox.RdfFormat) -> Iterator[Fact]:
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
                # Of XML only the line is known up to which it was read when the error was found.
                line, place = (checked.line, "up to") if checked else (error.lineno or 1, "on")
                wanted = f"{syntax.name} {place} this line (nothing after it could be read)"
                rejects.handle(RowError(file, line, None, error.msg, wanted))
                return
            except UNREADABLE as error:
                rejects.handle(RowError(file, count + 1, None, str(error), CUT_SHORT))
                return
            except RowError as error:
                rejects.handle(error)
                return
            count += 1
            try:
                fact = _fact(quad, file, count)
            except RowError as error:
                rejects.handle(error)
            else:
                yield fact


def _fact(quad: ox.Quad, file: str, line: int) -> Fact:
    subject, predicate, value, _ = quad
    head = _entity(subject)
    if head is None:
        raise RowError(file, line, "subject", str(subject), _NO_TRIPLE_TERM)
    relation = identifier(predicate)
    if isinstance(value, ox.Literal):
        language = value.language
        if language:
            return Fact(head, relation, value.value, literal=True, language=language)
        return Fact(head, relation, value.value, literal=True, datatype=datatype_of(value))
    tail = _entity(value)
    if tail is None:
        raise RowError(file, line, "object", str(value), _NO_TRIPLE_TERM)
    return Fact(head, relation, tail)


def _entity(term: object) -> str | None:
    return identifier(term) if isinstance(term, ox.NamedNode | ox.BlankNode) else None
