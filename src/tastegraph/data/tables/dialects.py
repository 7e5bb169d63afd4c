"""How a file of delimited text is written: encoding, separator, header; read from its beginning.

What the beginning says for certain is used; anything else is an error that names the likely cause
and the option that reads the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tastegraph.core.errors import RowError
from tastegraph.data.inspection.guesses import guessed_columns, is_number_or_time
from tastegraph.data.mapping.names import is_usual_name
from tastegraph.data.tables.encodings import marked_encoding, proposed_encoding
from tastegraph.data.tables.text_files import READ_ERRORS, open_bytes

SEPARATORS = ("::", "\t", ";", "|", ",")
HEAD_BYTES = 256 * 1024
MAX_HEAD_LINES = 50
_DEFAULT_SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is written, where the file does not say it; ``None`` where it does.

    Attributes:
        encoding: of a text file.
        separator: between the cells of delimited text, one or several characters.
        quote: around cells of delimited text; ``""`` where quotes are text.
        header: whether the first row names the columns.
        columns: names of the columns, in their order; without ``header`` the file has none.
        sheet: name of the sheet of a workbook.
    """

    encoding: str | None = None
    separator: str | None = None
    quote: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one file of delimited text is read.

    Attributes:
        encoding: of the text.
        separator: one or several characters.
        quote: one character, or ``""``.
        has_header: whether the first row names the columns.
        columns: their names, where the header does not say them.
    """

    encoding: str
    separator: str
    quote: str
    has_header: bool
    columns: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a text file.

    Attributes:
        encoding: that a byte-order mark or the caller names, else UTF-8.
        lines: the first lines that are not blank, without their ends; bad bytes as ``\\xff``.
        proposed: the likely encoding, where the lines are not in ``encoding``.
    """

    encoding: str
    lines: tuple[str, ...]
    proposed: str | None = None


def head_of(path: Path, encoding: str | None = None) -> Head:
    """Read the beginning of a text file.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: there is no such encoding.
    """
    name = encoding or marked_encoding(_first_bytes(path, "utf-8")) or "utf-8"
    data = _first_bytes(path, name)
    whole = data[: data.rfind(b"\n") + 1] if len(data) >= HEAD_BYTES else data
    try:
        text, proposed = (whole or data).decode("utf-8-sig"), None
    except UnicodeDecodeError:
        text = (whole or data).decode("utf-8-sig", "backslashreplace")
        proposed = None if encoding else proposed_encoding(whole or data)
    if "\0" in text and not encoding:
        proposed = proposed_encoding(whole or data)
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return Head(name, tuple([line for line in lines if line][:MAX_HEAD_LINES]), proposed)


def dialect_of(path: Path, suffix: str, options: TableOptions) -> Dialect:
    """Say how a file of delimited text is read.

    Args:
        path: the file.
        suffix: the ending of its name, which tells the separator of ``.csv`` and ``.tsv``.
        options: what the caller says of it.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: its header is a row of data, or has another separator than the rows.
    """
    head = head_of(path, options.encoding)
    separator = options.separator or separator_of(head.lines, _DEFAULT_SEPARATORS.get(suffix, ""))
    quote = options.quote if options.quote is not None else '"' if len(separator) == 1 else ""
    has_header = options.header if options.header is not None else options.columns is None
    first = cells_of(head.lines[0], separator, quote) if head.lines else []
    if options.header is None and has_header and looks_like_data(first):
        rows = [cells_of(line, separator, quote) for line in head.lines]
        names = ",".join(guessed_columns(rows))
        expected = f"a header (if there is none: --columns {names}; if this is one: --header)"
        raise RowError(str(path), 1, None, first, expected)
    return Dialect(head.encoding, separator, quote, has_header, options.columns)


def separator_of(lines: Sequence[str], usual: str = "") -> str:
    """The separator of some lines: the usual one where the first line has it, else one that all
    lines have equally often, else the usual one, or a comma.
    """
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines]
    if not plain or (usual and usual in plain[0]):
        return usual or ","
    if "::" in plain[0]:
        return "::"
    for separator in SEPARATORS:
        counts = {line.count(separator) for line in plain}
        if len(counts) == 1 and counts != {0}:
            return separator
    for separator in SEPARATORS:
        if separator in plain[0] and len(plain) > 1:
            common = sum(line.count(separator) >= plain[0].count(separator) for line in plain)
            if common >= 0.9 * len(plain):
                return separator
    return usual or ","


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether a first row has numbers or times, and no name that columns usually have."""
    return any(map(is_number_or_time, cells)) and not any(map(is_usual_name, cells))


def cells_of(line: str, separator: str, quote: str) -> list[str]:
    """The cells of one line, as far as they can be told."""
    if len(separator) > 1:
        return line.split(separator)
    if not quote:
        return line.split(separator)
    try:
        return next(csv.reader([line], delimiter=separator, quotechar=quote), [])
    except csv.Error:
        return line.split(separator)


def _first_bytes(path: Path, encoding: str) -> bytes:
    data = b""
    try:
        with open_bytes(path, encoding) as stream:
            while len(data) < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES - len(data))):
                data += chunk
    except READ_ERRORS:
        pass  # reading the file says where it is damaged
    return data
