"""Tables of many formats as columns, streamed in batches, with the line of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.data.mapping.names import INDEX_COLUMN
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.archives import part_files
from tastegraph.data.tables.delimited import ROWS_PER_BATCH, DelimitedRows
from tastegraph.data.tables.dialects import TableOptions, dialect_of, head_of
from tastegraph.data.tables.json_lines import array_objects, frame_of_objects, json_object
from tastegraph.data.tables.line_blocks import (
    BLOCK_BYTES,
    SourceEncoding,
    decoded_lines,
    first_row_apart,
    line_blocks,
)
from tastegraph.data.tables.text_files import format_suffix, is_compressed, open_bytes
from tastegraph.data.tables.workbooks import read_sheet

__all__ = ["TableBatch", "TableFormat", "TableOptions", "read_table", "table_format"]

TableFormat = Literal["csv", "tsv", "text", "jsonl", "json", "parquet", "recbole", "xlsx"]
DELIMITED: frozenset[TableFormat] = frozenset({"csv", "tsv", "text", "recbole"})
"""Formats whose cells are text."""

UNKNOWN = TableOptions()
_NO_LINES = pl.Series("line", [], pl.UInt64)
_FORMATS: dict[str, TableFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "text",
    ".dat": "text",
    ".data": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".inter": "recbole",
    ".item": "recbole",
    ".kg": "recbole",
    ".link": "recbole",
    ".user": "recbole",
}


@dataclass(frozen=True, slots=True)
class TableBatch:
    """Some consecutive rows of a table, of at most about 16 MiB of text.

    Attributes:
        frame: columns under the names of the file. Of delimited text String, RecBole's sequences
            List(String); of Parquet and workbooks as stored; of JSON native where the values of
            the batch have one type. A cell that is absent is null, an empty one of delimited text
            is ``""``.
        lines: UInt64, 1-based line of the file on which each row begins; of Parquet its number, of
            a workbook that of the row in the sheet.
        file: path of the file that holds these rows: that of the table, or of a part of it.
    """

    frame: pl.DataFrame
    lines: pl.Series
    file: str


def table_format(path: Path, options: TableOptions = UNKNOWN) -> TableFormat:
    """Return the format of a table file, or of the parts of a folder, by the ending of its name.

    With a separator among the options, a file of any other name is delimited text.

    Raises:
        NotFoundError: a zip archive, or what is named in it, does not exist.
        TastegraphError: the ending is none of those that can be read.
    """
    if path.is_dir():
        return table_format(part_files(path)[0], options)
    kind = _FORMATS.get(format_suffix(path))
    if kind in (None, "recbole") and options.separator:
        return "text"
    if kind is None or (kind in ("parquet", "xlsx") and is_compressed(path)):
        raise TastegraphError(
            f"{path}: its name does not end in a format that can be read: .csv, .tsv, .txt, .dat, "
            ".jsonl or .json (also with .gz, .bz2 or .zst, or in a .zip), .parquet, .xlsx, or "
            "RecBole's .inter, .item, .kg, .link. If it is delimited text: --separator"
        )
    return kind


def read_table(
    path: Path, rejects: RejectedRows, options: TableOptions = UNKNOWN
) -> Iterator[TableBatch]:
    """Yield the rows of a table as columns, without reading all of it into memory.

    Every batch of delimited text, Parquet or a workbook has all columns, and there is one even
    where there are no rows; a batch of JSON has those that occur in it. A folder of part files is
    one table.

    Args:
        path: the file, the member of a zip archive (``archive.zip/name``), or a folder of parts.
        rejects: what is done with a bad row.
        options: how the file is written.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    kind = table_format(path, options)
    if path.is_dir():
        return _parts(path, rejects, options)
    if kind in DELIMITED:
        return _delimited_batches(path, rejects, kind, options)
    if kind == "parquet":
        return _parquet_batches(path, rejects)
    if kind == "xlsx":
        return _sheet_batches(path, options)
    return _json_batches(path, rejects, options)


def _parts(path: Path, rejects: RejectedRows, options: TableOptions) -> Iterator[TableBatch]:
    columns: list[str] = []
    for part in part_files(path):
        for batch in read_table(part, rejects, options):
            if table_format(part, options) not in ("jsonl", "json"):
                columns = columns or batch.frame.columns
                if batch.frame.columns != columns:
                    expected = f"the columns of the parts before it, {', '.join(columns)}"
                    raise RowError(batch.file, 1, None, batch.frame.columns, expected)
            yield batch


