"""The event log in columns: the same as single events, whatever the way in."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Event
from tastegraph.data.event_tables import EventRules, events_of, events_of_batches
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import TableBatch
from tastegraph.store import event_columns, revision
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata

EVENT_CELLS = {
    "user_id": st.sampled_from(["ann", "bob", "7"]),
    "item_id": st.sampled_from(["x", "y"]),
    "type": st.sampled_from(["click", "rating", None]),
    "value": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    # Above the numbers that are read as years or as dates such as 20200913.
    "timestamp": st.none() | st.floats(0, 1000) | st.integers(10**8, 10**9).map(float),
    "split": st.sampled_from(["train", "test", None]),
    "event_id": st.sampled_from([None, None, None, "e1", "0" * 32, "A" * 32]),
}
ROWS = st.lists(st.fixed_dictionaries(EVENT_CELLS), max_size=12)


def table_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    """The typed events of rows."""
    schema = {
        name: pl.Float64 if name in ("value", "timestamp") else pl.String for name in EVENT_CELLS
    }
    frame = pl.DataFrame(rows, schema=schema)
    batches = [
        TableBatch(
            frame[start : start + 5], pl.Series(range(start, min(start + 5, len(frame)))), "f"
        )
        for start in range(0, len(frame), 5)
    ]
    return events_of_batches(batches, "f", RejectedRows(), EventRules(), ImportReport())


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "t.db", metadata)


def stored(database: Database) -> list[Event]:
    with database.reading() as connection:
        return list(log.grouped_by_user(connection))


@settings(deadline=None)
@given(rows=ROWS)
def test_ids_of_contents_are_those_of_earlier_versions(rows):
    """SHA-256 of the row's content and the how manieth such row it is, in hexadecimal."""
    seen: dict[str, int] = {}
    for row, event in zip(rows, events_of(table_of(rows)), strict=True):
        kind = row["type"] or ("click" if row["value"] is None else "rating")
        fields = (
            row["user_id"],
            row["item_id"],
            kind,
            row["value"],
            row["timestamp"],
            row["split"],
        )
        content = "\x1f".join(map(str, fields))
        expected = row["event_id"]
        if expected is None:
            seen[content] = seen.get(content, 0) + 1
            expected = hashlib.sha256(f"{content}\x1f{seen[content]}".encode()).hexdigest()[:32]
        assert event.event_id == expected


@settings(deadline=None)
@given(rows=ROWS, later=ROWS, reindex=st.booleans())
def test_columns_and_single_events_give_the_same_log(tmp_path_factory, rows, later, reindex):
    folder = tmp_path_factory.mktemp("log")
    by_column, one_by_one = (Database(folder / name, metadata) for name in ("a.db", "b.db"))
    minimum = event_columns.MIN_ROWS_TO_REINDEX
    event_columns.MIN_ROWS_TO_REINDEX = 0 if reindex else minimum
    try:
        for table in map(table_of, (rows, later)):
            with by_column.writing() as connection:
                outcome = event_columns.append_columns(connection, table)
            with one_by_one.writing() as connection:
                result = log.append(connection, events_of(table))
            assert outcome.new == result.accepted
            assert outcome.known + outcome.repeated == result.duplicates
    finally:
        event_columns.MIN_ROWS_TO_REINDEX = minimum
    assert stored(by_column) == stored(one_by_one)
    with by_column.reading() as connection:
        columns = event_columns.read_columns(connection)
    expected = event_columns.EventColumns.of(sorted_by_arrival(by_column))
    for numbers, names in (("users", "user_ids"), ("items", "item_ids"), ("kinds", "types")):
        ours, theirs = (
            [getattr(side, names)[k] for k in getattr(side, numbers)]
            for side in (columns, expected)
        )
        assert ours == theirs
    for name in ("values", "times", "splits"):
        np.testing.assert_array_equal(getattr(columns, name), getattr(expected, name))
    by_column.close()
    one_by_one.close()


