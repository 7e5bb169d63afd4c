"""Rows of delimited text, such as CSV, as columns of text.

A block of plain lines is split by polars, any other by Python's ``csv``, row by row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from tastegraph.core.errors import RowError
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.line_blocks import LineBlock, SourceEncoding, decoded_lines
from tastegraph.data.tables.plain_rows import plain_rows

if TYPE_CHECKING:
    import _csv

MAX_FIELD_LENGTH = 16 * 1024 * 1024
"""Characters of the longest cell."""
MAX_ROW_LINES = 1000
"""Lines of the longest row: a quote that is open for longer is taken for a mistake."""
MAX_ROW_CHARACTERS = 1024 * 1024
"""Characters of the longest row of several lines."""
MAX_REREAD_LINES = 10_000_000
"""Lines of one file that are read again after a quote that was not closed."""
ROWS_PER_BATCH = 65_536

_CLOSED = f"a quoted cell that ends within {MAX_ROW_LINES:,} lines and 1 MiB of text"


@dataclass(slots=True)
class TextRow:
    """The cells of one row, and the 1-based line on which it begins."""

    line: int
    cells: list[str]


class _SplitLines:
    """An iterator of the cells of lines whose separator has several characters."""

    def __init__(self, lines: Iterator[str], separator: str) -> None:
        self.line_num = 0
        self._lines, self._separator = lines, separator

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        line = next(self._lines).rstrip("\r\n")
        self.line_num += 1
        return line.split(self._separator) if line else []


@dataclass
class DelimitedRows:
    """Splits blocks of one file into rows.

    A row that cannot be read is an error at the line where it begins, and reading goes on at the
    very next line: a quote that is never closed, or closed in a later row, loses its own row.

    Attributes:
        file: path of the file, for errors.
        rejects: what is done with a bad row.
        separator: between cells, one character, or several where quotes are text.
        quote: the quote character, or ``""`` where quotes are text.
        width: cells of a row; ``None`` until the first row is read.
        encoding: that the blocks were decoded from, for errors; they are UTF-8.
        is_empty: whether no row was yielded by :meth:`frames` yet.
    """

    file: str
    rejects: RejectedRows
    separator: str
    quote: str = '"'
    width: int | None = None
    encoding: str = "utf-8"
    is_empty: bool = True
    _rows: list[TextRow] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _first: int = 1
    _bad_lines: dict[int, RowError] = field(default_factory=dict)
    _reread_lines: int = 0
    _encoding: SourceEncoding = field(init=False)

    def __post_init__(self) -> None:
        self._encoding = SourceEncoding(self.encoding)

    def _plain_rows(self, block: LineBlock) -> tuple[pl.DataFrame, pl.Series] | None:
        """Split a block at once, if each of its lines is a row."""
        width = self.width
        if block.error or self._lines or self._rows or width is None or width < 2:
            return None
        frame = plain_rows(block.data, width, self.separator, self.quote)
        if frame is None:
            return None
        if len(block.data) > MAX_FIELD_LENGTH:
            longest = frame.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item()
            if longest > MAX_FIELD_LENGTH:
                return None
        lines = range(block.first, block.first + len(frame))
        return frame, pl.Series("line", lines, pl.UInt64)

    def header(self, blocks: Iterator[LineBlock]) -> list[str]:
        """Take the first row from ``blocks``; empty where there is none.

        Raises:
            RowError: it cannot be read.
        """
        cells = self.first_row(blocks)
        del self._rows[:1]
        return cells

    def first_row(self, blocks: Iterator[LineBlock]) -> list[str]:
        """The cells of the first row, which remains the first row; empty where there is none.

        Raises:
            RowError: it cannot be read.
        """
        for block in blocks:
            self._rows += self._rows_of(block)
            if self._rows:
                return self._rows[0].cells
        self._rows += self._rows_of(None)
        return self._rows[0].cells if self._rows else []

    def frames(self, blocks: Iterable[LineBlock]) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        """Yield all further rows as columns of text, with the line of each row (UInt64).

        The columns are named by their place, ``"0"``, ``"1"`` …

        Raises:
            RowError: a row is at fault and ``rejects`` raises.
        """
        for block in chain(blocks, [None]):
            plain = self._plain_rows(block) if block else None
            if plain is not None:
                self.is_empty = False
                yield plain
                continue
            for row in self._rows_of(block):
                self._rows.append(row)
                self.is_empty = False
                if len(self._rows) == ROWS_PER_BATCH:
                    yield self._taken_rows()
            if self._rows:
                yield self._taken_rows()

    def _taken_rows(self) -> tuple[pl.DataFrame, pl.Series]:
        cells = zip(*(row.cells for row in self._rows), strict=True)
        columns = [pl.Series(str(place), column, pl.String) for place, column in enumerate(cells)]
        lines = pl.Series("line", [row.line for row in self._rows], pl.UInt64)
        self._rows = []
        return pl.DataFrame(columns), lines

    def _rows_of(self, block: LineBlock | None) -> Iterator[TextRow]:
        """The rows of a block; one that it leaves open goes on in the next, if there is one."""
        if block is not None:
            self._add(block)
        return self._split(last=block is None)

    def _add(self, block: LineBlock) -> None:
        if not self._lines:
            self._first = block.first
        lines, errors = decoded_lines(block, self.file, self._encoding)
        self._bad_lines |= errors
        self._lines += lines

    def _split(self, last: bool) -> Iterator[TextRow]:
        csv.field_size_limit(MAX_FIELD_LENGTH)
        lines, start = self._lines, 0
        while start < len(lines):
            source, base = iter(lines), start
            source.__setstate__(start)  # type: ignore[attr-defined]
            reader = self._reader(source)
            try:
                for cells in reader:
                    end = base + reader.line_num
                    if self.width is None and cells:
                        self.width = len(cells)
                    if end - start > 1 and (expected := self._swallowed(cells, start, end)):
                        self._reject_line(start, end, expected)
                        start += 1
                        break
                    if error := self._wrong_row(cells, start, end):
                        self._reject(error)
                    elif cells:
                        yield TextRow(self._first + start, cells)
                    start = end
            except csv.Error as error:
                is_open = str(error) == "unexpected end of data"
                if is_open and not last and not self._is_too_long(start, len(lines)):
                    break
                expected = _CLOSED if is_open else f"a well-formed row ({error})"
                self._reject_line(start, base + reader.line_num, expected)
                start += 1
        self._lines = lines[start:]
        self._first += start
        self._bad_lines = {n: e for n, e in self._bad_lines.items() if n >= self._first}

    def _reader(self, lines: Iterator[str]) -> _csv.Reader | _SplitLines:
        if len(self.separator) > 1:
            return _SplitLines(lines, self.separator)
        return csv.reader(
            lines,
            delimiter=self.separator,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=True,
        )

    def _is_too_long(self, start: int, end: int) -> bool:
        return (
            end - start > MAX_ROW_LINES
            or sum(map(len, self._lines[start:end])) > MAX_ROW_CHARACTERS
        )

    def _swallowed(self, cells: list[str], start: int, end: int) -> str:
        """Why a row of several lines is none, or ``""``."""
        if self._is_too_long(start, end):
            return _CLOSED
        if len(cells) != self.width:
            return (
                f"{self.width} cells, as in the header, in a row that goes to line "
                f"{self._first + end - 1} (is a quote not closed?)"
            )
        return ""

    def _wrong_row(self, cells: list[str], start: int, end: int) -> RowError | None:
        if self._bad_lines:
            for line in range(self._first + start, self._first + end):
                if line in self._bad_lines:
                    return self._bad_lines[line]
        if cells and len(cells) != self.width:
            expected = f"{self.width} cells, as in the header,"
            return RowError(self.file, self._first + start, None, cells, expected)
        return None

    def _reject_line(self, start: int, end: int, expected: str) -> None:
        """Reject the row that begins at ``start``; the lines after it are read again."""
        text = self._lines[start].rstrip("\r\n")
        line = self._first + start
        self._reject(self._bad_lines.get(line, RowError(self.file, line, None, text, expected)))
        self._reread_lines += end - start - 1
        if self._reread_lines > MAX_REREAD_LINES:
            raise RowError(
                self.file,
                line,
                None,
                text,
                "quotes that are closed (if they are text: --quote none)",
            )

    def _reject(self, error: RowError) -> None:
        if self.width is None:  # the header
            raise error
        self.rejects.handle(error)
