"""A look at files before they are imported: what each holds, whether their ids meet, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote, split

import polars as pl

from tastegraph.core.config import ImportConfig
from tastegraph.core.findings import Finding, Findings
from tastegraph.data.id_checks import IdMismatch, unmatched_ids
from tastegraph.data.inspection.inspected_files import InspectedFile, inspect_file
from tastegraph.data.mapping.names import COLUMNS, Kind, map_option
from tastegraph.data.mapping.readings import UNSAID, ReadingOptions
from tastegraph.data.tables.dialects import TableOptions

_COMPARED: tuple[tuple[Kind, str, Kind, tuple[str, ...]], ...] = (
    ("events", "item_id", "items", ("item_id",)),
    ("links", "item_id", "items", ("item_id",)),
    ("links", "entity", "facts", ("head", "tail")),
)
"""Whose ids should be among whose."""
_ORDER: tuple[Kind, ...] = ("items", "facts", "links", "events")


@dataclass(frozen=True)
class IdComparison:
    """Whether the ids of one kind of records are among those of another.

    Attributes:
        kind, column: whose ids were looked up.
        known_kind: among whose.
        ids: how many different ids there are.
        mismatch: those that are not known; ``None`` where all are.
    """

    kind: Kind
    column: str
    known_kind: Kind
    ids: int
    mismatch: IdMismatch | None

    def in_words(self) -> str:
        """How many of how many, examples, the likely cause."""
        if self.mismatch is None:
            return (
                f"{self.kind}, column {self.column!r}: all {self.ids:,} ids are among the "
                f"{self.known_kind}"
            )
        return (
            f"{self.kind}, column {self.column!r}: not among the {self.known_kind} are "
            f"{self.mismatch.in_words()}"
        )


@dataclass(frozen=True)
class Inspection:
    """What a look at some files found.

    Attributes:
        files: one by one.
        findings: every problem, with its remedy.
        comparisons: whether ids meet.
        commands: that import the files as they were read here.
    """

    files: Sequence[InspectedFile]
    findings: Findings
    comparisons: Sequence[IdComparison] = field(default_factory=list)
    commands: Sequence[str] = field(default_factory=list)


def inspect_files(
    paths: Sequence[Path],
    options: ReadingOptions = UNSAID,
    config: ImportConfig | None = None,
    workspace: str = "DIR",
) -> Inspection:
    """Look at files; nothing is stored, and nothing that is wrong with them is raised.

    Args:
        paths: the files.
        options: what the caller says of them.
        config: how files are read; by default as in a new workspace.
        workspace: the directory that the commands name.
    """
    findings = Findings()
    files = [inspect_file(path, options, config or ImportConfig(), findings) for path in paths]
    comparisons = list(_comparisons(files))
    return Inspection(files, findings, comparisons, import_commands(files, workspace))


def _comparisons(files: Sequence[InspectedFile]) -> Iterator[IdComparison]:
    for kind, column, known_kind, known_columns in _COMPARED:
        ids = _all_ids(files, kind, (column,))
        known = _all_ids(files, known_kind, known_columns)
        if len(ids) and len(known):
            yield IdComparison(kind, column, known_kind, len(ids), unmatched_ids(ids, known))


def _all_ids(files: Sequence[InspectedFile], kind: Kind, columns: Sequence[str]) -> pl.Series:
    parts = [file.ids[name] for file in files if file.kind == kind for name in columns
             if name in file.ids]  # fmt: skip
    return pl.concat(parts).unique(maintain_order=True) if parts else pl.Series([], dtype=pl.String)


def import_commands(files: Sequence[InspectedFile], workspace: str = "DIR") -> list[str]:
    """The commands that import files as they were read: one for all that the same options read."""
    groups: list[tuple[ReadingOptions, list[InspectedFile]]] = []
    for file in sorted(
        (file for file in files if file.kind), key=lambda file: _ORDER.index(file.kind or "items")
    ):
        for place, (options, members) in enumerate(groups):
            joined = _joined(options, file.options)
            if joined is not None and all(_fits(joined, member) for member in (*members, file)):
                groups[place] = (joined, [*members, file])
                break
        else:
            groups.append((file.options, [file]))
    return [_command(options, members, workspace) for options, members in groups]


def _joined(first: ReadingOptions, second: ReadingOptions) -> ReadingOptions | None:
    """Options that say what both say, if they do not contradict each other."""
    columns = {**first.columns, **second.columns}
    if (first.table, first.format) != (second.table, second.format):
        return None
    if any(columns[ours] != theirs for ours, theirs in first.columns.items()):
        return None
    return ReadingOptions(first.table, columns, {**first.types, **second.types}, first.format)


def _fits(options: ReadingOptions, file: InspectedFile) -> bool:
    """Whether a file is read by ``options`` as it is read by its own."""
    names = {column.name for column in file.columns}
    known = COLUMNS[file.kind or "items"].known
    return all(
        file.options.columns.get(ours) == theirs
        or ours not in known
        or (theirs not in names and ours in names)
        for ours, theirs in options.columns.items()
    )


def _command(options: ReadingOptions, files: Sequence[InspectedFile], workspace: str) -> str:
    words = ["tastegraph", "import", quote(workspace)]
    for file in files:
        words += [f"--{file.kind}", quote(str(file.path))]
    if options.format:
        words += ["--format", quote(options.format)]
    words += [map_option(ours, theirs) for ours, theirs in options.columns.items()]
    words += [f"--type {quote(f'{ours}={theirs}')}" for theirs, ours in options.types.items()]
    return " ".join([*words, *_table_words(options.table)])


def _table_words(table: TableOptions) -> Iterator[str]:
    separator = {"\t": "tab"}.get(table.separator or "", table.separator)
    for name, value in (
        ("encoding", table.encoding),
        ("separator", separator),
        ("quote", "none" if table.quote == "" else table.quote),
        ("columns", ",".join(table.columns) if table.columns else None),
        ("sheet", table.sheet),
    ):
        if value is not None:
            yield f"--{name} {quote(value)}"
    if table.header is not None:
        yield "--header" if table.header else "--no-header"


def in_words(inspection: Inspection) -> Iterator[str]:
    """What was found, line by line."""
    for file in inspection.files:
        yield from _file_in_words(file)
        yield from _findings_in_words(inspection.findings, str(file.path))
        yield ""
    for comparison in inspection.comparisons:
        yield comparison.in_words()
    if inspection.commands:
        yield "To import them so (what was guessed is for you to check):"
        yield from (f"  {command}" for command in inspection.commands)
    else:
        yield "Nothing can be imported so: follow the remedies above, and look again"


def _file_in_words(file: InspectedFile) -> Iterator[str]:
    facts = [file.format, file.encoding]
    if file.separator is not None:
        facts.append(f"separator {file.separator!r}")
    if file.has_header is not None:
        facts.append("with a header" if file.has_header else "without a header")
    facts.append(f"{file.rows:,} rows")
    if file.bad_rows:
        facts.append(f"{file.bad_rows:,} bad rows")
    yield f"{file.path}: {', '.join(str(fact) for fact in facts if fact)}"
    if file.kind is not None:
        source = f"the format {file.options.format}" if file.options.format else "a guess"
        yield f"  holds {file.kind} ({source})"
    width = max((len(column.name) for column in file.columns), default=0)
    for column in file.columns:
        cells = ", ".join(row[column.name] or '""' for row in file.first_rows)
        ours = f"as {column.ours}" if column.ours else "not used"
        yield f"  {column.name:<{width}}  {column.type}, {ours}: {cells}"


def _findings_in_words(findings: Findings, path: str) -> Iterator[str]:
    for finding in findings:
        if finding.file == path and finding.text != "not used":
            yield f"  ! {_finding_in_words(finding)}"


def _finding_in_words(finding: Finding) -> str:
    if not finding.column and not finding.example:
        count = f" ({finding.count:,})" if finding.count > 1 else ""
        return finding.text + count + (f": {finding.remedy}" if finding.remedy else "")
    return str(finding).removeprefix(f"{finding.file}, ").removeprefix(f"{finding.file}: ")


def as_json(inspection: Inspection) -> dict[str, object]:
    """What was found, as an object of JSON."""
    return {
        "files": [_file_as_json(file) for file in inspection.files],
        "problems": [
            {
                "file": finding.file,
                "column": finding.column or None,
                "text": finding.text,
                "count": finding.count,
                "example": finding.example or None,
                "remedy": finding.remedy or None,
            }
            for finding in inspection.findings
        ],
        "ids": [
            {
                "kind": comparison.kind,
                "column": comparison.column,
                "among": comparison.known_kind,
                "ids": comparison.ids,
                "unknown": comparison.mismatch.unknown if comparison.mismatch else 0,
                "examples": list(comparison.mismatch.examples) if comparison.mismatch else [],
                "cause": (comparison.mismatch.cause if comparison.mismatch else "") or None,
            }
            for comparison in inspection.comparisons
        ],
        "commands": [split(command) for command in inspection.commands],
    }


def _file_as_json(file: InspectedFile) -> dict[str, object]:
    return {
        "path": str(file.path),
        "format": file.format or None,
        "encoding": file.encoding,
        "separator": file.separator,
        "header": file.has_header,
        "rows": file.rows,
        "bad_rows": file.bad_rows,
        "kind": file.kind,
        "columns": [
            {"name": c.name, "ours": c.ours, "type": c.type, "empty": c.empty} for c in file.columns
        ],
        "first_rows": list(file.first_rows),
    }