def _delimited_batches(
    path: Path, rejects: RejectedRows, kind: TableFormat, options: TableOptions
) -> Iterator[TableBatch]:
    file, lists = str(path), list[int]()
    if kind == "recbole":
        options = TableOptions(options.encoding, "\t", "", header=True, columns=None)
    dialect = dialect_of(path, format_suffix(path), options)
    with open_bytes(path, dialect.encoding) as stream:
        blocks = first_row_apart(line_blocks(stream, file))
        rows = DelimitedRows(
            file, rejects, dialect.separator, dialect.quote, encoding=dialect.encoding
        )
        names = list(dialect.columns or ())
        if dialect.has_header:
            header = [cell.strip() for cell in rows.header(blocks)]
            if names and len(names) != len(header):
                raise RowError(file, 1, None, header, f"{len(names)} names, as in --columns,")
            names = names or header
        elif not names:
            width = len(rows.first_row(blocks))
            names = [f"column_{place}" for place in range(1, width + 1)]
        rows.width = len(names)
        if kind == "recbole":
            pairs = [name.partition(":") for name in names]
            lists = [place for place, pair in enumerate(pairs) if pair[2].endswith("_seq")]
            names = [pair[0] for pair in pairs]
        names = _columns(names, file)
        words = [pl.nth(lists).str.split(" ").list.filter(pl.element() != "")] if lists else []
        for frame, lines in rows.frames(blocks):
            frame.columns = names
            yield TableBatch(frame.with_columns(words), lines, file)
        if rows.is_empty:
            yield TableBatch(pl.DataFrame(schema=dict.fromkeys(names, pl.String)), _NO_LINES, file)


def _columns(header: Sequence[str], file: str) -> list[str]:
    names = list(header)
    if len(names) > 1 and not names[0]:
        names[0] = INDEX_COLUMN
    if not names or not all(names):
        raise RowError(file, 1, None, list(header), "a header that names every column")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RowError(file, 1, name, list(header), "a header that names a column only once")
    return names


def _json_batches(path: Path, rejects: RejectedRows, options: TableOptions) -> Iterator[TableBatch]:
    file, head = str(path), head_of(path, options.encoding)
    values: list[dict[str, object]] = []
    lines: list[int] = []
    size = 0
    is_array = bool(head.lines) and head.lines[0].lstrip().startswith("[")
    if is_array and table_format(path) == "json":
        objects = array_objects(path, rejects, head.encoding)
    else:
        objects = _line_objects(path, rejects, head.encoding)
    for line, value, length in objects:
        values.append(value)
        lines.append(line)
        size += length
        if size > BLOCK_BYTES:
            yield TableBatch(frame_of_objects(values), pl.Series("line", lines, pl.UInt64), file)
            values, lines, size = [], [], 0
    if lines:
        yield TableBatch(frame_of_objects(values), pl.Series("line", lines, pl.UInt64), file)


def _line_objects(
    path: Path, rejects: RejectedRows, encoding: str
) -> Iterator[tuple[int, dict[str, object], int]]:
    file, source = str(path), SourceEncoding(encoding)
    with open_bytes(path, encoding) as stream:
        for block in line_blocks(stream, file):
            lines, errors = decoded_lines(block, file, source)
            for line, text in enumerate(lines, start=block.first):
                if line in errors:
                    rejects.handle(errors[line])
                elif not text.isspace():
                    try:
                        yield line, json_object(text, file, line), len(text)
                    except RowError as error:
                        rejects.handle(error)


def _parquet_batches(path: Path, rejects: RejectedRows) -> Iterator[TableBatch]:
    file, start = str(path), 0
    try:
        table = pl.scan_parquet(path, glob=False)
        _columns(table.collect_schema().names(), file)
        while len(frame := table.slice(start, ROWS_PER_BATCH).collect()) or not start:
            lines = pl.Series("line", range(start + 1, start + 1 + len(frame)), pl.UInt64)
            yield TableBatch(frame, lines, file)
            start += len(frame)
            if not len(frame):
                break
    except FileNotFoundError:
        raise NotFoundError(f"{path} cannot be read: there is no such file") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        expected = "an undamaged Parquet file (nothing after this row could be read)"
        rejects.handle(RowError(file, start + 1, None, str(error), expected))


def _sheet_batches(path: Path, options: TableOptions) -> Iterator[TableBatch]:
    frame = read_sheet(path, options)
    frame.columns = _columns(frame.columns, str(path))
    first = 1 if options.columns and not options.header else 2
    for start in range(0, max(len(frame), 1), ROWS_PER_BATCH):
        rows = frame.slice(start, ROWS_PER_BATCH)
        lines = pl.Series("line", range(start + first, start + first + len(rows)), pl.UInt64)
        yield TableBatch(rows, lines, str(path))
