"""Every reader: what it reads, how it names what it cannot, and that nothing else escapes it."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.core.item_columns import items_of
from tastegraph.core.records import EVENT_TYPES, MAX_CLOCK_SKEW, Fact, Item, Link
from tastegraph.data.event_tables import events_of
from tastegraph.data.events import event_from, read_events
from tastegraph.data.facts import read_facts, read_links
from tastegraph.data.items import read_items
from tastegraph.data.recbole import (
    atomic_event_tables,
    atomic_files,
    read_atomic_items,
    split_of,
)
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables import reader as tables
from tastegraph.data.tables.reader import read_table
from tests.support.limits import within
from tests.support.source_files import STRICT, fault, write

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


# Rejects


def test_an_event_in_the_future_is_rejected_and_the_others_are_imported(tmp_path: Path) -> None:
    ids, now = {"user_id": "u", "item_id": "i"}, 1e9
    assert (
        event_from(ids | {"timestamp": now + MAX_CLOCK_SKEW}, "f", 1, now=now).timestamp
        == now + MAX_CLOCK_SKEW
    )
    with pytest.raises(RowError, match=r"column 'timestamp': .* not in the future"):
        event_from(ids | {"timestamp": now + MAX_CLOCK_SKEW + 1}, "f", 1, now=now)
    year = datetime.now(UTC).year
    times = ["0", "1990-01-01", f"{year + 2}-01-01", str(time.time() + MAX_CLOCK_SKEW / 2)]
    path = write(
        tmp_path / "e.csv", "user_id,item_id,timestamp\n" + "".join(f"u,i,{t}\n" for t in times)
    )
    with RejectedRows("skip") as rejects:
        assert len(list(read_events(path, rejects))) == 3
    assert rejects.count == 1


def test_skip_sets_bad_rows_aside_and_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "user_id,item_id,value\nu,i,x\nu,i,1\n,i,2\nü,i,inf\n")
    with RejectedRows("skip", tmp_path / "out" / "rejects.jsonl") as rejects:
        assert [event.value for event in read_events(path, rejects)] == [1.0]
    assert rejects.count == 3
    records = [json.loads(line) for line in (tmp_path / "out/rejects.jsonl").open()]
    assert records[0] == {
        "file": str(path), "line": 2, "column": "value", "value": "x",
        "expected": "a finite number",
    }  # fmt: skip
    assert [(record["line"], record["column"]) for record in records] == [
        (2, "value"), (4, "user_id"), (5, "value"),
    ]  # fmt: skip


def test_no_rejects_file_without_rejects(tmp_path: Path) -> None:
    with RejectedRows("skip", tmp_path / "rejects.jsonl") as rejects:
        list(read_links(write(tmp_path / "l.csv", "item_id,entity\ni,e\n"), rejects))
    assert rejects.count == 0
    assert not (tmp_path / "rejects.jsonl").exists()


def test_rejects_hold_any_value(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    with RejectedRows("skip", path) as rejects:
        for value in ("\ud800", b"\xff", float("nan"), None, ["a"], "x" * 5000, True):
            rejects.handle(RowError("f", 1, None, value, "else"))
    values = [json.loads(line)["value"] for line in path.open(encoding="utf-8")]
    assert values[:5] == ["\ud800", "b'\\xff'", "nan", None, "['a']"]
    assert len(values[5]) == 1001
    assert values[6] is True


# Tables


def test_parquet_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROWS_PER_BATCH", 2)
    path = tmp_path / "t[1].parquet"
    pl.DataFrame({"item_id": [1, 2, 3, 4, 5], "entity": ["a", "b", None, "d", "e"]}).write_parquet(
        path
    )


def atomic_events(files):
    """The events of all ``.inter`` files of a folder."""
    tables = atomic_event_tables(files, RejectedRows())
    return [event for table in tables.values() for event in events_of(table)]


def test_missing_column_names_those_found(tmp_path: Path) -> None:
    error = fault(read_events, write(tmp_path / "t.csv", "user,item_id\nu,i\n"))
    assert (
        "['item_id', 'user'] found, a column named 'user_id' (perhaps --map user_id=user) expected"
        in str(error)
    )


def test_missing_files_and_unknown_formats(tmp_path: Path) -> None:
    for name in ("no.csv", "no.jsonl.gz", "no.parquet", "no.kg"):
        with pytest.raises(NotFoundError, match="no"):
            list(read_table(tmp_path / name, STRICT))
    with pytest.raises(NotFoundError):
        list(read_facts(tmp_path / "no.ttl", STRICT))
    for name in ("x.doc", "x", "x.gz", "x.parquet.gz"):
        with pytest.raises(TastegraphError, match=r"\.csv"):
            list(read_items(tmp_path / name, STRICT))


# Events


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({}, "user_id"),
        ({"user_id": "u"}, "item_id"),
        ({"user_id": "  ", "item_id": "i"}, "user_id"),
        ({"user_id": "u" * 513, "item_id": "i"}, "user_id"),
        ({"user_id": "u\x1f", "item_id": "i"}, "user_id"),
        ({"user_id": "u\ud800", "item_id": "i"}, "user_id"),
        ({"user_id": True, "item_id": "i"}, "user_id"),
        ({"user_id": 1.5, "item_id": "i"}, "user_id"),
        *(
            ({"user_id": "u", "item_id": "i", column: value}, column)
            for column, values in {
                "value": ["x", "nan", "inf", float("inf"), True, [1], "1_0", 10**400],
                "rating": ["good"],
                "timestamp": [
                    -1,
                    "1e11",
                    1_700_000_000_000,
                    "nan",
                    "yesterday",
                    "1969-12-31",
                    True,
                    {},
                ],
                "type": ["buy", 1, "CLICK"],
                "split": ["dev"],
                "position": [0, -1, 1.5, "first", 2**31],
                "event_id": ["a\nb"],
                "recommendation_id": [{}],
            }.items()
            for value in values
        ),
    ],
)
def test_bad_events(values: dict[str, object], column: str) -> None:
    with pytest.raises(RowError) as caught:
        event_from(values, "body", 7)
    error = caught.value
    assert (error.file, error.line, error.column) == ("body", 7, column)
    assert error.value == values.get(column)
    assert error.expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (881250949, 881250949.0),
        ("881250949.5", 881250949.5),
        (0, 0.0),
        ("1970-01-02", 86400.0),
        ("1970-01-01T01:00:00", 3600.0),
        ("1970-01-01T01:00:00Z", 3600.0),
        ("1970-01-01 02:00+01:00", 3600.0),
        (datetime(1970, 1, 2), 86400.0),
        (datetime(1970, 1, 2, tzinfo=UTC).date(), 86400.0),
        ("", None),
        (None, None),
    ],
)
def test_timestamps(value: object, seconds: float | None) -> None:
    event = event_from({"user_id": 1, "item_id": 2, "timestamp": value}, "f", 1)
    assert (event.user_id, event.item_id, event.timestamp) == ("1", "2", seconds)


def test_type_and_value_of_an_event() -> None:
    ids = {"user_id": "u", "item_id": "i"}
    assert event_from(ids, "f", 1).type == "click"
    assert event_from(ids | {"rating": "4"}, "f", 1).type == "rating"
    assert event_from(ids | {"rating": "4"}, "f", 1).value == 4.0
    assert event_from(ids | {"value": 3, "type": "purchase"}, "f", 1).type == "purchase"
    for kind in EVENT_TYPES:
        assert event_from(ids | {"type": kind}, "f", 1).type == kind
    full = event_from(
        ids | {"event_id": "e", "split": "test", "recommendation_id": "r", "position": 3.0}, "f", 1
    )
    assert (full.event_id, full.split, full.recommendation_id, full.position) == (
        "e",
        "test",
        "r",
        3,
    )


def test_derived_ids_survive_reimport_and_keep_repeats(tmp_path: Path) -> None:
    text = "user_id,item_id,timestamp\nu,i,5\nu,i,5\nv,i,5\nu,i,5\n"
    path = write(tmp_path / "e.csv", text)
    first = [event.event_id for event in read_events(path, STRICT)]
    assert len(set(first)) == 4
    assert all(len(event_id) == 32 for event_id in first)
    assert [event.event_id for event in read_events(path, STRICT)] == first
    longer = write(tmp_path / "longer.csv", text + "w,i,5\n")
    assert [event.event_id for event in read_events(longer, STRICT)][:4] == first
    as_json = "".join(
        json.dumps({"user_id": user, "item_id": "i", "timestamp": 5.0}) + "\n" for user in "uuvu"
    )
    assert [e.event_id for e in read_events(write(tmp_path / "e.jsonl", as_json), STRICT)] == first


def test_events_are_read_fast(tmp_path: Path) -> None:
    rows = "".join(f"{n % 943},{n % 1682},{n % 5},{880000000 + n}\n" for n in range(20_000))
    path = write(tmp_path / "e.csv", "user_id,item_id,rating,timestamp\n" + rows)
    with within(3):
        assert sum(1 for _ in read_events(path, STRICT)) == 20_000


# Facts


@pytest.mark.parametrize(
    "header", ["head,relation,tail", "subject,predicate,object", "tail,head,relation"]
)
def test_fact_tables(tmp_path: Path, header: str) -> None:
    order = {"head": "a", "subject": "a", "relation": "r", "predicate": "r"}
    row = ",".join(order.get(name, "b") for name in header.split(","))
    path = write(tmp_path / "f.csv", f"{header},confidence,literal\n{row},0.5,\n{row},,true\n")
    assert list(read_facts(path, STRICT)) == [
        Fact("a", "r", "b", confidence=0.5),
        Fact("a", "r", "b", literal=True),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [("a,r,b,0,", "confidence"), ("a,r,b,1.1,", "confidence"), ("a,r,b,inf,", "confidence"),
     ("a,r,b,1,yes", "literal"), ("a\x01,r,b,1,", "head"), ("a,r,b\x01,1,false", "tail")],
)  # fmt: skip
def test_bad_fact_rows(tmp_path: Path, row: str, column: str) -> None:
    path = write(tmp_path / "f.csv", f"head,relation,tail,confidence,literal\n{row}\n")
    error = fault(read_facts, path)
    assert (error.file, error.line, error.column) == (str(path), 2, column)


# Links


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.csv", "item_id,entity\n1,Q1\n"),
        ("l.tsv.gz", "entity_id\titem_id\nQ1\t1\n"),
        ("l.jsonl", '{"item_id":1,"entity_id":"Q1"}'),
        ("l.link", "item_id:token\tentity_id:token\n1\tQ1\n"),
    ],
)
def test_links(tmp_path: Path, name: str, text: str) -> None:
    assert list(read_links(write(tmp_path / name, text), STRICT)) == [Link("1", "Q1")]


def test_bad_links(tmp_path: Path) -> None:
    error = fault(read_links, write(tmp_path / "l.csv", "item_id,entity\n1,a\x01\n"))
    assert (error.line, error.column, error.value) == (2, "entity", "a\x01")
    error = fault(read_links, write(tmp_path / "l.jsonl", '{"item_id":"a","item_id":"b"}'))
    assert "twice" in error.expected


# RecBole


def recbole(folder: Path, parts: tuple[str, ...] = ("",)) -> Path:
    for part in parts:
        write(
            folder / f"x{part}.inter",
            "user_id:token\titem_id:token\trating:float\ttimestamp:float\nu\t1\t3\t5\n",
        )
    write(
        folder / "x.item",
        "item_id:token\tmovie_title:token_seq\tclass:token_seq\tyear:token\n"
        '1\tA "Quoted  Title\tDrama  Crime\t1995\n2\t\t\t\n',
    )
    write(folder / "x.kg", "head_id:token\trelation_id:token\ttail_id:token\nm.1\tr\tm.2\n")
    write(folder / "x.link", "item_id:token\tentity_id:token\n1\tm.1\n")
    return folder


def test_recbole_folder(tmp_path: Path) -> None:
    files = atomic_files(recbole(tmp_path))
    assert files.item is not None
    assert files.kg is not None
    assert files.link is not None
    [event] = atomic_events(files)
    assert (event.type, event.value, event.timestamp, event.split) == ("rating", 3.0, 5.0, None)
    assert [item for f in read_atomic_items(files.item, STRICT) for item in items_of(f)] == [
        Item("1", 'A "Quoted Title', "", {"class": ("Drama", "Crime"), "year": ("1995",)}),
        Item("2", ""),
    ]
    assert list(read_facts(files.kg, STRICT)) == [Fact("m.1", "r", "m.2")]
    assert list(read_links(files.link, STRICT)) == [Link("1", "m.1")]


def test_recbole_published_split(tmp_path: Path) -> None:
    files = atomic_files(recbole(tmp_path, ("", ".train", ".valid", ".test")))
    assert sorted(filter(None, map(split_of, files.inter))) == ["test", "train", "valid"]
    events = atomic_events(files)
    assert sorted(str(event.split) for event in events) == ["test", "train", "valid"]
    assert len({event.event_id for event in events}) == 3


def test_recbole_bad_rows_and_folders(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        atomic_files(tmp_path)
    with pytest.raises(NotFoundError):
        atomic_files(tmp_path / "no")
    path = write(tmp_path / "x.item", "item_id:token\tname:token_seq\n\tb\n")
    error = fault(read_atomic_items, path)
    assert (error.line, error.column) == (2, "item_id")
    path = write(tmp_path / "x.inter", "user_id:token\titem_id:token\trating:float\nu\ti\tbad\n")
    error = fault(read_events, path)
    assert (error.line, error.column, error.value) == (2, "rating", "bad")
    write(tmp_path / "y.inter", "")
    with pytest.raises(TastegraphError, match="x, y"):
        atomic_files(tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
columns = st.sampled_from(
    ["user_id", "item_id", "timestamp", "type", "value", "rating", "event_id", "split", "position"]
)


@pytest.mark.slow
@quick
@given(values=st.dictionaries(columns, json_values))
def test_no_body_raises_anything_else(values: dict[str, object]) -> None:
    with suppress(RowError):
        event_from({"user_id": "u", "item_id": "i"} | values, "body", 1).event_id.encode()


# Real data


def test_real_recbole_folder() -> None:
    root = os.environ.get("TASTEGRAPH_DATA")
    if not root or not (folder := Path(root) / "lastfm_lightkg").is_dir():
        pytest.skip("TASTEGRAPH_DATA names no folder with lastfm_lightkg")
    files = atomic_files(folder)
    assert len(atomic_events(files)) == 21_173
    assert files.kg is not None
    assert sum(1 for _ in read_facts(files.kg, STRICT)) == 15_518