def sorted_by_arrival(database: Database) -> list[Event]:
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT event_id, user_id, item_id, type, value, timestamp, split FROM events "
            "ORDER BY seq"
        )
        return [Event(*row) for row in rows]


def test_a_file_of_the_same_name_replaces_and_one_of_another_adds(database):
    rows = [{"user_id": user, "item_id": item} for user in "ab" for item in "xyz"]
    rows = [dict.fromkeys(EVENT_CELLS) | row for row in rows]
    with database.writing() as connection:
        event_columns.append_columns(connection, table_of(rows[:4]), "may.csv")
    with database.writing() as connection:
        outcome = event_columns.append_columns(connection, table_of(rows[2:]), "may.csv")
    assert (outcome.new, outcome.known, outcome.withdrawn) == (2, 2, 2)
    assert {(e.user_id, e.item_id) for e in stored(database)} == {
        ("a", "z"), ("b", "x"), ("b", "y"), ("b", "z"),
    }  # fmt: skip
    with database.writing() as connection:
        outcome = event_columns.append_columns(connection, table_of(rows[:1]), "june.csv")
        assert (outcome.new, outcome.withdrawn, revision.withdrawal_count(connection)) == (1, 0, 1)
    with database.writing() as connection:
        outcome = event_columns.append_columns(
            connection, table_of(rows[1:2]), "may.csv", replace=False
        )
    assert (outcome.new, outcome.withdrawn) == (1, 0)
    assert len(stored(database)) == 6
    database.close()


def test_ids_that_no_event_names_any_more_are_deleted(database):
    rows = [
        dict.fromkeys(EVENT_CELLS) | {"user_id": user, "item_id": user + "-item"} for user in "ab"
    ]
    for part in (rows, rows[:1]):
        with database.writing() as connection:
            event_columns.append_columns(connection, table_of(part), "events.csv")
    with database.reading() as connection:
        columns = event_columns.read_columns(connection)
    assert set(columns.user_ids) - {""} == {"a"}
    assert set(columns.item_ids) - {""} == {"a-item"}
    database.close()


def test_a_log_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute(
            "CREATE TABLE events (seq INTEGER NOT NULL PRIMARY KEY, event_id VARCHAR NOT NULL "
            "UNIQUE, user_id VARCHAR NOT NULL, item_id VARCHAR NOT NULL, type VARCHAR NOT NULL, "
            "value FLOAT, timestamp FLOAT, split VARCHAR, recommendation_id VARCHAR, "
            "position INTEGER)"
        )
        old.execute(
            "CREATE INDEX events_of_user ON events (user_id, coalesce(timestamp, 0.0), seq)"
        )
        rows = [
            (3, "first", "ann", "x", "click", None, None, None, None, None),
            (5, "ab" * 16, "bob", "x", "rating", 4.0, 7.5, "valid", "list-1", 2),
        ]
        old.executemany(f"INSERT INTO events VALUES ({', '.join('?' * 10)})", rows)
    old.close()
    database = Database(path, metadata)
    assert stored(database) == [Event(*row[1:]) for row in rows]
    with database.reading() as connection:
        assert log.revision(connection) == 5
    with database.writing() as connection:
        again = log.append(connection, [Event(*row[1:]) for row in rows] + [Event("n", "cy", "x")])
    assert (again.accepted, again.duplicates) == (1, 2)
    database.close()


def test_events_of_one_user_are_read_by_an_index(database):
    with database.writing() as connection:
        log.append(connection, [Event("1", "ann", "x", timestamp=5.0)])
    with database.reading() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM events WHERE user_id = 'ann' "
            "ORDER BY coalesce(timestamp, 0.0) DESC, seq DESC LIMIT 10"
        )
        steps = [row[3] for row in plan]
    assert any("events_by_user" in step for step in steps)
    assert not any(step.startswith("SCAN event_log") for step in steps)
    assert not any("TEMP B-TREE" in step for step in steps)
    database.close()
