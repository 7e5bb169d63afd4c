"""Events of whole tables, as columns.

A frame of events has the columns ``event_id`` (Binary, :func:`~tastegraph.core.records.event_key`),
``user_id``, ``item_id`` (:attr:`~tastegraph.core.records.Event.object_id`, of an item or an entity)
and ``type`` (Categorical), all without nulls, and those of ``value`` and
``timestamp`` (Float64; seconds since 1970-01-01 UTC), ``split`` (Int8, index in
:data:`~tastegraph.core.records.SPLITS`), ``recommendation_id`` (String) and ``position`` (Int64)
that the table has, with nulls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import polars as pl

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.errors import RowError
from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.messages import Message
from tastegraph.core.records import (
    ENTITY,
    EVENT_TYPES,
    MAX_CLOCK_SKEW,
    RATING,
    SESSION,
    SPLITS,
    Event,
    Split,
    event_key,
    event_of_key,
    is_entity,
)
from tastegraph.data.cells import columns
from tastegraph.data.cells.columns import TypedColumn, WrongCells
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH, MAX_ID_LENGTH
from tastegraph.data.mapping.mapped_tables import PLAIN, MappedTable, Reading
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import TableBatch

ROWS_PER_HASH: Final = 250_000
_OPTIONAL: Final = ("value", "timestamp", "split", "recommendation_id", "position")


def event_table(
    path: Path,
    rejects: RejectedRows,
    reading: Reading = PLAIN,
    types: Collection[str] = EVENT_TYPES,
    split: Split | None = None,
    missing: Collection[str] = MISSING_MARKERS,
    report: ImportReport | None = None,
) -> pl.DataFrame:
    """The events of a file with the columns ``user_id`` and ``item_id`` or ``entity``.

    Each row is on an item or on an entity (``entity``, or ``entity_id``), and never on both.
    Optional columns: ``timestamp``, ``type``, ``value`` (or ``rating``), ``event_id``, ``split``,
    ``recommendation_id``, ``position``, ``session_id`` (a row of a session without a user is of the
    user ``session:ID``); others are not used, and reported. A row with a value and
    no type is a ``rating``, even if the value is a count: that is only decided from all rows
    together.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        reading: how the file is written, and which columns are ours.
        types: the event types that are allowed.
        split: the split of rows that name none.
        missing: texts that stand for a missing value.
        report: gets the counts of rows, and what was noticed.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    table = MappedTable(path, "events", rejects, reading)
    rules = EventRules(tuple(types), split, tuple(missing))
    n_rejected = rejects.count
    report = ImportReport() if report is None else report
    frame = events_of_batches(table, path.name, rejects, rules, report)
    counts = report.counts("events", path.name)
    counts.left_out = rejects.count - n_rejected
    counts.read = len(frame) + counts.left_out
    for column in table.unused:
        report.add(Finding(path.name, column, "not used", len(frame)))
    return frame


@dataclass(frozen=True)
class EventRules:
    """How the cells of events are read.

    Attributes:
        types: the event types that are allowed.
        split: the split of rows that name none.
        missing: texts that stand for a missing value.
    """

    types: tuple[str, ...] = EVENT_TYPES
    split: Split | None = None
    missing: tuple[str, ...] = MISSING_MARKERS


def events_of_batches(
    batches: Iterable[TableBatch],
    name: str,
    rejects: RejectedRows,
    rules: EventRules,
    report: ImportReport,
) -> pl.DataFrame:
    """The events of the batches of one table.

    Args:
        batches: with our column names.
        name: of the table, in the report.
        rejects: what is done with a bad row.
        rules: how cells are read.
        report: gets what was noticed.

    Raises:
        RowError: a row is wrong and ``rejects`` raises.
    """
    reader = _Reader(name, rejects, rules, report)
    frames = [reader.read(batch) for batch in batches]
    if not frames:
        frames = [reader.read(TableBatch(_EMPTY, pl.Series([], dtype=pl.UInt64), name))]
    frame = pl.concat(frames, how="diagonal")
    return frame.with_columns(_event_ids(frame).alias("event_id"))


def events_of(frame: pl.DataFrame) -> Iterator[Event]:
    """The rows of a frame of events as single events."""
    names = [name for name in _OPTIONAL if name in frame.columns]
    rows = frame.select("event_id", "user_id", "item_id", "type", *names).iter_rows()
    for key, user_id, item_id, kind, *cells in rows:
        fields = dict(zip(names, cells, strict=True))
        if fields.get("split") is not None:
            fields["split"] = SPLITS[fields["split"]]
        if is_entity(item_id):
            fields["entity_id"], item_id = item_id.removeprefix(ENTITY), ""
        yield Event(event_of_key(key), user_id, item_id, kind, **fields)


