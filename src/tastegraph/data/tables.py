"""Tables: rows of CSV, TSV, JSON Lines, Parquet and RecBole files, streamed with line numbers."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.data.lines import Lines, read_lines
from tastegraph.data.packed import is_packed, open_bytes, suffix
from tastegraph.data.rejects import Rejects

Kind = Literal["csv", "tsv", "jsonl", "parquet", "recbole"]

LONGEST_FIELD = 16 * 1024 * 1024
BATCH = 16_384

_KINDS: dict[str, Kind] = {
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
class Row:
    """One row: the line it begins on (1-based, a header is line 1) and its cells by column.

    For Parquet, ``line`` is the 1-based number of the row.
    """

    line: int
    values: dict[str, object]


def kind_of(path: Path) -> Kind:
    """Return the format of a table, by the ending of its name.

    Raises:
        TastegraphError: the ending is none of those that can be read.
    """
    kind = _KINDS.get(suffix(path))
    if kind is None or (kind == "parquet" and is_packed(path)):
        raise TastegraphError(
            f"{path}: its name does not end in a format that can be read: .csv, .tsv or .jsonl "
            "(also with .gz, .bz2 or .zst), .parquet, or RecBole's .inter, .item, .kg, .link"
        )
    return kind


def read_rows(
    path: Path,
    rejects: Rejects,
    required: Collection[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Iterator[Row]:
    """Yield the rows of a table; no more than a batch of them is in memory.

    Args:
        required: columns without which the file is of no use.
        aliases: other name of a column → the name it is given.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    kind = kind_of(path)
    names = aliases or {}
    if kind == "jsonl":
        return _json_rows(path, rejects, required, names)
    if kind == "parquet":
        return _parquet_rows(path, rejects, required, names)
    return _delimited_rows(path, rejects, kind, required, names)


def require(columns: Collection[str], required: Collection[str], file: str, line: int) -> None:
    """Check that every required column is there.

    Raises:
        RowError: one is not; the error names those found.
    """
    for name in required:
        if name not in columns:
            raise RowError(file, line, name, sorted(columns), f"a column named {name!r}")


def _delimited_rows(
    path: Path,
    rejects: Rejects,
    kind: Kind,
    required: Collection[str],
    aliases: Mapping[str, str],
) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_FIELD)
    with open_bytes(path) as stream:
        lines = Lines(stream, str(path))
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
                wanted = f"{len(header)} cells, as in the header,"
                rejects.handle(RowError(str(path), line, None, cells, wanted))
                continue
            values: dict[str, object] = dict(zip(header, cells, strict=True))
            for index in lists:
                values[header[index]] = [part for part in cells[index].split(" ") if part]
            yield Row(line, values)


def _cells(
    reader: Iterator[list[str]], lines: Lines, file: str
) -> Iterator[tuple[int, list[str]] | RowError]:
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            shown = lines.text.rstrip("\r\n")
            yield RowError(file, line, None, shown, f"a well-formed row ({error})")
        except RowError as error:
            yield error
        else:
            if cells:
                yield line, cells


def _header(cells: Sequence[str], kind: Kind) -> tuple[list[str], list[int]]:
    names = [cell.strip() for cell in cells]
    if kind != "recbole":
        return names, []
    pairs = [name.partition(":") for name in names]
    lists = [index for index, pair in enumerate(pairs) if pair[2].endswith("_seq")]
    return [pair[0] for pair in pairs], lists


def _columns(
    found: Sequence[str], aliases: Mapping[str, str], required: Collection[str], file: str
) -> list[str]:
    names = [aliases.get(name, name) for name in found]
    if not names or not all(names):
        raise RowError(file, 1, None, list(found), "a header that names every column")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise RowError(file, 1, name, list(found), "a header that names a column only once")
    require(names, required, file, 1)
    return names


def _json_rows(
    path: Path, rejects: Rejects, required: Collection[str], aliases: Mapping[str, str]
) -> Iterator[Row]:
    file = str(path)

    def row(line: tuple[int, str]) -> Row:
        number, text = line
        try:
            values = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            wanted = f"a JSON object ({str(error) or 'nested too deeply'})"
            raise RowError(file, number, None, text, wanted) from None
        if not isinstance(values, dict):
            raise RowError(file, number, None, text, "a JSON object")
        if aliases:
            try:
                values = _unique([(aliases.get(name, name), values[name]) for name in values])
            except ValueError as error:
                raise RowError(file, number, None, text, f"a JSON object ({error})") from None
        require(values, required, file, number)
        return Row(number, values)

    return rejects.keep((line for line in read_lines(path, rejects) if line[1].strip()), row)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice")
    return values


def _parquet_rows(
    path: Path, rejects: Rejects, required: Collection[str], aliases: Mapping[str, str]
) -> Iterator[Row]:
    # Not above: the service reads events by the same rules, and no Parquet.
    import polars as pl

    file, line = str(path), 0
    try:
        table = pl.scan_parquet(path, glob=False)
        names = _columns(table.collect_schema().names(), aliases, required, file)
        while batch := table.slice(line, BATCH).collect().rows():
            for cells in batch:
                line += 1
                yield Row(line, dict(zip(names, cells, strict=True)))
    except FileNotFoundError:
        raise NotFoundError(f"{path} cannot be read: there is no such file") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        wanted = "an undamaged Parquet file (nothing after this row could be read)"
        rejects.handle(RowError(file, line + 1, None, str(error), wanted))
