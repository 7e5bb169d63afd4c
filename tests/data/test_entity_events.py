"""Events on entities in files and frames: each row is on an item or on an entity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.errors import FrameError, RowError
from tastegraph.core.records import ENTITY, EVENT_TYPES, Event
from tastegraph.data import frames
from tastegraph.data.event_tables import events_of
from tastegraph.data.events import event_from, read_events
from tastegraph.data.import_arguments import checked_records
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.store import events as log
from tastegraph.store.availability import RelistedItems, restrictions
from tastegraph.store.database import Database
from tastegraph.store.event_columns import append_columns, read_columns

Write = Callable[[str, str], Path]
ROWS = "user_id,item_id,entity,type\nann,fargo,,like\nbob,,wd:coen,dislike\n"


def test_a_file_has_events_on_items_and_on_entities(write: Write) -> None:
    film, coen = read_events(write("events.csv", ROWS), RejectedRows())
    assert (film.item_id, film.entity_id) == ("fargo", "")
    assert (coen.item_id, coen.entity_id, coen.type) == ("", "wd:coen", "dislike")


@pytest.mark.parametrize("column", ["entity", "entity_id"])
def test_a_file_may_have_events_on_entities_alone(write: Write, column: str) -> None:
    path = write("events.csv", f"user_id,{column},value\nann,wd:coen,-1\n")
    (event,) = read_events(path, RejectedRows())
    assert (event.entity_id, event.type, event.value) == ("wd:coen", "rating", -1.0)


def test_lines_of_json_may_have_either(write: Write) -> None:
    rows = [{"user_id": "a", "item_id": "x"}, {"user_id": "a", "entity": "wd:coen"}]
    path = write("events.jsonl", "\n".join(map(json.dumps, rows)))
    assert [e.object_id for e in read_events(path, RejectedRows())] == ["x", f"{ENTITY}wd:coen"]


@pytest.mark.parametrize(("cells", "line"), [("fargo,wd:coen", 2), (",", 2)])
def test_a_row_on_both_or_on_neither_is_wrong(write: Write, cells: str, line: int) -> None:
    path = write("events.csv", f"user_id,item_id,entity\nann,{cells}\nann,fargo,\n")
    with pytest.raises(RowError) as error:
        list(read_events(path, RejectedRows()))
    assert (error.value.line, error.value.column) == (line, "entity")
    assert "either an item_id or an entity" in str(error.value)


def test_a_wrong_row_can_be_left_out(write: Write, tmp_path: Path) -> None:
    path = write("events.csv", "user_id,item_id,entity\nann,fargo,wd:coen\nann,,wd:coen\n")
    rejects = RejectedRows("skip", tmp_path / "rejects.jsonl")
    (event,) = read_events(path, rejects)
    assert event.entity_id == "wd:coen"
    assert rejects.count == 1


def test_a_frame_says_which_row_is_wrong() -> None:
    table = pl.DataFrame({"user_id": ["a", "b"], "item_id": ["x", "y"], "entity": [None, "e"]})
    with pytest.raises(FrameError, match=r"either an item_id or an entity.*row 1: 'e'"):
        frames.read_events(table, EVENT_TYPES)
    good = frames.read_events(table, EVENT_TYPES, on_error="skip").frame
    assert good["item_id"].to_list() == ["x"]


LETTERS = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
IDS = st.text(LETTERS, min_size=1, max_size=9).filter(lambda text: text not in MISSING_MARKERS)


@given(st.lists(st.tuples(IDS, IDS, st.booleans()), min_size=1, max_size=6))
def test_rows_of_files_and_requests_have_one_id(rows: list[tuple[str, str, bool]]) -> None:
    values = [
        {"user_id": user, "item_id": None if entity else name, "entity": name if entity else None}
        for user, name, entity in dict.fromkeys(rows)
    ]
    alone = [event_from(row, "events", 1) for row in values]
    table = pl.DataFrame(values, schema=dict.fromkeys(("user_id", "item_id", "entity"), pl.String))
    together = frames_as_events(table)
    assert [event.event_id for event in alone] == [event.event_id for event in together]
    assert [event.object_id for event in alone] == [event.object_id for event in together]


def frames_as_events(table: pl.DataFrame) -> list[Event]:
    return list(events_of(event_frame(table)))


def event_frame(table: pl.DataFrame) -> pl.DataFrame:
    """The events of a frame as columns."""
    (frame,) = checked_records(events=table).events
    assert isinstance(frame, pl.DataFrame)
    return frame


# At rest


def stored(database: Database, events: list[Event], *, columns: bool) -> None:
    with database.writing() as connection:
        if not columns:
            log.append(connection, events)
            return
        rows = [(e.user_id, e.item_id or None, e.entity_id or None, e.type) for e in events]
        table = pl.DataFrame(
            rows, schema=dict.fromkeys(("user_id", "item_id", "entity", "type"), pl.String),
            orient="row",
        )  # fmt: skip
        append_columns(connection, event_frame(table))


@pytest.mark.parametrize("columns", [False, True])
def test_the_log_holds_both_and_tells_them_apart(database: Database, columns: bool) -> None:
    events = [Event("1", "ann", "coen", "like"), Event("2", "ann", "", "like", entity_id="coen")]
    stored(database, events, columns=columns)
    with database.reading() as connection:
        read = log.user_events(connection, "ann", 10)
        assert {(e.item_id, e.entity_id) for e in read} == {("coen", ""), ("", "coen")}
        assert log.item_ids(connection) == ["coen"]
        assert log.entity_ids(connection) == ["coen"]
        assert log.user_object_ids(connection, "ann", ()) == {"coen", f"{ENTITY}coen"}
        assert set(read_columns(connection).item_ids) >= {"coen", f"{ENTITY}coen"}


def test_an_entity_is_never_delisted(database: Database) -> None:
    stored(
        database,
        [Event("1", "ann", "old"), Event("2", "ann", entity_id="coen")],
        columns=False,
    )
    with database.writing() as connection:
        assert RelistedItems(connection).delist_others() == 1
        assert [entry.item_id for entry in restrictions(connection)] == ["old"]


def test_erasing_an_item_leaves_an_entity_of_the_same_id(database: Database) -> None:
    events = [Event("1", "ann", "coen", "like"), Event("2", "ann", "", "like", entity_id="coen")]
    stored(database, events, columns=False)
    with database.writing() as connection:
        assert log.delete_of_item(connection, "coen") == 1
        (left,) = log.user_events(connection, "ann", 10)
        assert left.entity_id == "coen"
