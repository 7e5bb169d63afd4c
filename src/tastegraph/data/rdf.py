"""RDF files as facts, and facts as RDF terms, so that what is exported can be imported unchanged.

An id that is an IRI, or that of a blank node (``_:b``), is written as it is; any other id is
percent-encoded after ``urn:tastegraph:``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote, unquote

import pyoxigraph as ox

from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.records import Fact
from tastegraph.data.checked_xml import CheckedXml
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.text_files import (
    READ_ERRORS,
    TRUNCATED,
    format_suffix,
    open_bytes,
    read_lines,
)
from tastegraph.data.typed_row import FORBIDDEN_IN_ID

MAX_LINES_PER_CHUNK = 2_000
MAX_CHUNK_LENGTH = 1024 * 1024

_LINE_FORMATS = {".nt": ox.RdfFormat.N_TRIPLES, ".nq": ox.RdfFormat.N_QUADS}
_DOCUMENT_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
}
URN = "urn:tastegraph:"
STRING = "http://www.w3.org/2001/XMLSchema#string"
LANGUAGE_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"

ENDINGS = (*_LINE_FORMATS, *_DOCUMENT_FORMATS)
_NO_TRIPLE_TERM = "an IRI, a blank node or a literal (no triple term)"

Line = tuple[int, str]


def read_rdf(path: Path, rejects: RejectedRows) -> Iterator[Fact]:
    """Yield the facts of a file whose name ends in one of :data:`ENDINGS` (also compressed).

    Graph names are left out. IRIs have no brackets, blank nodes begin with ``_:``; blank nodes
    without a name in the file get a new random name at every reading. IRIs that :func:`iri` made
    from ids become these ids again.

    N-Triples and N-Quads are read on after a bad line. In the other formats, reading ends at a
    syntax error even if ``rejects`` sets rows aside: statements depend on those before them.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a statement is at fault and ``rejects`` raises.
    """
    if format_suffix(path) in _LINE_FORMATS:
        return _line_facts(path, rejects, _LINE_FORMATS[format_suffix(path)])
    return _document_facts(path, rejects, _DOCUMENT_FORMATS[format_suffix(path)])


def _line_facts(path: Path, rejects: RejectedRows, syntax: ox.RdfFormat) -> Iterator[Fact]:
    file = str(path)

    def statements(line: Line) -> list[Fact]:
        number, text = line
        try:
            return _parsed(text, syntax, file, number)
        except SyntaxError as error:
            reason = error.msg.partition(": ")[2] or error.msg
            expected = f"one {syntax.name} statement ({reason})"
            raise RowError(file, number, None, text, expected) from None

    for lines in _chunks(read_lines(path, rejects)):
        # Parsing a chunk at once is many times faster; line by line says which line is at fault.
        try:
            yield from _parsed("\n".join(text for _, text in lines), syntax, file, lines[0][0])
        except (SyntaxError, RowError):
            for facts in rejects.convert(lines, statements):
                yield from facts


def _parsed(text: str, syntax: ox.RdfFormat, file: str, line: int) -> list[Fact]:
    return [_fact(quad, file, line) for quad in ox.parse(text, syntax, lenient=False)]


def _chunks(lines: Iterator[Line]) -> Iterator[Sequence[Line]]:
    chunk: list[Line] = []
    length = 0
    for line in lines:
        chunk.append(line)
        length += len(line[1])
        if len(chunk) == MAX_LINES_PER_CHUNK or length >= MAX_CHUNK_LENGTH:
            yield chunk
            chunk, length = [], 0
    if chunk:
        yield chunk


def _document_facts(path: Path, rejects: RejectedRows, syntax: ox.RdfFormat) -> Iterator[Fact]:
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
                expected = f"{syntax.name} {place} this line (nothing after it could be read)"
                rejects.handle(RowError(file, line, None, error.msg, expected))
                return
            except READ_ERRORS as error:
                rejects.handle(RowError(file, count + 1, None, str(error), TRUNCATED))
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


def iri(identifier: str) -> ox.NamedNode:
    """The IRI of an id."""
    if not identifier.startswith(URN):
        try:
            return ox.NamedNode(identifier)
        except ValueError:
            pass
    return ox.NamedNode(URN + quote(identifier, safe=""))


def node(identifier: str) -> ox.NamedNode | ox.BlankNode:
    """The IRI or blank node of an id."""
    if identifier.startswith("_:"):
        try:
            return ox.BlankNode(identifier.removeprefix("_:"))
        except ValueError:
            pass
    return iri(identifier)


def identifier(term: ox.NamedNode | ox.BlankNode) -> str:
    """The id of a node: the inverse of :func:`node` and :func:`iri`."""
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    if term.value.startswith(URN):
        encoded = term.value.removeprefix(URN)
        decoded = unquote(encoded, errors="replace")
        if decoded and quote(decoded, safe="") == encoded and not FORBIDDEN_IN_ID.search(decoded):
            return decoded
    return term.value


def datatype_of(value: ox.Literal) -> str:
    """Id of a literal's datatype; empty for plain text and for text in a language."""
    plain = value.datatype.value in (STRING, LANGUAGE_STRING)
    return "" if plain else identifier(value.datatype)


def triple(fact: Fact) -> ox.Triple:
    """The RDF triple of a fact, without its confidence.

    Raises:
        TastegraphError: the literal has an invalid language tag, or both a language and a datatype.
    """
    return ox.Triple(
        node(fact.subject),
        iri(fact.relation),
        _literal(fact) if fact.literal else node(fact.object),
    )


def _literal(fact: Fact) -> ox.Literal:
    datatype = "" if fact.datatype in (STRING, LANGUAGE_STRING) else fact.datatype
    try:
        if fact.language:
            kind = iri(datatype) if datatype else None
            return ox.Literal(fact.object, language=fact.language, datatype=kind)
        return ox.Literal(fact.object, datatype=iri(datatype) if datatype else None)
    except ValueError as error:
        raise TastegraphError(
            f"the value of {fact.relation!r} of {fact.subject!r}, in language {fact.language!r} "
            f"and of type {fact.datatype!r}, cannot be written as RDF ({error}): import it anew"
        ) from None
