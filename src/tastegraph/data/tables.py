"""Tables: CSV, TSV, JSON Lines, Parquet and RecBole files as columns, streamed in batches."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.data.delimited import ROWS_PER_BATCH, DelimitedRows
from tastegraph.data.json_lines import frame_of_objects, json_object
from tastegraph.data.line_blocks import BLOCK_BYTES, first_row_apart, line_blocks
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.text_files import (
    TextLines,
    format_suffix,
    is_compressed,
    open_bytes,
    read_lines,
)

TableFormat = Literal["csv", "tsv", "jsonl", "parquet", "recbole"]

MAX_FIELD_LENGTH = 16 * 1024 * 1024
ROWS_PER_READ = 16_384

_FORMATS: dict[str, TableFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
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
        frame: columns under the names of the file. Of text formats String, RecBole's sequences
            List(String); of Parquet as stored; of JSON Lines native where the values of the batch
            have one type. A cell that is absent is null, an empty one of a text format is ``""``.
        lines: UInt64, 1-based line of the file on which each row begins; of Parquet its number.
    """

    frame: pl.DataFrame
    lines: pl.Series


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is written, where the file does not say it; ``None`` where it does.

    Attributes:
        separator: between the cells of delimited text.
        quote: around cells of delimited text; ``""`` where quotes are text.
        header: names of the columns of a file without a header.
    """

    separator: str | None = None
    quote: str | None = None
    header: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: 1-based line of the file on which it begins; of Parquet, its 1-based number.
        values: column → value.
    """

    line: int
    values: dict[str, object]


def table_format(path: Path) -> TableFormat:
    """Return the format of a table file, by the ending of its name.

    Raises:
        TastegraphError: the ending is none of those that can be read.
    """
    kind = _FORMATS.get(format_suffix(path))
    if kind is None or (kind == "parquet" and is_compressed(path)):
        raise TastegraphError(
            f"{path}: its name does not end in a format that can be read: .csv, .tsv or .jsonl "
            "(also with .gz, .bz2 or .zst), .parquet, or RecBole's .inter, .item, .kg, .link"
        )
    return kind