def object_ids(entities: TypedColumn, items: TypedColumn | None) -> tuple[pl.Series, TypedColumn]:
    """What each event of a table is on, as :attr:`~tastegraph.core.records.Event.object_id`.

    Args:
        entities, items: ids of the two columns; null where a row names none.

    Returns:
        The ids; and ``entities``, where rows that name both or neither are wrong.
    """
    values = entities.values
    item_ids = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    wrong = list(entities.wrong)
    unread = pl.Series([False]).new_from_index(0, len(values))
    for cells in wrong if items is None else (*wrong, *items.wrong):
        unread |= cells.mask
    if items is not None:
        item_ids = items.values
    exactly_one = values.is_null() != item_ids.is_null()
    if not (exactly_one | unread).all():
        wrong.append(WrongCells(~(exactly_one | unread), Message("expected.item_or_entity")))
    return item_ids.fill_null(ENTITY + values), TypedColumn(values, tuple(wrong))


_EMPTY = pl.DataFrame(schema={"user_id": pl.String, "item_id": pl.String})


@dataclass
class _Reader:
    """Reads the batches of one table.

    Attributes:
        unit: how the numbers of times are meant, from the first batch that has any.
    """

    name: str
    rejects: RejectedRows
    rules: EventRules
    report: ImportReport
    unit: columns.TimeUnit | None = None

    def read(self, batch: TableBatch) -> pl.DataFrame:
        """The good rows of a batch, typed; the others are handled."""
        if "session_id" in batch.frame.columns:
            batch = replace(batch, frame=self._with_session_users(batch.frame))
        typed = {name: self._typed(name, read, batch) for name, read in self._columns(batch)}
        kind = self._types(typed)
        values = {name: column.values for name, column in typed.items()}
        if "entity" in values:
            objects, typed["entity"] = object_ids(typed["entity"], typed.get("item_id"))
            del values["entity"]
            values["item_id"] = objects
        values["type"] = kind
        if "rating" in values:
            rating = values.pop("rating")
            value = values.get("value")
            values["value"] = rating if value is None else value.fill_null(rating)
        if "split" in values or self.rules.split is not None:
            values["split"] = self._splits(values.get("split"), len(batch.frame))
        frame = pl.DataFrame([series.alias(name) for name, series in values.items()])
        bad = self._handle(typed, batch)
        frame = frame.filter(~bad) if bad is not None else frame
        return frame.with_columns(pl.col("user_id", "item_id", "type").cast(pl.Categorical))

    def _with_session_users(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows, where a row without a user is of the user ``session:ID``."""
        sessions = columns.without_missing(frame["session_id"], self.rules.missing)
        session_users = (
            SESSION + columns.ids(sessions, MAX_ID_LENGTH - len(SESSION), required=False).values
        )
        if "user_id" not in frame.columns:
            return frame.with_columns(session_users.alias("user_id"))
        users = columns.without_missing(frame["user_id"], self.rules.missing)
        if users.dtype != pl.String:
            typed = columns.ids(users, required=False)
            if typed.wrong:
                return frame
            users = typed.values
        return frame.with_columns(users.fill_null(session_users).alias("user_id"))

    def _columns(
        self, batch: TableBatch
    ) -> Iterator[tuple[str, Callable[[pl.Series], TypedColumn]]]:
        types, frame = self.rules.types, batch.frame
        readers: dict[str, Callable[[pl.Series], TypedColumn]] = {
            "user_id": columns.ids,
            "item_id": lambda cells: columns.ids(cells, required="entity" not in frame.columns),
            "entity": lambda cells: columns.ids(cells, MAX_ENTITY_LENGTH, required=False),
            "type": lambda cells: columns.choices(cells, types),
            "value": columns.numbers,
            "rating": columns.numbers,
            "timestamp": self._times,
            "split": lambda cells: columns.choices(cells, SPLITS),
            "event_id": lambda cells: columns.ids(cells, required=False),
            "recommendation_id": lambda cells: columns.ids(cells, required=False),
            "position": columns.whole_numbers,
        }
        return ((name, read) for name, read in readers.items() if name in frame.columns)

    def _typed(
        self, name: str, read: Callable[[pl.Series], TypedColumn], batch: TableBatch
    ) -> TypedColumn:
        cells = batch.frame[name]
        present = columns.without_missing(cells, self.rules.missing)
        if cells.dtype == pl.String and len(self.rules.missing):
            gone = present.is_null() & (cells.str.strip_chars() != "")
            if n_missing := int(gone.sum()):
                example = str(cells[gone.arg_true()[0]])
                text = "missing values"
                remedy = "[imports] missing lists them"
                self.report.add(Finding(self.name, name, text, n_missing, repr(example), remedy))
        return read(present)

    def _times(self, cells: pl.Series) -> TypedColumn:
        if self.unit is None and cells.null_count() < len(cells):
            self.unit = columns.time_unit(cells)
        unit = self.unit or "seconds"
        column = columns.seconds(cells, unit)
        if unit != "seconds":
            text = f"numbers read as {unit}"
            example = next(iter(cells.drop_nulls().head(1).to_list()), "")
            self.report.add(Finding(self.name, "timestamp", text, len(cells), str(example)))
        late = (column.values > time.time() + MAX_CLOCK_SKEW).fill_null(False)
        if not late.any():
            return column
        timely = WrongCells(late, Message("expected.timely"))
        return TypedColumn(column.values, (*column.wrong, timely))

    def _types(self, typed: dict[str, TypedColumn]) -> pl.Series:
        """The type of every event: as named, else a rating where there is a value, else a click."""
        n_rows = len(typed["user_id"].values)
        default = pl.Series(["click"]).new_from_index(0, n_rows)
        for name in ("value", "rating"):
            if name in typed:
                has_value = typed[name].values.is_not_null()
                rating = pl.Series([RATING]).new_from_index(0, n_rows)
                default = rating.zip_with(has_value, default)
        return typed["type"].values.fill_null(default) if "type" in typed else default

    def _splits(self, names: pl.Series | None, n_rows: int) -> pl.Series:
        codes = {name: code for code, name in enumerate(SPLITS)}
        if names is None:
            names = pl.Series([None], dtype=pl.String).new_from_index(0, n_rows)
        if self.rules.split is not None:
            names = names.fill_null(self.rules.split)
        return names.replace_strict(codes, default=None, return_dtype=pl.Int8)

    def _handle(self, typed: dict[str, TypedColumn], batch: TableBatch) -> pl.Series | None:
        """Handle every bad row, first ones first; return which rows are bad."""
        faults: dict[int, tuple[str, Message]] = {}
        for name, column in typed.items():
            for wrong in column.wrong:
                for row in wrong.mask.arg_true():
                    faults.setdefault(row, (name, wrong.expected))
        if not faults:
            return None
        for row, (name, expected) in sorted(faults.items()):
            value = batch.frame[name][row]
            self.rejects.handle(RowError(batch.file, int(batch.lines[row]), name, value, expected))
        bad = pl.Series([False]).new_from_index(0, len(batch.frame))
        return bad.scatter(list(faults), True)


def _event_ids(frame: pl.DataFrame) -> pl.Series:
    """Binary, the key of every event: of its own id, or of its content."""
    if "event_id" not in frame.columns:
        return _content_keys(frame)
    own = frame["event_id"]
    keys = pl.Series(
        [None if name is None else event_key(name) for name in own.to_list()], dtype=pl.Binary
    )
    without = own.is_null()
    if without.any():
        keys = keys.scatter(without.arg_true(), _content_keys(frame.filter(without)))
    return keys


def _content_keys(frame: pl.DataFrame) -> pl.Series:
    """Binary, keys of the contents of rows; the how manieth identical row it is counts too."""
    names = ["user_id", "item_id", "type"]
    names += [name for name in ("value", "timestamp", "split") if name in frame.columns]
    contents = frame.select(names)
    number = pl.Series([1], dtype=pl.UInt32).new_from_index(0, len(frame))
    repeats = contents.hash_rows().is_duplicated()  # or, hardly ever, another row of equal hash
    if repeats.any():
        of_repeats = contents.filter(repeats).select(
            (pl.int_range(pl.len(), dtype=pl.UInt32) + 1).over(names)
        )
        number = number.scatter(repeats.arg_true(), of_repeats.to_series())
    batches = [pl.Series([], dtype=pl.Binary)]
    for start in range(0, len(frame), ROWS_PER_HASH):
        rows = slice(start, start + ROWS_PER_HASH)
        texts = _contents(contents[rows], number[rows])
        keys = [b"\0" + sha256(text.encode()).digest()[:16] for text in texts.to_list()]
        batches.append(pl.Series(keys, dtype=pl.Binary))
    return pl.concat(batches)


def _contents(rows: pl.DataFrame, number: pl.Series) -> pl.Series:
    """The text that the id of an event without one is made of, of every row."""
    nothing = pl.lit("None")
    parts: list[pl.Expr | pl.Series] = [
        pl.col(name).cast(pl.String) for name in ("user_id", "item_id", "type")
    ]
    for name in ("value", "timestamp"):
        parts.append(pl.lit(_float_texts(rows[name])) if name in rows.columns else nothing)
    split = nothing
    if "split" in rows.columns:
        codes = dict(enumerate(SPLITS))
        split = pl.col("split").replace_strict(codes, default="None", return_dtype=pl.String)
    parts += [split, pl.lit(number.cast(pl.String))]
    return rows.select(pl.concat_str(parts, separator="\x1f")).to_series()


def _float_texts(values: pl.Series) -> pl.Series:
    """What Python's ``repr`` says of each value; ``None`` of null."""
    texts = values.cast(pl.String)
    # Of other sizes, Python writes an exponent and polars may not.
    ordinary = ((values.abs() >= 1e-4) & (values.abs() < 1e15)) | (values == 0)
    others = ~ordinary.fill_null(False)
    if others.any():
        texts = texts.scatter(others.arg_true(), [repr(value) for value in values.filter(others)])
    return texts
