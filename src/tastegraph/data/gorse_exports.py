"""Gorse's exports: users, items and feedback as JSON Lines or CSV, each by itself or together.

Which of the three a row is, its columns say: feedback has a ``FeedbackType``, an item an ``ItemId``
and a user a ``UserId`` alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import Item, User
from tastegraph.data.cells.typed_row import TypedRow
from tastegraph.data.event_tables import EventRules, events_of_batches
from tastegraph.data.gorse import (
    LABELS_JSON,
    changed_item,
    is_embedding,
    is_no_time,
)
from tastegraph.data.items import ItemReader, fact_setting
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import TableBatch, read_table, table_format

NAMES = {
    "UserId": ("UserId", "user_id"),
    "ItemId": ("ItemId", "item_id"),
    "FeedbackType": ("FeedbackType", "feedback_type"),
    "Timestamp": ("Timestamp", "time_stamp", "timestamp"),
    "Value": ("Value", "value"),
    "IsHidden": ("IsHidden", "is_hidden"),
    "Categories": ("Categories", "categories"),
    "Labels": ("Labels", "labels"),
    "Comment": ("Comment", "comment", "description"),
}
"""Field → its names in exports: of now, and of versions that wrote CSV."""
MAX_FACT_COLUMNS = 20
"""Attributes that an import proposes to make facts of, at most."""
_DUMP_START = b"\xff" * 8
_EVENT_NAMES = {"UserId": "user_id", "ItemId": "item_id", "FeedbackType": "type",
                "Value": "value", "Timestamp": "timestamp"}  # fmt: skip


@dataclass
class GorseRecords:
    """What exports of Gorse hold.

    Attributes:
        users: of whom anything but events is known.
        items: name of a file → a frame of its items.
        events: name of a file → its events.
    """

    users: list[User] = field(default_factory=list)
    items: dict[str, pl.DataFrame] = field(default_factory=dict)
    events: dict[str, pl.DataFrame] = field(default_factory=dict)


def read_gorse_exports(
    paths: Iterable[Path],
    rejects: RejectedRows,
    config: Config,
    report: ImportReport,
    types: Mapping[str, str] | None = None,
) -> GorseRecords:
    """Read files, or the files of folders.

    Args:
        paths: JSON Lines, CSV, also compressed.
        rejects: what is done with a bad row.
        config: which event type a feedback type is, and which columns state facts.
        report: gets counts of rows, and what was noticed.
        types: feedback type → event type, before those of ``[gorse] types``.

    Raises:
        NotFoundError: a file cannot be opened.
        TastegraphError: a file is Gorse's binary dump, or of no format that can be read.
        RowError: a row is wrong and ``rejects`` raises.
    """
    records = GorseRecords()
    types = {**config.gorse.types, **(types or {})}
    for path in _files(paths):
        _ExportReader(path, rejects, config, report, types).read_into(records)
    return records


class _ExportReader:
    """Reads one file."""

    def __init__(
        self,
        path: Path,
        rejects: RejectedRows,
        config: Config,
        report: ImportReport,
        types: Mapping[str, str],
    ) -> None:
        self._path, self._rejects, self._report = path, rejects, report
        self._config, self._types = config, types
        self._items = ItemReader(str(path), config, rejects, report)
        self._attributes: Counter[str] = Counter()
        self._n_embeddings = 0

    def read_into(self, records: GorseRecords) -> None:
        """Add what the file holds to ``records``."""
        items, events, name = [], [], self._path.name
        for batch in read_table(self._path, self._rejects):
            table = TableBatch(_with_our_names(batch.frame), batch.lines, batch.file)
            is_feedback, is_item, is_user = _kinds(table.frame)
            self._handle_others(table, ~(is_feedback | is_item | is_user))
            if is_feedback.any():
                events.append(self._feedback(_filtered(table, is_feedback)))
            if is_item.any():
                rows = _filtered(table, is_item)
                items.append(self._items.read(*self._item_frame(rows)))
            for row in _filtered(table, is_user).frame.iter_rows(named=True):
                labels, comment = json_value(row.get("Labels")), row.get("Comment")
                records.users.append(User(str(row["UserId"]), labels, comment or ""))
        if items:
            records.items[name] = pl.concat(items, how="diagonal")
            self._items.finish()
            self._report_attributes()
        if events:
            rules = EventRules(tuple(self._config.events.weights))
            n_before, counts = self._rejects.count, self._report.counts("events", name)
            frame = events_of_batches(events, name, self._rejects, rules, self._report)
            counts.left_out += self._rejects.count - n_before
            counts.read += len(frame) + counts.left_out
            records.events[name] = frame

    def _handle_others(self, table: TableBatch, others: pl.Series) -> None:
        for row in others.arg_true():
            cells = {name: cell for name, cell in table.frame.row(row, named=True).items() if cell}
            expected = (
                "a user of Gorse (UserId), an item (ItemId), or feedback (FeedbackType, UserId and "
                "ItemId)"
            )
            self._rejects.handle(RowError(table.file, int(table.lines[row]), None, cells, expected))

    def _feedback(self, table: TableBatch) -> TableBatch:
        """The rows of events: of ours the types, and without values and times that are none."""
        types = table.frame["FeedbackType"].cast(pl.String)
        ours = types.replace(dict(self._types))
        known = ours.is_in(list(self._config.events.weights))
        for row in (~known).arg_true():
            kind = types[row]
            expected = (
                f"an event type: name one for it in tastegraph.toml, [gorse] types = "
                f'{{ {json.dumps(kind)} = "like" }}, or say --type like={kind}'
            )
            self._rejects.handle(
                RowError(table.file, int(table.lines[row]), "FeedbackType", kind, expected)
            )
        frame = table.frame.with_columns(ours.alias("FeedbackType"))
        frame = frame.select(
            pl.col(name).alias(column)
            for name, column in _EVENT_NAMES.items()
            if name in frame.columns
        )
        if "value" in frame.columns:
            value = frame["value"]
            is_zero = (value.cast(pl.Float64, strict=False) == 0).fill_null(False)
            frame = frame.with_columns(value.set(is_zero, None))
        if "timestamp" in frame.columns and frame["timestamp"].dtype == pl.String:
            times = frame["timestamp"]
            none = pl.Series([is_no_time(cell or "") for cell in times.to_list()], dtype=pl.Boolean)
            frame = frame.with_columns(times.set(none, None))
        return _filtered(TableBatch(frame, table.lines, table.file), known)

    def _item_frame(self, table: TableBatch) -> tuple[pl.DataFrame, pl.Series]:
        """The items of some rows, as a table with our columns has them, and their lines."""
        items, lines = [], []
        rows = table.frame.iter_rows(named=True)
        for row, line in zip(rows, table.lines, strict=True):
            try:
                items.append(self._item(row, line))
                lines.append(line)
            except RowError as error:
                self._rejects.handle(error)
        return frame_of_items(items), pl.Series("line", lines, dtype=pl.UInt64)

    def _item(self, row: Mapping[str, Any], line: int) -> Item:
        cells = TypedRow(row, str(self._path), line)
        labels, categories = json_value(row.get("Labels")), json_value(row.get("Categories"))
        if isinstance(categories, str):
            categories = [categories]
        timestamp, hidden = row.get("Timestamp"), row.get("IsHidden")
        item = changed_item(
            Item(cells.id("ItemId"), ""),
            is_hidden=str(hidden).lower() == "true" if hidden is not None else None,
            categories=[str(name) for name in categories or ()],
            timestamp=None if timestamp is None else str(timestamp),
            labels=labels,
            comment=row.get("Comment"),
        )
        self._attributes.update(set(item.attributes) - {LABELS_JSON, *_RESERVED_ATTRIBUTES})
        if isinstance(labels, dict):
            self._n_embeddings += sum(map(is_embedding, labels.values()))
        return item

    def _report_attributes(self) -> None:
        name = self._path.name
        for attribute, count in self._attributes.most_common(MAX_FACT_COLUMNS):
            if attribute not in self._config.items.facts:
                self._report.add(
                    Finding(
                        name, attribute, "values that are stored and state no facts", count,
                        remedy=f"to rank and explain by them: {fact_setting(attribute)}",
                    )
                )  # fmt: skip
        rest = len(self._attributes) - MAX_FACT_COLUMNS
        text = "further attributes that are stored and state no facts"
        self._report.add(Finding(name, "Labels", text, max(rest, 0)))
        text = "embeddings, which are stored as they are and not used"
        self._report.add(Finding(name, "Labels", text, self._n_embeddings))


_RESERVED_ATTRIBUTES = ("hidden", "available_from")


def json_value(cell: object) -> Any:
    """The value of a cell: a list, what JSON says, or values between bars, as in older CSV."""
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        parts = [part for part in cell.split("|") if part]
        return parts if len(parts) > 1 else (parts[0] if parts else None)


def _kinds(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Boolean, which rows are feedback, items and users."""

    def has(name: str) -> pl.Series:
        if name not in frame.columns:
            return pl.Series([False]).new_from_index(0, len(frame))
        cells = frame[name]
        return (cells.is_not_null() & (cells.cast(pl.String, strict=False) != "")).fill_null(False)

    feedback, user, item = has("FeedbackType"), has("UserId"), has("ItemId")
    return feedback, item & ~user & ~feedback, user & ~item & ~feedback


