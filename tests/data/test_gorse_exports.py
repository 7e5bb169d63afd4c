"""Exports of Gorse: users, items and feedback, by kind or in one file, through the import."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.core.import_report import ImportReport
from tastegraph.data.event_tables import events_of
from tastegraph.data.events import event_from
from tastegraph.data.files import Files
from tastegraph.data.gorse import labels_of
from tastegraph.data.gorse_exports import GorseRecords, read_gorse_exports
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.store import catalogue, users
from tastegraph.workspace import Workspace
from tests.support.command_line import CommandResult

USERS = [
    {"UserId": "bob", "Labels": {"age": 24}, "Comment": "hi"},
    {"UserId": "eve", "Labels": None, "Comment": ""},
]
ITEMS = [
    {"ItemId": "i1", "IsHidden": False, "Categories": ["film"], "Comment": "LA",
     "Labels": {"genre": ["crime", "noir"], "title": "Heat", "vector": [0.5] * 20},
     "Timestamp": "2020-01-02T00:00:00Z"},
    {"ItemId": "i2", "IsHidden": True, "Categories": None, "Timestamp": "0001-01-01T00:00:00Z",
     "Labels": None, "Comment": "Fargo"},
    {"ItemId": "i3", "Labels": ["a", "b"], "Comment": ""},
]  # fmt: skip
FEEDBACK = [
    {"FeedbackType": "star", "UserId": "bob", "ItemId": "i1", "Value": 0,
     "Timestamp": "2022-02-24T00:00:00Z", "Comment": ""},
    {"FeedbackType": "read", "UserId": "eve", "ItemId": "i2", "Value": 2,
     "Timestamp": "0001-01-01T00:00:00Z"},
]  # fmt: skip


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(*paths: Path, report: ImportReport | None = None, **options: Any) -> GorseRecords:
    rejects = RejectedRows(**options)
    return read_gorse_exports(paths, rejects, Config(), report or ImportReport())


@pytest.mark.parametrize("layout", ["folder", "one file"])
def test_all_three_kinds_are_read_however_they_lie(tmp_path: Path, layout: str) -> None:
    if layout == "folder":
        for name, rows in {"users": USERS, "items": ITEMS, "feedback": FEEDBACK}.items():
            write(tmp_path / f"{name}.jsonl", rows)
    else:
        write(tmp_path / "dump.jsonl", [*FEEDBACK, *USERS, *ITEMS])
    records = read(tmp_path)
    assert [(user.user_id, user.attributes, user.comment) for user in records.users] == [
        ("bob", {"age": 24}, "hi"), ("eve", None, "")
    ]  # fmt: skip
    (events,) = ([*events_of(frame)] for frame in records.events.values())
    assert [(e.user_id, e.item_id, e.type, e.value, e.timestamp) for e in events] == [
        ("bob", "i1", "like", None, 1645660800.0), ("eve", "i2", "view", 2.0, None)
    ]  # fmt: skip
    (frame,) = records.items.values()
    assert frame["item_id"].to_list() == ["i1", "i2", "i3"]
    assert frame["title"].to_list() == ["Heat", "", ""]
    assert frame["text"].to_list() == ["LA", "Fargo", ""]
    assert frame["genre"].to_list() == [["crime", "noir"], None, None]
    assert frame["hidden"].to_list() == [None, ["true"], None]


def test_an_event_has_the_id_that_the_route_gives_it(tmp_path: Path) -> None:
    """So that what was sent to the service and is imported later counts once."""
    (frame,) = read(write(tmp_path / "f.jsonl", FEEDBACK[:1])).events.values()
    cells = {"user_id": "bob", "item_id": "i1", "type": "like", "timestamp": "2022-02-24T00:00:00Z"}
    assert [event.event_id for event in events_of(frame)] == [
        event_from(cells, "feedback", 1).event_id
    ]


def test_csv_of_earlier_versions(tmp_path: Path) -> None:
    feedback = tmp_path / "feedback.csv"
    feedback.write_text("feedback_type,user_id,item_id,time_stamp\nstar,u,i,2022-02-24\n")
    items = tmp_path / "items.csv"
    items.write_text(
        "item_id,is_hidden,categories,time_stamp,labels,description\n"
        "i,false,film|old,2020-01-01,crime|noir,A title\n"
    )
    records = read(feedback, items)
    assert [event.type for event in events_of(records.events["feedback.csv"])] == ["like"]
    frame = records.items["items.csv"]
    assert frame["categories"].to_list() == [["film", "old"]]
    assert frame["labels"].to_list() == [["crime", "noir"]]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"FeedbackType": "fork", "UserId": "u", "ItemId": "i"},
         ["line 2", "fork", "[gorse] types"]),
        ({"UserId": "u", "ItemId": "i"}, ["line 2", "a user of Gorse"]),
        ({"FeedbackType": "star", "UserId": "u"}, ["line 2", "item_id"]),
        ({"FeedbackType": "star", "UserId": "u", "ItemId": "i", "Timestamp": "soon"},
         ["line 2", "timestamp", "soon"]),
        ({"ItemId": "i", "Timestamp": "soon"}, ["line 2", "available_from", "soon"]),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_by_line_with_a_remedy(
    tmp_path: Path, row: dict[str, Any], words: list[str]
) -> None:
    good = {"FeedbackType": "star", "UserId": "good", "ItemId": "i", "Timestamp": "2022-02-24"}
    path = write(tmp_path / "dump.jsonl", [good, row])
    with pytest.raises(RowError) as error:
        read(path)
    assert not [word for word in words if word not in str(error.value)], error.value
    records = read(path, on_error="skip")
    assert [event.user_id for event in events_of(records.events["dump.jsonl"])] == ["good"]


def test_a_binary_dump_and_an_empty_folder_are_refused_with_the_way_out(tmp_path: Path) -> None:
    dump = tmp_path / "backup.bin"
    dump.write_bytes(b"\xff" * 8 + b"\x0a\x03bob")
    with pytest.raises(TastegraphError, match="/api/bulk/users"):
        read(dump)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="no files"):
        read(tmp_path / "empty")


def test_the_report_says_what_is_not_used(tmp_path: Path) -> None:
    report = ImportReport()
    read(write(tmp_path / "items.jsonl", ITEMS), report=report)
    texts = "\n".join(map(str, report.findings))
    assert "'genre': values that are stored and state no facts (1)" in texts
    assert '[items.facts] genre = { relation = "genre" }' in texts
    assert "embeddings, which are stored as they are and not used (1)" in texts


def test_the_command_imports_a_folder(
    tmp_path: Path, tastegraph: Callable[..., CommandResult]
) -> None:
    exports = tmp_path / "gorse"
    exports.mkdir()
    for name, rows in {"users": USERS, "items": ITEMS, "feedback": FEEDBACK}.items():
        write(exports / f"{name}.jsonl", rows)
    workspace = Workspace.init(
        tmp_path / "shop", {"items": {"facts": {"genre": {"relation": "genre"}}}}
    )
    printed = tastegraph("import", tmp_path / "shop", "--gorse", exports).out
    assert "imported 3 items, 2 events (0 known already), 4 facts" in printed
    assert "what is known of 2 users" in printed
    with workspace.database.reading() as connection:
        item = catalogue.get_item(connection, "i1")
        bob = users.get_user(connection, "bob")
    assert item is not None
    assert labels_of(item) == ITEMS[0]["Labels"]
    assert bob is not None
    assert bob.attributes == {"age": 24}
    workspace.erase.user("bob")
    records = Files([], [], [], [], gorse=[exports]).records(
        workspace.config, RejectedRows(), report=ImportReport()
    )
    assert workspace.ingest(records).users == 1
    workspace.close()
