"""A body of facts or links of one source, read by the rules of files: all is imported, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal

from tastegraph.core.errors import DecisionError, RowError
from tastegraph.core.import_report import FileCounts, ImportReport
from tastegraph.core.messages import Message
from tastegraph.data.mapping.readings import reading_of
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.import_checks import check_statements
from tastegraph.serving.engine import Engine
from tastegraph.store import provenance, statements

if TYPE_CHECKING:
    import polars as pl

ENDINGS: Final = {
    "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl", "text/csv": ".csv",
    "text/tab-separated-values": ".tsv", "application/n-triples": ".nt",
    "application/n-quads": ".nq", "text/turtle": ".ttl",
}  # fmt: skip
"""Media type of a body → ending of the files that are read like it."""
MAX_REJECTED = 20
"""Rows that could not be read, of which a report says what was wrong."""
Kind = Literal["facts", "links"]


class ListedRows(RejectedRows):
    """Raises an error for the first bad row, or counts bad rows and remembers the first of them."""

    def __init__(self, on_error: Literal["raise", "skip"]) -> None:
        super().__init__(on_error)
        self.errors = list[RowError]()

    def handle(self, error: RowError) -> None:
        """Raise ``error``, or set aside the row that it is about."""
        super().handle(error)
        if len(self.errors) < MAX_REJECTED:
            self.errors.append(error)


@dataclass(frozen=True)
class Import:
    """What is to be imported, and how.

    Attributes:
        body: as it came.
        media_type: a key of :data:`ENDINGS`; its ending names the format.
        source: states it.
        kind: what the body holds.
        replace: whether what the source stated before, and the body does not, is withdrawn.
        skip: whether bad rows are left out; else the first one is an error.
    """

    body: bytes = field(repr=False)
    media_type: str
    source: str
    kind: Kind
    replace: bool
    skip: bool


@dataclass(frozen=True)
class ImportOutcome:
    """What an import did.

    Attributes:
        counts: of the rows and statements.
        withdrawn: number of facts and links that no source states any more.
        rejected: the first rows that could not be read.
        report: what was noticed.
    """

    counts: FileCounts
    withdrawn: int
    rejected: list[RowError]
    report: ImportReport


def run_import(engine: Engine, task: Import) -> ImportOutcome:
    """Import a body into the store of an engine.

    Raises:
        DecisionError: the name of the source is reserved.
        RowError: a row is wrong; nothing was imported.
        TastegraphError: the body cannot be read, as for files of its format.
        BusyError: another process is writing to the workspace.
    """
    if provenance.is_reserved(task.source):
        raise DecisionError(Message("decision.source", source=task.source))
    rejects, report = ListedRows("skip" if task.skip else "raise"), ImportReport()
    with TemporaryDirectory(prefix="tastegraph-") as folder:
        path = Path(folder) / f"body{ENDINGS[task.media_type]}"
        path.write_bytes(task.body)
        frames = list(_frames(path, engine, task.kind, rejects, report))
    counts, withdrawn = report.counts(task.kind, path.name), 0
    if not counts.read:
        raise DecisionError(Message("import.empty"))
    put = statements.put_facts if task.kind == "facts" else statements.put_links
    with engine.database.writing() as connection:
        if task.replace:
            provenance.withdraw_source(connection, task.source)
        stored = put(connection, frames, task.source)
        provenance.stamp(connection, task.source)
        if task.replace:
            withdrawn = provenance.drop_unsupported(connection)
    counts.new, counts.known, counts.repeated = stored.new, stored.known, stored.repeated
    sources = [task.source]
    with engine.database.reading() as connection:
        of_facts, of_links = (sources, []) if task.kind == "facts" else ([], sources)
        check_statements(connection, of_facts, of_links, report)
    return ImportOutcome(counts, withdrawn, rejects.errors, report)


def _frames(
    path: Path, engine: Engine, kind: Kind, rejects: RejectedRows, report: ImportReport
) -> Iterator[pl.DataFrame]:
    # Imported here: the service reads facts, and polars is for many at once.
    from tastegraph.data.facts import fact_columns, link_columns

    imports = engine.config.imports
    read = fact_columns if kind == "facts" else link_columns
    return read(path, rejects, reading_of(path, kind, imports), imports.missing, report)
