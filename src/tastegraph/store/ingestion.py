"""Import of records into the store: all of them, or on any error none."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import Connection

from tastegraph.core.errors import TastegraphError
from tastegraph.core.import_report import FileCounts, ImportReport
from tastegraph.core.item_columns import item_frames
from tastegraph.core.progress import counted, progress
from tastegraph.core.records import Event, Records
from tastegraph.store import (
    availability,
    catalogue,
    catalogue_facts,
    events,
    provenance,
    statements,
    users,
)
from tastegraph.store.availability import NONE_UNLISTED, AvailabilityCounts, RelistedItems
from tastegraph.store.catalogue_facts import CatalogueFacts, ItemColumns
from tastegraph.store.erased_records import NONE_ERASED, ErasedCounts, ErasedRecords
from tastegraph.store.event_columns import append_columns
from tastegraph.store.statements import StatementCounts


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """How many records an import added.

    Attributes:
        facts, links: distinct ones of each source, added.
        withdrawn: facts and links that were deleted because no source states them any more.
        delisted: items that are in no list any more because the new catalogue lacks them.
        relisted: items that were delisted and are back.
        unlisted: all items that may not be listed now, by reason.
        withdrawn_events: events that were deleted because their file does not state them any more.
        report: counts of rows by file, and what was noticed.
        erased: what there was of erased users and items.
        users: number of users of whom something was stored.
    """

    items: int
    events: int
    duplicate_events: int
    facts: int
    links: int
    withdrawn: int = 0
    delisted: int = 0
    relisted: int = 0
    unlisted: AvailabilityCounts = NONE_UNLISTED
    withdrawn_events: int = 0
    report: ImportReport = field(default_factory=ImportReport)
    erased: ErasedCounts = NONE_ERASED
    users: int = 0


def ingest(
    connection: Connection,
    records: Records,
    columns: ItemColumns,
    report: ImportReport | None = None,
) -> ImportSummary:
    """Import ``records`` within the transaction of ``connection``.

    A source is replaced as a whole: facts and links that it stated before and does not state now
    are deleted, unless another source states them too. So are the events of a file, unless
    ``records.append`` is true.

    Args:
        connection: of a writer.
        records: the records.
        columns: what the columns of items state. Under another configuration than that of the last
            import, what those of all stored items state is stated anew.
        report: gets counts by file.

    Raises:
        RowError: a record is wrong; the caller must roll the transaction back.
        TastegraphError: a catalogue without any item would replace the present one.
    """
    report = ImportReport() if report is None else report
    relisted, erased = RelistedItems(connection), ErasedRecords(connection, restore=records.restore)
    n_items, n_facts = _put_items(connection, records, columns, relisted, erased, report)
    if records.replace_catalogue and not n_items:
        raise TastegraphError(
            "there is no item in the new catalogue, so that all items would be delisted: "
            "nothing was imported"
        )
    n_users = users.put_users(connection, erased.without_users(list(records.users)))
    n_links = 0
    replaced = [provenance.withdraw_source(connection, source) for source in records.sources]
    for source, facts in records.facts.items():
        stored = statements.put_facts(connection, counted(source, facts), source)
        n_facts += stored.distinct
        _add_counts(report.counts("facts", source), stored)
    for source, links in records.links.items():
        stored = statements.put_links(connection, links, source)
        n_links += stored.distinct
        _add_counts(report.counts("links", source), stored)
    for source in records.sources:
        provenance.stamp(connection, source, records.digests.get(source, ""))
    withdrawn = provenance.drop_unsupported(connection) if any(replaced) else 0
    n_new, n_known, n_withdrawn = _put_events(connection, records, erased, report)
    delisted = relisted.delist_others() if records.replace_catalogue else 0
    return ImportSummary(
        items=n_items,
        events=n_new,
        duplicate_events=n_known,
        facts=n_facts,
        links=n_links,
        withdrawn=withdrawn,
        delisted=delisted,
        relisted=relisted.count,
        unlisted=availability.counts(connection, time.time()),
        withdrawn_events=n_withdrawn,
        report=report,
        erased=erased.counts(),
        users=n_users,
    )


def _add_counts(counts: FileCounts, stored: StatementCounts) -> None:
    """Add what became of facts or links; single ones count as read where they are stored."""
    counts.read = max(counts.read, stored.read + counts.left_out)
    counts.new += stored.new
    counts.known += stored.known
    counts.repeated += stored.repeated


def _put_events(
    connection: Connection, records: Records, erased: ErasedRecords, report: ImportReport
) -> tuple[int, int, int]:
    """Number of events that are new, known or repeated, and withdrawn."""
    single: list[Event] = []
    frames: list[pl.DataFrame] = []
    for element in counted("events", records.events):
        if isinstance(element, Event):
            single.append(element)
        else:
            frames.append(element)
    appended = events.append(connection, erased.without_events(single))
    n_new, n_known, n_withdrawn = appended.accepted, appended.duplicates, 0
    tables: list[tuple[str | None, pl.DataFrame]] = [(None, frame) for frame in frames]
    tables += records.event_files.items()
    for source, frame in tables:
        counts, n_rows = report.counts("events", source or ""), len(frame)
        frame = erased.without_rows(frame)
        counts.left_out += n_rows - len(frame)
        outcome = append_columns(connection, frame, source, replace=not records.append)
        counts.new += outcome.new
        counts.known += outcome.known
        counts.repeated += outcome.repeated
        counts.withdrawn += outcome.withdrawn
        n_new += outcome.new
        n_known += outcome.known + outcome.repeated
        n_withdrawn += outcome.withdrawn
    return n_new, n_known, n_withdrawn


def _put_items(
    connection: Connection,
    records: Records,
    columns: ItemColumns,
    relisted: RelistedItems,
    erased: ErasedRecords,
    report: ImportReport,
) -> tuple[int, int]:
    """Number of items, and of the facts that their columns state."""
    n_items, facts = 0, CatalogueFacts(connection, columns)
    files = [("items", item_frames(records.items)), *records.item_files]
    with progress("items") as advance:
        for name, frame in ((name, frame) for name, frames in files for frame in frames):
            if frame.is_empty():
                continue
            if not n_items and not catalogue_facts.is_current(connection, columns):
                stored_frames = catalogue.stored_frames(connection)
                catalogue_facts.state_anew(connection, stored_frames, columns)
            advance(len(frame))
            frame = frame.unique("item_id", keep="last", maintain_order=True)
            frame = erased.without_items(frame)
            if frame.is_empty():
                continue
            n_items += len(frame)
            relisted.put(columns.availability(frame))
            changes = catalogue.changes(connection, frame)
            if len(changes.frame):
                catalogue.put_items(connection, [changes.frame])
                facts.put(changes.frame, changes.replaced)
            counts = report.counts("items", name)
            counts.new += len(changes.frame) - len(changes.replaced)
            counts.replaced += len(changes.replaced)
            counts.known += changes.unchanged
    catalogue_facts.drop_unused_names(connection)
    return n_items, facts.count
