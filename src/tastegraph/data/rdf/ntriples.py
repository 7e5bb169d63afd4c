"""N-Triples and N-Quads as columns: whole blocks of lines at a time.

Most lines of most files are plain: one statement with single spaces, without escapes, with common
IRIs. Regular expressions in polars take those apart. Every other line is parsed by pyoxigraph, and
tests hold both equal.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl
import pyoxigraph as ox

from tastegraph.core.errors import RowError
from tastegraph.core.fact_columns import frame_of_facts
from tastegraph.core.records import Fact
from tastegraph.data.rdf.terms import (
    DIRECTED_LANGUAGE_STRING,
    LANGUAGE_STRING,
    STRING,
    URN,
    fact_of_quad,
    id_of_iri,
    stored_tag,
)
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.line_blocks import LineBlock, line_blocks
from tastegraph.data.tables.text_files import TextLines, open_bytes

MAX_LINES_PER_CHUNK = 2_000
MAX_CHUNK_LENGTH = 1024 * 1024
"""Lines, and characters, that pyoxigraph parses at once."""

Line = tuple[int, str]

# Less than RFC 3987 allows, never more: hosts are names, and rare characters are left out.
_CHARACTER = (
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/\-"
    r"\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}\x{10000}-\x{1FFFD}]|%[0-9A-Fa-f]{2})"
)
_AFTER_SCHEME = rf"(?://[A-Za-z0-9.\-]+(?::[0-9]+)?(?:/{_CHARACTER}*)?|[A-Za-z0-9]{_CHARACTER}*)"
_IRI = rf"[A-Za-z][A-Za-z0-9+.\-]*:{_AFTER_SCHEME}(?:\?{_CHARACTER}*)?(?:#{_CHARACTER}*)?"
_BLANK = r"_:[A-Za-z0-9][A-Za-z0-9_\-]*"
_TEXT = r'[^"\\\r\x00]*'
_LANGUAGE = r"[A-Za-z]+(?:-[A-Za-z0-9]+)*"
_GRAPH = {
    ox.RdfFormat.N_TRIPLES: "",
    ox.RdfFormat.N_QUADS: rf"(?: <{_IRI}>| {_BLANK})?",
}
_NODE = rf"(?:<{_IRI}>|{_BLANK})"
_LITERAL = rf'"{_TEXT}"(?:@{_LANGUAGE}|\^\^<{_IRI}>)?'
_PLAIN = {
    syntax: rf"^{_NODE} <{_IRI}> (?:{_NODE}|{_LITERAL}){graph} \.$"
    for syntax, graph in _GRAPH.items()
}
"""What :data:`_PARTS` takes apart correctly."""
_PARTS = (
    r"^(?:<(?P<subject>[^>]*)>|(?P<blank_subject>_:\S+)) <(?P<relation>[^>]*)> "
    r'(?:<(?P<entity>[^>]*)>|(?P<blank>_:\S+)|"(?P<text>[^"]*)"'
    r"(?:@(?P<language>\S+)|\^\^<(?P<datatype>[^>]*)>)?)"
)
_NO_STATEMENT = r"^[ \t\r]*(?:#[^\r\x00]*)?$"
_NO_DATATYPES = (LANGUAGE_STRING, DIRECTED_LANGUAGE_STRING)
"""Datatypes that only literals with a language have."""


def read_statement_lines(
    path: Path, rejects: RejectedRows, syntax: ox.RdfFormat
) -> Iterator[pl.DataFrame]:
    """Yield the facts of a file, as :mod:`tastegraph.core.fact_columns` describes.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a line is at fault and ``rejects`` raises.
    """
    file = str(path)
    with open_bytes(path) as stream:
        for block in line_blocks(stream, file):
            if block.error is not None:
                rejects.handle(block.error)
                continue
            lines, undecoded = _texts(block)
            facts, rest = _plain_facts(lines, syntax)
            if len(rest):
                numbered = list(_parsed_facts(rest.rows(), undecoded, rejects, syntax, file))
                parsed = frame_of_facts([fact for _, fact in numbered])
                numbers = pl.Series("number", [number for number, _ in numbered], pl.Int64)
                facts = pl.concat([facts, parsed.insert_column(0, numbers)])
                facts = facts.sort("number", maintain_order=True)
            yield facts.drop("number")


def _texts(block: LineBlock) -> tuple[pl.DataFrame, dict[int, bytes]]:
    """The lines of a block as columns ``number`` and ``line``, without their ends.

    Of a line that is not UTF-8 the frame has NUL, and the dictionary its bytes.
    """
    undecoded: dict[int, bytes] = {}
    try:
        texts = block.data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        texts = []
        for number, line in enumerate(block.data.split(b"\n"), start=block.first):
            try:
                texts.append(line.decode("utf-8"))
            except UnicodeDecodeError:
                texts.append("\0")
                undecoded[number] = line
    numbers = pl.int_range(block.first, block.first + len(texts), dtype=pl.Int64, eager=True)
    return pl.DataFrame([numbers.alias("number"), pl.Series("line", texts, pl.String)]), undecoded


def _plain_facts(lines: pl.DataFrame, syntax: ox.RdfFormat) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The facts of plain lines, with the lines' numbers; and the lines with other statements."""
    plain = lines["line"].str.contains(_PLAIN[syntax])
    groups = pl.col("line").str.extract_groups(_PARTS).alias("part")
    parts = lines.filter(plain).with_columns(groups).unnest("part")
    tags = {tag: stored_tag(tag) for tag in parts["language"].drop_nulls().unique()}
    no_tags = [tag for tag, stored in tags.items() if stored is None]
    doubtful = parts["language"].is_in(no_tags) | parts["datatype"].is_in(_NO_DATATYPES)
    doubtful = doubtful.fill_null(False)
    rest = lines.filter(~plain & ~lines["line"].str.contains(_NO_STATEMENT))
    if doubtful.any():
        rest = pl.concat([rest, parts.filter(doubtful).select("number", "line")]).sort("number")
        parts = parts.filter(~doubtful)
    datatype = _ids(parts["datatype"])
    facts = pl.DataFrame(
        {
            "number": parts["number"],
            "subject": _ids(parts["subject"]).fill_null(parts["blank_subject"]),
            "relation": _ids(parts["relation"]),
            "object": _ids(parts["entity"]).fill_null(parts["blank"]).fill_null(parts["text"]),
            "literal": parts["text"].is_not_null(),
            "datatype": datatype.set(datatype == STRING, None).fill_null(""),
            "language": parts["language"].replace(list(tags), list(tags.values())).fill_null(""),
        }
    )
    return facts.with_columns(confidence=pl.lit(1.0)), rest


