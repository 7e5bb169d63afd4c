"""A look at one file before it is imported: how it is written, what it holds, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from shlex import quote

import polars as pl

from tastegraph.core.config import Config, ImportConfig
from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.findings import Finding, Findings
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import EVENT_TYPES
from tastegraph.data.cells.columns import without_missing
from tastegraph.data.event_tables import event_table
from tastegraph.data.facts import fact_columns, link_columns
from tastegraph.data.inspection.guesses import (
    guessed_columns,
    guessed_kind,
    guessed_type,
    is_number_or_time,
)
from tastegraph.data.items import read_items
from tastegraph.data.mapping.formats import FORMATS
from tastegraph.data.mapping.mapped_tables import MappedTable
from tastegraph.data.mapping.names import COLUMNS, KINDS, Kind
from tastegraph.data.mapping.readings import ReadingOptions, reading_of
from tastegraph.data.rdf.documents import ENDINGS
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.dialects import cells_of, dialect_of, head_of
from tastegraph.data.tables.reader import DELIMITED, TableBatch, read_table, table_format
from tastegraph.data.tables.text_files import format_suffix

_NO_IDS = pl.Series([], dtype=pl.String)
MAX_ROWS_SHOWN = 3
MAX_CELL_LENGTH = 60
MAX_KINDS_OF_ERRORS = 5
MAX_TYPES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class InspectedColumn:
    """One column of a file.

    Attributes:
        name: in the file.
        ours: the name under which it is read; ``None`` where it is not read.
        type: what its first cells look like, in words.
        empty: number of empty cells among the first rows.
    """

    name: str
    ours: str | None
    type: str
    empty: int


@dataclass
class InspectedFile:
    """What one file holds.

    Attributes:
        path: the file.
        format: by the ending of its name; ``""`` where it is none that can be read.
        encoding, separator, has_header: of text files; else ``None``.
        rows: number of rows that can be read.
        bad_rows: number of rows that cannot.
        columns: in the order of the file.
        first_rows: some rows, by column, their cells as short text.
        kind: what it probably holds; ``None`` where its columns do not say it.
        options: what has to be said for it to be read so.
        ids: column of ours → different ids in it.
    """

    path: Path
    format: str = ""
    encoding: str | None = None
    separator: str | None = None
    has_header: bool | None = None
    rows: int = 0
    bad_rows: int = 0
    columns: list[InspectedColumn] = field(default_factory=list)
    first_rows: list[dict[str, str]] = field(default_factory=list)
    kind: Kind | None = None
    options: ReadingOptions = field(default_factory=ReadingOptions)
    ids: dict[str, pl.Series] = field(default_factory=dict)


class _Errors(RejectedRows):
    """Counts bad rows by what is wrong with them, and keeps the first of each kind."""

    def __init__(self) -> None:
        super().__init__("skip")
        self.kinds: dict[tuple[str | None, str], tuple[RowError, int]] = {}

    def handle(self, error: RowError) -> None:
        super().handle(error)
        kind = (error.column, str(error.expected))
        if kind in self.kinds or len(self.kinds) < MAX_KINDS_OF_ERRORS:
            first, count = self.kinds.get(kind, (error, 0))
            self.kinds[kind] = (first, count + 1)


def inspect_file(
    path: Path, options: ReadingOptions, config: ImportConfig, findings: Findings
) -> InspectedFile:
    """Look at one file; nothing that is wrong with it is raised.

    Args:
        path: the file.
        options: what the caller says of it.
        config: what a missing value looks like.
        findings: gets every problem with its remedy.
    """
    file = InspectedFile(path, options=options)
    try:
        if _holds_statements(path):
            _read_statements(file, findings)
            return file
        file.format = table_format(path, options.table)
        _read_head(file, findings)
        _read_rows(file, config, findings)
    except TastegraphError as error:
        _note(findings, path, str(error))
    return file


def _read_head(file: InspectedFile, findings: Findings) -> None:
    """Find out how a text file is written; what it does not say becomes an option."""
    if file.format in ("parquet", "xlsx") or file.path.is_dir() or file.options.format:
        return
    table = file.options.table
    head = head_of(file.path, table.encoding)
    file.encoding = head.encoding
    if head.proposed:
        file.encoding = head.proposed
        remedy = f"--encoding {head.proposed}, if the first rows look right so"
        _note(findings, file.path, "is no UTF-8", remedy)
        table = replace(table, encoding=head.proposed)
    if file.format in DELIMITED and file.format != "recbole":
        suffix = format_suffix(file.path)
        try:
            dialect = dialect_of(file.path, suffix, table)
        except RowError:
            dialect = dialect_of(file.path, suffix, replace(table, header=False))
            lines = head_of(file.path, table.encoding).lines
            rows = [cells_of(line, dialect.separator, dialect.quote) for line in lines]
            table = replace(table, columns=tuple(guessed_columns(rows)))
            remedy = f"--columns {','.join(table.columns or ())}, with the right names in the order"
            _note(findings, file.path, "has no header: its first row looks like data", remedy)
        file.separator, file.has_header = dialect.separator, dialect.has_header
    file.options = replace(file.options, table=table)


def _read_rows(file: InspectedFile, config: ImportConfig, findings: Findings) -> None:
    errors = _Errors()
    if file.options.format:
        _guess_kind_of_format(file, config)
    else:
        batches = read_table(file.path, errors, file.options.table)
        first = next(batches, None)
        if first is None:
            _note(findings, file.path, "holds no rows")
            return
        _guess_kind(file, first.frame)
        _describe(file, first, config)
        if file.kind is None:
            file.rows = sum(len(batch.lines) for batch in chain([first], batches))
            _note_unknown_kind(file, findings)
    if file.kind is not None:
        errors = _Errors()
        _read_records(file, file.kind, errors, config, findings)
    _note_errors(file, errors, findings)


def _note_errors(file: InspectedFile, errors: _Errors, findings: Findings) -> None:
    file.bad_rows = errors.count
    for (column, expected), (error, count) in errors.kinds.items():
        example = f"{_short(error.value)!r} in line {error.line}"
        remedy = "correct them, or leave them out: --on-error skip"
        text = f"{expected} expected"
        findings.add(Finding(str(file.path), column or "", text, count, example, remedy))
    if others := errors.count - sum(count for _, count in errors.kinds.values()):
        findings.add(Finding(str(file.path), "", "other rows that cannot be read", others))


def _holds_statements(path: Path) -> bool:
    """Whether a file is RDF, or a dump of Wikidata."""
    suffix = format_suffix(path)
    if suffix == ".json":
        return any('"claims"' in line for line in head_of(path).lines)
    return suffix in ENDINGS


def _read_statements(file: InspectedFile, findings: Findings) -> None:
    errors = _Errors()
    file.kind, file.format = "facts", format_suffix(file.path).removeprefix(".")
    heads, tails = [_NO_IDS], [_NO_IDS]
    for frame in fact_columns(file.path, errors):
        file.rows += len(frame)
        heads.append(frame["subject"].unique())
        tails.append(frame.filter(~pl.col("literal"))["object"].unique())
        if not file.first_rows:
            rows = frame.head(MAX_ROWS_SHOWN).select("subject", "relation", "object")
            file.first_rows = [{name: _short(cell) for name, cell in row.items()}
                               for row in rows.iter_rows(named=True)]  # fmt: skip
    file.columns = [
        InspectedColumn(theirs, ours, "text", 0)
        for theirs, ours in (("subject", "head"), ("relation", "relation"), ("object", "tail"))
    ]
    file.ids = {"head": pl.concat(heads).unique(), "tail": pl.concat(tails).unique()}
    _note_errors(file, errors, findings)


def _guess_kind(file: InspectedFile, frame: pl.DataFrame) -> None:
    mapped = {ours: theirs for ours, theirs in file.options.columns.items()
              if theirs in frame.columns}  # fmt: skip
    names = {theirs: ours for ours, theirs in mapped.items()}
    guess = guessed_kind([names.get(name, name) for name in frame.columns])
    if guess is not None:
        file.kind, columns = guess
        aliases = COLUMNS[file.kind].aliases
        proposals = {ours: theirs for ours, theirs in columns.items() if theirs != ours and
                     aliases.get(theirs) != ours}  # fmt: skip
        file.options = replace(file.options, columns={**file.options.columns, **proposals})


def _guess_kind_of_format(file: InspectedFile, config: ImportConfig) -> None:
    """The first kind of a format whose columns the file has."""
    assert file.options.format is not None
    last: TastegraphError | None = None
    for kind in KINDS:
        if file.options.format in FORMATS and not any(
            shape.kind == kind for shape in FORMATS[file.options.format].shapes
        ):
            continue
        reading = reading_of(file.path, kind, config, file.options)
        try:
            first = next(iter(MappedTable(file.path, kind, _Errors(), reading)), None)
        except TastegraphError as error:
            last = last or error
            continue
        if first is not None:
            file.kind = kind
            _describe(file, first, config)
            return
    if last is not None:
        raise last


def _describe(file: InspectedFile, batch: TableBatch, config: ImportConfig) -> None:
    theirs = {name: ours for ours, name in file.options.columns.items()}
    known = COLUMNS[file.kind] if file.kind else None
    for name in batch.frame.columns:
        ours = theirs.get(name)
        if ours is None and known is not None:
            is_read = known.open or name in known.known
            ours = name if is_read else known.aliases.get(name)
        cells = without_missing(batch.frame[name], config.missing)
        file.columns.append(InspectedColumn(name, ours, _type_of(cells), cells.null_count()))
    for row in batch.frame.head(MAX_ROWS_SHOWN).iter_rows(named=True):
        file.first_rows.append({name: _short(value) for name, value in row.items()})


def _type_of(cells: pl.Series) -> str:
    values = cells.drop_nulls()
    if not len(values):
        return "empty"
    if cells.dtype != pl.String:
        return _TYPE_WORDS.get(str(cells.dtype.base_type()), str(cells.dtype))
    sample = [value.strip() for value in values.head(1000)]
    if all(value.lstrip("+-").isdecimal() for value in sample):
        return "whole numbers"
    if all(map(is_number_or_time, sample)):
        is_number = all(value.replace(".", "").lstrip("+-")[:1].isdecimal() and "-" not in value[1:]
                        and ":" not in value for value in sample)  # fmt: skip
        return "numbers" if is_number else "times"
    return "text"


_TYPE_WORDS = {
    **dict.fromkeys(("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"),
                    "whole numbers"),
    "Float32": "numbers", "Float64": "numbers", "Decimal": "numbers", "Boolean": "true or false",
    "Date": "times", "Datetime": "times", "List": "lists", "Struct": "objects",
    "Categorical": "text", "Enum": "text",
}  # fmt: skip


def _read_records(
    file: InspectedFile, kind: Kind, errors: _Errors, config: ImportConfig, findings: Findings
) -> None:
    """Read a file as an import would, for what it notices, its number of rows, and the ids."""
    path, report = file.path, ImportReport()
    types = _event_types(file, config, findings) if kind == "events" else ()
    reading = reading_of(path, kind, config, file.options)
    match kind:
        case "events":
            events = event_table(path, errors, reading, types, None, config.missing, report)
            ids = [events.select(pl.col("item_id").cast(pl.String))]
            repeated = len(events) - events["event_id"].n_unique()
            _note_repeated(findings, path, "event_id", repeated, "the first")
        case "items":
            items = read_items(path, errors, Config(imports=config), report, reading)
            ids = [frame.select("item_id") for frame in items]
        case "facts":
            facts = fact_columns(path, errors, reading, config.missing, report)
            entity = pl.when(~pl.col("literal")).then(pl.col("object"))
            ids = [frame.select(head="subject", tail=entity) for frame in facts]
        case "links":
            links = link_columns(path, errors, reading, config.missing, report)
            ids = [frame.select("item_id", entity="entity_id") for frame in links]
    for counts in report.files.values():
        file.rows += counts.read - counts.left_out
    for finding in report.findings:
        findings.add(replace(finding, file=str(path)))
    for name in ids[0].columns if ids else ():
        column = pl.concat([frame[name] for frame in ids])
        file.ids[name] = column.drop_nulls().unique(maintain_order=True)
    if kind == "items" and ids:
        repeated = file.rows - len(file.ids["item_id"])
        _note_repeated(findings, path, "item_id", repeated, "the last")


def _note_repeated(findings: Findings, path: Path, name: str, count: int, counting: str) -> None:
    remedy = f"{counting} row of an id counts"
    findings.add(
        Finding(str(path), name, "rows with an id that has occurred before", count, "", remedy)
    )


def _event_types(file: InspectedFile, config: ImportConfig, findings: Findings) -> tuple[str, ...]:
    """All event types of a file; those that are none of ours are noted, with a proposal."""
    reading = reading_of(file.path, "events", config, file.options)
    types: set[str] = set()
    for batch in MappedTable(file.path, "events", _Errors(), reading):
        if "type" not in batch.frame.columns:
            break
        values = without_missing(batch.frame["type"], config.missing).cast(pl.String)
        types.update(values.drop_nulls().unique())
        unknown = ~values.is_in(list(EVENT_TYPES)).fill_null(True)
        _note_types(findings, file, batch, values, unknown)
    return tuple({*EVENT_TYPES, *types})


def _note_types(
    findings: Findings, file: InspectedFile, batch: TableBatch, types: pl.Series, unknown: pl.Series
) -> None:
    """Note event types that are none of ours; those with a usual name become an option."""
    names = types.filter(unknown).unique().sort().to_list()
    guesses = {name: ours for name in names if (ours := guessed_type(name))}
    if guesses:
        usual = types.is_in(list(guesses)).fill_null(False)
        options = " ".join(f"--type {quote(f'{ours}={name}')}" for name, ours in guesses.items())
        remedy = f"{options}, if that is what they are; or give them weights in [events.weights]"
        text = "event types by another name"
        _note_cells(findings, file, "type", batch, usual & unknown, text, remedy)
        file.options = replace(file.options, types={**guesses, **file.options.types})
    if others := [name for name in names if name not in guesses][:MAX_TYPES_SHOWN]:
        remedy = (
            f"say which of ours {', '.join(others)} is, as --type view={others[0]}, or give it a "
            "weight in [events.weights]"
        )
        rest = unknown & ~types.is_in(list(guesses)).fill_null(False)
        text = "event types without a meaning"
        _note_cells(findings, file, "type", batch, rest, text, remedy)


def _note_cells(
    findings: Findings,
    file: InspectedFile,
    name: str,
    batch: TableBatch,
    mask: pl.Series,
    text: str,
    remedy: str = "",
) -> None:
    count = int(mask.sum() or 0)
    if count:
        row = mask.arg_true()[0]
        example = f"{_short(batch.frame[name][row])!r} in line {batch.lines[row]}"
        findings.add(Finding(str(file.path), name, text, count, example, remedy))


def _note_unknown_kind(file: InspectedFile, findings: Findings) -> None:
    needs = "; ".join(f"{kind}: {', '.join(COLUMNS[kind].required)}" for kind in KINDS)
    _note(
        findings, file.path, "has columns that do not say what it holds",
        f"map them with --map OURS=THEIRS; needed are {needs}",
    )  # fmt: skip


def _note(findings: Findings, path: Path, text: str, remedy: str = "") -> None:
    text = text.removeprefix(f"{path}: ").removeprefix(f"{path} ")
    findings.add(Finding(str(path), "", text, 1, "", remedy))


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_CELL_LENGTH else text[: MAX_CELL_LENGTH - 1] + "…"