def read_table(
    path: Path, rejects: RejectedRows, options: TableOptions = TableOptions()
) -> Iterator[TableBatch]:
    """Yield the rows of a table file as columns, without reading all of it into memory.

    Every batch of delimited text or Parquet has all columns; one of JSON Lines those that occur
    in it.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        options: how the file is written.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    kind = table_format(path)
    if kind == "jsonl":
        return _json_batches(path, rejects)
    if kind == "parquet":
        return _parquet_batches(path, rejects)
    return _delimited_batches(path, rejects, kind, options)


def _delimited_batches(
    path: Path, rejects: RejectedRows, kind: TableFormat, options: TableOptions
) -> Iterator[TableBatch]:
    file = str(path)
    quote = options.quote if options.quote is not None else "" if kind == "recbole" else '"'
    separator = options.separator or ("," if kind == "csv" else "\t")
    with open_bytes(path) as stream:
        blocks, lists = line_blocks(stream, file), list[int]()
        if options.header is not None:
            names = list(options.header)
            rows = DelimitedRows(file, rejects, separator, quote, len(names))
        else:
            blocks = first_row_apart(blocks)
            rows = DelimitedRows(file, rejects, separator, quote)
            names, lists = _header(rows.header(blocks), kind)
        names = _columns(names, {}, (), file)
        words = [pl.nth(lists).str.split(" ").list.filter(pl.element() != "")] if lists else []
        for frame, lines in rows.frames(blocks):
            frame.columns = names
            yield TableBatch(frame.with_columns(words), lines)


def _json_batches(path: Path, rejects: RejectedRows) -> Iterator[TableBatch]:
    objects: list[dict[str, object]] = []
    lines: list[int] = []
    size = 0
    for line, text in read_lines(path, rejects):
        if not text.strip():
            continue
        try:
            objects.append(json_object(text, str(path), line))
        except RowError as error:
            rejects.handle(error)
            continue
        lines.append(line)
        size += len(text)
        if size > BLOCK_BYTES:
            yield TableBatch(frame_of_objects(objects), pl.Series("line", lines, pl.UInt64))
            objects, lines, size = [], [], 0
    if lines:
        yield TableBatch(frame_of_objects(objects), pl.Series("line", lines, pl.UInt64))


def _parquet_batches(path: Path, rejects: RejectedRows) -> Iterator[TableBatch]:
    start, damaged = 0, "an undamaged Parquet file (nothing after this row could be read)"
    try:
        table = pl.scan_parquet(path, glob=False)
        _columns(table.collect_schema().names(), {}, (), str(path))
        while len(frame := table.slice(start, ROWS_PER_BATCH).collect()):
            yield TableBatch(
                frame, pl.Series("line", range(start + 1, start + 1 + len(frame)), pl.UInt64)
            )
            start += len(frame)
    except FileNotFoundError:
        raise NotFoundError(f"{path} cannot be read: there is no such file") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        rejects.handle(RowError(str(path), start + 1, None, str(error), damaged))


def read_rows(
    path: Path,
    rejects: RejectedRows,
    required: Collection[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield the rows of a table file, without reading all of it into memory.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        required: columns that the file must have.
        aliases: name of a column in the file → its name in the rows.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    kind = table_format(path)
    names = aliases or {}
    if kind == "jsonl":
        return _json_rows(path, rejects, required, names)
    if kind == "parquet":
        return _parquet_rows(path, rejects, required, names)
    return _delimited_rows(path, rejects, kind, required, names)


def require(columns: Collection[str], required: Collection[str], file: str, line: int) -> None:
    """Check that every required column exists.

    Raises:
        RowError: one does not; the error names the columns that exist.
    """
    for name in required:
        if name not in columns:
            raise RowError(file, line, name, sorted(columns), f"a column named {name!r}")


def _delimited_rows(
    path: Path,
    rejects: RejectedRows,
    kind: TableFormat,
    required: Collection[str],
    aliases: Mapping[str, str],
) -> Iterator[Row]:
    csv.field_size_limit(MAX_FIELD_LENGTH)
    with open_bytes(path) as stream:
        lines = TextLines(stream, str(path))
        reader = csv.reader(
            lines,
            delimiter="," if kind == "csv" else "\t",
            quoting=csv.QUOTE_NONE if kind == "recbole" else csv.QUOTE_MINIMAL,
            strict=True,
        )
        rows = _cells(reader, lines, str(path))
        first = next(rows, (1, []))
        if isinstance(first, RowError):
            raise first
        header, lists = _header(first[1], kind)
        header = _columns(header, aliases, required, str(path))
        for row in rows:
            if isinstance(row, RowError):
                rejects.handle(row)
                continue
            line, cells = row
            if len(cells) != len(header):
                expected = f"{len(header)} cells, as in the header,"
                rejects.handle(RowError(str(path), line, None, cells, expected))
                continue
            values: dict[str, object] = dict(zip(header, cells, strict=True))
            for index in lists:
                values[header[index]] = [part for part in cells[index].split(" ") if part]
            yield Row(line, values)


def _cells(
    reader: Iterator[list[str]], lines: TextLines, file: str
) -> Iterator[tuple[int, list[str]] | RowError]:
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            text = lines.text.rstrip("\r\n")
            yield RowError(file, line, None, text, f"a well-formed row ({error})")
        except RowError as error:
            yield error
        else:
            if cells:
                yield line, cells


def _header(cells: Sequence[str], kind: TableFormat) -> tuple[list[str], list[int]]:
    names = [cell.strip() for cell in cells]
    if kind != "recbole":
        return names, []
    pairs = [name.partition(":") for name in names]
    lists = [index for index, pair in enumerate(pairs) if pair[2].endswith("_seq")]
    return [pair[0] for pair in pairs], lists


def _columns(
    header: Sequence[str], aliases: Mapping[str, str], required: Collection[str], file: str
) -> list[str]:
    names = [aliases.get(name, name) for name in header]
    if not names or not all(names):
        raise RowError(file, 1, None, list(header), "a header that names every column")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RowError(file, 1, name, list(header), "a header that names a column only once")
    require(names, required, file, 1)
    return names


def _json_rows(
    path: Path, rejects: RejectedRows, required: Collection[str], aliases: Mapping[str, str]
) -> Iterator[Row]:
    file = str(path)

    def row(line: tuple[int, str]) -> Row:
        number, text = line
        try:
            values = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            expected = f"a JSON object ({str(error) or 'nested too deeply'})"
            raise RowError(file, number, None, text, expected) from None
        if not isinstance(values, dict):
            raise RowError(file, number, None, text, "a JSON object")
        if aliases:
            try:
                values = _unique([(aliases.get(name, name), values[name]) for name in values])
            except ValueError as error:
                raise RowError(file, number, None, text, f"a JSON object ({error})") from None
        require(values, required, file, number)
        return Row(number, values)

    return rejects.convert((line for line in read_lines(path, rejects) if line[1].strip()), row)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice")
    return values


def _parquet_rows(
    path: Path, rejects: RejectedRows, required: Collection[str], aliases: Mapping[str, str]
) -> Iterator[Row]:
    # Imported here: the service reads events by the same rules, and needs no Parquet.
    import polars as pl

    file, line = str(path), 0
    try:
        table = pl.scan_parquet(path, glob=False)
        names = _columns(table.collect_schema().names(), aliases, required, file)
        while batch := table.slice(line, ROWS_PER_READ).collect().rows():
            for cells in batch:
                line += 1
                yield Row(line, dict(zip(names, cells, strict=True)))
    except FileNotFoundError:
        raise NotFoundError(f"{path} cannot be read: there is no such file") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        expected = "an undamaged Parquet file (nothing after this row could be read)"
        rejects.handle(RowError(file, line + 1, None, str(error), expected))