def _ids(iris: pl.Series) -> pl.Series:
    """The ids of IRIs: :func:`~tastegraph.data.rdf.terms.id_of_iri` of each."""
    encoded = iris.str.starts_with(URN)
    if not encoded.any():
        return iris
    distinct = iris.filter(encoded).unique()
    return iris.replace(distinct, pl.Series([id_of_iri(iri) for iri in distinct]))


def _parsed_facts(
    lines: Iterable[Line],
    undecoded: Mapping[int, bytes],
    rejects: RejectedRows,
    syntax: ox.RdfFormat,
    file: str,
) -> Iterator[tuple[int, Fact]]:
    """The facts of numbered lines with their numbers, by pyoxigraph."""

    def statements(line: Line) -> list[tuple[int, Fact]]:
        number, text = line
        if "\0" in text:
            _check_text(undecoded.get(number, text.encode()), number, file)
        try:
            return [(number, fact) for fact in _parsed(text, syntax, file, number)]
        except SyntaxError as error:
            reason = error.msg.partition(": ")[2] or error.msg
            expected = f"one {syntax.name} statement ({reason})"
            raise RowError(file, number, None, text.rstrip("\r"), expected) from None

    for chunk in _chunks(lines):
        # Parsing a chunk at once is many times faster; line by line says which line is at fault.
        text = "\n".join(text for _, text in chunk)
        facts: list[Fact] = []
        if "\0" not in text:
            with suppress(SyntaxError, RowError):
                facts = _parsed(text, syntax, file, chunk[0][0])
        if len(facts) == len(chunk):
            yield from zip((number for number, _ in chunk), facts, strict=True)
        else:
            for numbered in rejects.convert(chunk, statements):
                yield from numbered


def _check_text(line: bytes, number: int, file: str) -> None:
    """Check that a line can be read.

    Raises:
        RowError: it is not UTF-8, or holds a NUL.
    """
    lines = TextLines(io.BytesIO(line), file)
    lines.number = number - 1
    next(lines)


def _parsed(text: str, syntax: ox.RdfFormat, file: str, line: int) -> list[Fact]:
    return [fact_of_quad(quad, file, line) for quad in ox.parse(text, syntax, lenient=False)]


def _chunks(lines: Iterable[Line]) -> Iterator[Sequence[Line]]:
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
