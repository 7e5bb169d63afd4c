"""Arguments of an import: iterables of records or frames, checked so that errors name them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tastegraph.core.config import Config
from tastegraph.core.errors import ArgumentError
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Event, Fact, Item, Link, Records
from tastegraph.data.events import EVENT_ALIASES
from tastegraph.data.items import checked_items, read_item_frame

if TYPE_CHECKING:
    import polars as pl

Record = TypeVar("Record", Item, Event, Fact, Link)
ROW_ALIASES = {"event_type": "type"} | {
    name: column for name, column in EVENT_ALIASES.items() if name not in ("type", "rating")
}
"""Names of columns in a frame of events → those of :mod:`~tastegraph.data.event_tables`."""


def checked_records(
    items: object = (),
    events: object = (),
    facts: object = None,
    links: object = None,
    digests: Mapping[str, str] | None = None,
    config: Config | None = None,
    report: ImportReport | None = None,
    records: object = None,
) -> Records:
    """Turn the arguments of an import into records; elements are checked when they are read.

    Args:
        items, events: an iterable of records, or a polars, pandas or Arrow table with the columns
            that a file has (:func:`~tastegraph.data.items.read_items`,
            :func:`~tastegraph.data.event_tables.event_table`).
        facts, links: source → the same for facts and links
            (:func:`~tastegraph.data.facts.read_facts`, :func:`~tastegraph.data.facts.read_links`).
        digests: source → hash of its content.
        config: the event types that are allowed, and what cells mean.
        report: gets what was noticed.
        records: the records themselves, in place of their parts.

    Raises:
        ArgumentError: an argument, or an element of it, has the wrong type.
        FrameError: a frame cannot be read.
        RowError: a row of a frame cannot be accepted.
    """
    config = config or Config()
    if isinstance(records, Records):
        return replace(records, items=checked_items(records.items, config, report))
    if records is not None:
        expected = "a Records; name the others: items=, events=, facts=, links="
        raise ArgumentError("records", records, expected)
    missing = config.imports.missing
    return Records(
        items=(
            [read_item_frame(items, "items", config, report)]
            if is_frame(items)
            else checked_items(records_of("items", items, Item, or_table=True), config, report)
        ),
        events=_events(events, tuple(config.events.weights), missing, report),
        facts={
            source: _statements(source, value, Fact, "facts", missing, report)
            for source, value in _by_source("facts", facts).items()
        },
        links={
            source: _statements(source, value, Link, "links", missing, report)
            for source, value in _by_source("links", links).items()
        },
        digests=digests or {},
    )


def _events(
    value: object,
    event_types: Collection[str],
    missing: Collection[str],
    report: ImportReport | None,
) -> Iterable[Event | pl.DataFrame]:
    if not is_frame(value):
        return records_of("events", value, Event, or_table=True)
    # Imported here: without frames no polars is needed.
    import polars as pl

    from tastegraph.data.event_tables import EventRules, events_of_batches
    from tastegraph.data.frames import read_columns, report_unused
    from tastegraph.data.mapping.names import COLUMNS
    from tastegraph.data.rejected_rows import RejectedRows
    from tastegraph.data.tables.reader import TableBatch

    columns = COLUMNS["events"]
    source = read_columns(
        value, "events", columns.known, columns.required, {}, ROW_ALIASES, columns.instead
    )
    report = ImportReport() if report is None else report
    report_unused(source, "events", report)
    lines = pl.int_range(1, len(source.frame) + 1, dtype=pl.UInt64, eager=True)
    batches = [TableBatch(source.frame, lines, "events")]
    rules = EventRules(tuple(event_types), missing=tuple(missing))
    return [events_of_batches(batches, "events", RejectedRows(), rules, report)]


def records_of(
    argument: str, value: object, kind: type[Record], *, or_table: bool = False
) -> Iterator[Record]:
    """Yield the records of an iterable.

    Args:
        argument: name of the argument, for errors.
        value: what was passed.
        kind: class of the records.
        or_table: whether the argument may also be a frame, which the caller has read.

    Raises:
        ArgumentError: ``value`` is no iterable, or one of its elements is not a ``kind``.
    """
    is_text = isinstance(value, str | bytes | Mapping)
    if not isinstance(value, Iterable) or is_text or is_frame(value):
        table = ", or a polars, pandas or Arrow table" if or_table else ""
        raise ArgumentError(argument, value, f"an iterable of tastegraph.{kind.__name__}{table}")
    return _checked_elements(argument, value, kind)


def _statements(
    source: str,
    value: object,
    kind: type[Record],
    name: Literal["facts", "links"],
    missing: Collection[str],
    report: ImportReport | None,
) -> Iterable[Record | pl.DataFrame]:
    """Single facts or links of a source, or a frame of them as columns."""
    argument = f"{name}[{source!r}]"
    if not is_frame(value):
        return records_of(argument, value, kind, or_table=True)
    return _statements_of_frame(argument, value, name, source, missing, report)


def _statements_of_frame(
    argument: str,
    frame: object,
    kind: Literal["facts", "links"],
    source: str,
    missing: Collection[str],
    report: ImportReport | None,
) -> Iterator[pl.DataFrame]:
    # Imported here: without frames no polars is needed.
    from tastegraph.data.frames import read_columns, report_unused
    from tastegraph.data.mapping.names import COLUMNS
    from tastegraph.data.statement_tables import StatementsRead, statements_of_frame

    columns = COLUMNS[kind]
    table = read_columns(frame, argument, columns.known, columns.required, {}, columns.aliases)
    report = ImportReport() if report is None else report
    report_unused(table, argument, report)
    counts = StatementsRead()
    statements = statements_of_frame(table.frame, argument, kind, counts, missing)
    counts.add_to(report, kind, source)
    yield statements


def is_frame(value: object) -> bool:
    """Whether a value is a polars, pandas or Arrow table."""
    return hasattr(value, "columns") or hasattr(value, "column_names")


def _checked_elements(
    argument: str, values: Iterable[object], kind: type[Record]
) -> Iterator[Record]:
    for number, value in enumerate(values):
        if not isinstance(value, kind):
            raise ArgumentError(
                f"{argument}, element {number}", value, f"a tastegraph.{kind.__name__}"
            )
        yield value


def _by_source(argument: str, value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        expected = f"a mapping of sources, such as {argument}={{'my source': {argument}}}"
        raise ArgumentError(argument, value, expected)
    for source in value:
        if not isinstance(source, str):
            raise ArgumentError(f"{argument}, source", source, "text")
    return value


def check_count(argument: str, value: object) -> None:
    """Check that an argument is a whole number of at least 1.

    Raises:
        ArgumentError: it is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(argument, value, "a whole number of at least 1")


def check_text(argument: str, value: object) -> None:
    """Check that an argument is text.

    Raises:
        ArgumentError: it is not.
    """
    if not isinstance(value, str):
        raise ArgumentError(argument, value, "text")


def check_user(argument: str, value: object) -> None:
    """Check that an argument is the id of a user, or a sequence of events without a user.

    Raises:
        ArgumentError: it is neither.
    """
    if isinstance(value, str):
        return
    if not isinstance(value, list | tuple) or not all(isinstance(event, Event) for event in value):
        expected = "a user id as text, or a list of tastegraph.Event for somebody without an id"
        raise ArgumentError(argument, value, expected)