def _with_our_names(frame: pl.DataFrame) -> pl.DataFrame:
    names = {
        theirs: ours
        for ours, options in NAMES.items()
        for theirs in [name for name in options if name in frame.columns][:1]
    }
    return frame.select(pl.col(theirs).alias(ours) for theirs, ours in names.items())


def _filtered(table: TableBatch, mask: pl.Series) -> TableBatch:
    return TableBatch(table.frame.filter(mask), table.lines.filter(mask), table.file)


def _files(paths: Iterable[Path]) -> Sequence[Path]:
    """The files, and the tables of folders.

    Raises:
        NotFoundError: there is none.
        TastegraphError: one is a binary dump.
    """
    files: list[Path] = []
    for path in paths:
        members = sorted(path.iterdir()) if path.is_dir() else [path]
        if not members:
            raise NotFoundError(f"{path} has no files")
        files += members
    for path in files:
        if path.is_file() and _is_dump(path):
            raise TastegraphError(
                f"{path} is a binary dump of Gorse, which only Gorse reads. Export users, items "
                "and feedback as JSON Lines instead: on the page 'Advance' of its dashboard, or "
                "from /api/bulk/users, /api/bulk/items and /api/bulk/feedback of its master"
            )
        table_format(path)
    return files


def _is_dump(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_DUMP_START)) == _DUMP_START
