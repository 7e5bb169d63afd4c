"""The event log in columns: many events in at once, and all of them out as arrays.

Rows go through Python's own ``sqlite3``. An ADBC driver would bring a second copy of SQLite into
the process, and closing a file in one copy releases the locks that the other holds on it
(https://www.sqlite.org/howtocorrupt.html, section 2.2.1).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateIndex, DropIndex

from tastegraph.core.progress import progress
from tastegraph.core.records import SPLITS, Event
from tastegraph.store import revision
from tastegraph.store.events import known_keys
from tastegraph.store.schema import (
    EVENT_INDEXES,
    event_items,
    event_sources,
    event_types,
    event_users,
)

if TYPE_CHECKING:
    import polars as pl

ROWS_PER_STATEMENT = 100_000
MIN_ROWS_TO_REINDEX = 50_000
"""Imports of at least so many events, and of a tenth of the log, drop the indexes of the log and
build them again: that is faster."""
_OPTIONAL = ("value", "timestamp", "split", "recommendation_id", "position")


@dataclass(frozen=True, slots=True)
class ColumnsAppended:
    """What became of the events of one import.

    Attributes:
        new: events that were added.
        known: events whose id was in the log already.
        repeated: events whose id an earlier event of the same import has.
        withdrawn: events that the source stated before and does not state now.
    """

    new: int
    known: int = 0
    repeated: int = 0
    withdrawn: int = 0


@dataclass(frozen=True)
class EventColumns:
    """Events as arrays, in the order of their arrival.

    Attributes:
        user_ids, item_ids, types: names by number; a number may have no event. What an event is on
            is named as by :attr:`~tastegraph.core.records.Event.object_id`.
        users, items: int32[E], numbers.
        kinds: int16[E], numbers of types.
        values: float64[E], NaN where an event has none.
        times: float64[E], seconds since 1970-01-01 UTC; NaN where an event has none.
        splits: int8[E], index in :data:`~tastegraph.core.records.SPLITS`; -1 where none is given.
    """

    user_ids: Sequence[str]
    item_ids: Sequence[str]
    types: Sequence[str]
    users: NDArray[np.int32]
    items: NDArray[np.int32]
    kinds: NDArray[np.int16]
    values: NDArray[np.float64]
    times: NDArray[np.float64]
    splits: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def of(cls, events: Iterable[Event]) -> EventColumns:
        """The same of single events."""
        rows = list(events)
        numbers = [
            {name: k for k, name in enumerate(dict.fromkeys(getattr(e, field) for e in rows))}
            for field in ("user_id", "object_id", "type")
        ]
        users, items, types = numbers
        nan = float("nan")
        return cls(
            list(users), list(items), list(types),
            np.array([users[e.user_id] for e in rows], dtype=np.int32),
            np.array([items[e.object_id] for e in rows], dtype=np.int32),
            np.array([types[e.type] for e in rows], dtype=np.int16),
            np.array([nan if e.value is None else e.value for e in rows], dtype=np.float64),
            np.array([nan if e.timestamp is None else e.timestamp for e in rows], np.float64),
            np.array([-1 if e.split is None else SPLITS.index(e.split) for e in rows], np.int8),
        )  # fmt: skip


def read_columns(
    connection: Connection, until: int | None = None, excluded: Collection[int] = ()
) -> EventColumns:
    """All events of the log.

    Args:
        connection: to the store.
        until: only events up to this revision of the log.
        excluded: sequence numbers of events that are left out.
    """
    cursor = _cursor(connection)
    where = "" if until is None else f"WHERE seq <= {int(until)}"
    # SQLite has no NaN; 9e999 is infinite, which no time and no value of an event is.
    row_type = [("pair", np.int64), ("kind", np.int32), ("time", np.float64)]
    fields = "user << 32 | item, type << 2 | coalesce(split + 1, 0), coalesce(timestamp, 9e999)"
    any_value = "SELECT EXISTS (SELECT 1 FROM event_log WHERE value IS NOT NULL)"
    if cursor.execute(any_value).fetchone()[0]:
        row_type.append(("value", np.float64))
        fields += ", coalesce(value, 9e999)"
    count = cursor.execute(f"SELECT count(*) FROM event_log {where}").fetchone()[0]
    query = f"SELECT {fields} FROM event_log {where} ORDER BY seq"
    rows = np.fromiter(cursor.execute(query), dtype=row_type, count=count)
    if excluded:
        query = f"SELECT seq FROM event_log {where} ORDER BY seq"
        seqs = np.fromiter(cursor.execute(query), dtype=[("seq", np.int64)])["seq"]
        rows = rows[~np.isin(seqs, list(excluded))]
    pairs, kinds = rows["pair"], rows["kind"]
    times = np.ascontiguousarray(rows["time"])
    times[np.isinf(times)] = np.nan
    if "value" in (rows.dtype.names or ()):
        values = np.ascontiguousarray(rows["value"])
        values[np.isinf(values)] = np.nan
    else:
        values = np.full(len(rows), np.nan)
    return EventColumns(
        user_ids=_names(connection, event_users, "user_id"),
        item_ids=_names(connection, event_items, "item_id"),
        types=_names(connection, event_types, "name"),
        users=(pairs >> 32).astype(np.int32),
        items=pairs.astype(np.int32),  # its lower half
        kinds=(kinds >> 2).astype(np.int16),
        values=values,
        times=times,
        splits=((kinds & 3) - 1).astype(np.int8),
    )


def _names(connection: Connection, table: Table, column: str) -> list[str]:
    """Name of every number from 0; empty where there is none."""
    rows = connection.execute(select(*table.primary_key.columns, table.c[column]))
    name_of: dict[int, str] = dict(tuple(row) for row in rows)
    return [name_of.get(number, "") for number in range(max(name_of, default=-1) + 1)]


def append_columns(
    connection: Connection,
    events: pl.DataFrame,
    source: str | None = None,
    *,
    replace: bool = True,
) -> ColumnsAppended:
    """Append many events; one whose id is in the log already changes nothing.

    Args:
        connection: of a writer.
        events: columns of :func:`tastegraph.data.event_tables.event_table`.
        source: the name of the file that they are from; ``None`` where they have none.
        replace: whether events that the source stated before, and does not state now, are deleted.
    """
    number = None if source is None else _source_number(connection, source)
    n_withdrawn = 0
    if number is not None and replace:
        n_withdrawn = _withdraw(connection, number, events["event_id"])
    distinct = events.filter(events["event_id"].is_first_distinct())
    n_stored = int(connection.exec_driver_sql("SELECT count(*) FROM event_log").scalar_one())
    reindex = len(distinct) >= max(MIN_ROWS_TO_REINDEX, n_stored // 10)
    new = distinct
    if n_stored:
        known = (
            _keys(connection, "SELECT event_id FROM event_log")
            if reindex
            else _key_frame(known_keys(connection, distinct["event_id"].to_list()))
        )
        new = distinct.join(known, on="event_id", how="anti", maintain_order="left")
    if reindex:
        for index in EVENT_INDEXES:
            connection.execute(DropIndex(index))
    _insert(connection, new, number)
    if reindex:
        for index in EVENT_INDEXES:
            connection.execute(CreateIndex(index))
    n_known, n_repeated = len(distinct) - len(new), len(events) - len(distinct)
    return ColumnsAppended(len(new), n_known, n_repeated, n_withdrawn)


def _insert(connection: Connection, events: pl.DataFrame, source: int | None) -> None:
    """Insert events that the log does not have, in the order of their rows."""
    columns = [
        _numbers(connection, event_users, "user_id", events["user_id"]),
        _numbers(connection, event_items, "item_id", events["item_id"]),
        _numbers(connection, event_types, "name", events["type"]),
    ]
    optional = [name for name in _OPTIONAL if name in events.columns]
    names = ["event_id", "user", "item", "type", *optional, "source"]
    statement = f"INSERT INTO event_log ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    cursor = _cursor(connection)
    with progress("events", len(events)) as advance:
        for start in range(0, len(events), ROWS_PER_STATEMENT):
            rows = slice(start, start + ROWS_PER_STATEMENT)
            batch = events[rows]
            cells: list[Iterable[object]] = [batch["event_id"].to_list()]
            cells += [column[rows].tolist() for column in columns]
            cells += [batch[name].to_list() for name in optional]
            cells.append(repeat(source, len(batch)))
            cursor.executemany(statement, zip(*cells, strict=True))
            advance(len(batch))


def _source_number(connection: Connection, name: str) -> int:
    imported = {"imported": time.time()}
    statement = insert(event_sources).values(name=name, **imported)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=imported))
    query = select(event_sources.c.source).where(event_sources.c.name == name)
    return int(connection.execute(query).scalar_one())


def _withdraw(connection: Connection, source: int, keys: pl.Series) -> int:
    """Delete the events of a source whose ids are not in ``keys``. Returns how many."""
    query = f"SELECT event_id, seq FROM event_log WHERE source = {source}"
    gone = _keys(connection, query).join(keys.to_frame("event_id"), on="event_id", how="anti")
    return delete_events(connection, gone["seq"].to_list())


def delete_events(connection: Connection, seqs: Sequence[int]) -> int:
    """Delete events by their sequence numbers, and count it as a withdrawal. Returns how many.

    The ids of users and items that no other event names are deleted as well.
    """
    if seqs:
        cursor = _cursor(connection)
        cursor.executemany("DELETE FROM event_log WHERE seq = ?", ((seq,) for seq in seqs))
        for table, number in ((event_users, "user"), (event_items, "item")):
            used = f"SELECT {number} FROM event_log"
            cursor.execute(f"DELETE FROM {table.name} WHERE {number} NOT IN ({used})")
        revision.record_withdrawal(connection)
    return len(seqs)


def _key_frame(keys: list[bytes]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"event_id": keys}, schema={"event_id": pl.Binary})


def _keys(connection: Connection, query: str) -> pl.DataFrame:
    """Rows of ``event_id`` (Binary) and, if the query has it, ``seq``."""
    import polars as pl

    schema = {"event_id": pl.Binary, "seq": pl.Int64}
    cursor = _cursor(connection).execute(query)
    columns = [str(description[0]) for description in cursor.description]
    own_schema = {name: schema[name] for name in columns}
    batches = [pl.DataFrame(schema=own_schema)]
    while rows := cursor.fetchmany(ROWS_PER_STATEMENT):
        batches.append(pl.DataFrame(rows, schema=own_schema, orient="row"))
    return pl.concat(batches)


def _numbers(
    connection: Connection, table: Table, column: str, names: pl.Series
) -> NDArray[np.int64]:
    """int64[E], the number of each name (Categorical) in a table of names; new ones are added."""
    (key,) = table.primary_key.columns
    distinct = names.unique()
    texts = distinct.to_list()
    cursor = _cursor(connection)
    cursor.executemany(
        f"INSERT OR IGNORE INTO {table.name} ({column}) VALUES (?)", ((text,) for text in texts)
    )
    n_names = cursor.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
    if n_names <= 4 * len(texts):
        cursor.execute(f"SELECT {column}, {key.name} FROM {table.name}")
        number_of = dict(cursor.fetchall())
    else:
        query = f"SELECT {key.name} FROM {table.name} WHERE {column} = ?"
        number_of = {text: cursor.execute(query, (text,)).fetchone()[0] for text in texts}
    codes = distinct.to_physical().to_numpy()
    by_code = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
    by_code[codes] = [number_of[text] for text in texts]
    numbers: NDArray[np.int64] = by_code[names.to_physical().to_numpy()]
    return numbers


def _cursor(connection: Connection) -> sqlite3.Cursor:
    cursor: sqlite3.Cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    return cursor
