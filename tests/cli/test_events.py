"""Files of events: which there are, taking one back, replacing one; sessions; erased ids."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Event
from tastegraph.data.files import Files
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.store import events as log
from tastegraph.store import revision
from tastegraph.store.event_sources import event_sources, forget_events
from tastegraph.workspace import Workspace
from tests.support.command_line import is_one_line_error

HEADER = "user_id,item_id,timestamp\n"


def write_events(folder: Path, name: str, rows: Iterable[tuple[str, str, int]]) -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{user},{item},{time}\n" for user, item, time in rows))
    return path


def stored(workspace: Workspace) -> set[tuple[str, str, float | None]]:
    """(user, item, time) of every event."""
    with workspace.database.reading() as connection:
        return {(e.user_id, e.item_id, e.timestamp) for e in log.grouped_by_user(connection)}


def test_sources_are_listed_with_their_times(tastegraph, shop, tmp_path: Path) -> None:
    march = write_events(tmp_path, "march.csv", [("ann", "a", 86_400), ("bob", "b", 90_000)])
    april = tmp_path / "april.csv"
    april.write_text("user_id,item_id\nann,c\n")
    tastegraph("import", shop, "--events", march, "--events", april)
    tastegraph("record", shop, "--events", write_events(tmp_path, "one.csv", [("cem", "a", 5)]))
    lines = tastegraph("events", "sources", shop).out.splitlines()
    assert lines[0] == "(of no file): 1 events, 1970-01-01 00:00 to 1970-01-01 00:00, one by one"
    assert lines[1].startswith("april.csv: 1 events, imported 2")
    assert lines[2].startswith("march.csv: 2 events, 1970-01-02 00:00 to 1970-01-02 01:00, import")
    rows = json.loads(tastegraph("events", "sources", shop, "--json").out)
    assert [(row["name"], row["events"], row["first"]) for row in rows] == [
        ("", 1, 5.0), ("april.csv", 1, None), ("march.csv", 2, 86_400.0),
    ]  # fmt: skip


def test_forgotten_file_is_as_if_never_imported(tastegraph, shop, tmp_path: Path) -> None:
    right = write_events(tmp_path, "right.csv", [("ann", "a", 1)])
    wrong = write_events(tmp_path, "wrong.csv", [("ann", "b", 2), ("zoe", "c", 3)])
    tastegraph("import", shop, "--events", right, "--events", wrong)
    done = tastegraph("events", "forget", shop, "wrong.csv")
    assert done.out == "2 events of wrong.csv are deleted: 'tastegraph build' forgets them\n"
    workspace = Workspace(shop)
    assert stored(workspace) == {("ann", "a", 1.0)}
    assert workspace.counts()["users"] == 1
    workspace.close()
    done = tastegraph("events", "forget", shop, "wrong.csv")
    assert is_one_line_error(done, "no source of events 'wrong.csv'", "there are right.csv")
    tastegraph("import", shop, "--events", wrong)
    assert len(stored(Workspace(shop))) == 3


def test_forgetting_makes_the_next_build_learn_anew(tastegraph, shop, tmp_path: Path) -> None:
    """Also where the newest event stays, so that the log's revision is what it was."""
    tastegraph("import", shop, "--events", write_events(tmp_path, "wrong.csv", [("ann", "a", 1)]))
    tastegraph("import", shop, "--events", write_events(tmp_path, "right.csv", [("bob", "a", 1)]))
    workspace = Workspace(shop)
    before = workspace.fingerprint()
    with workspace.database.writing() as connection:
        newest, withdrawals = log.revision(connection), revision.withdrawal_count(connection)
        forget_events(connection, "wrong.csv")
        assert log.revision(connection) == newest
        assert revision.withdrawal_count(connection) == withdrawals + 1
    assert workspace.fingerprint() != before
    workspace.close()


ROWS = st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 9)))
STEPS = st.lists(
    st.tuples(st.just("import"), st.sampled_from([0, 1, 2]), ROWS)
    | st.tuples(st.just("forget"), st.sampled_from([0, 1, 2]), st.none())
    | st.tuples(st.just("record"), st.sampled_from([3]), ROWS),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_any_imports_and_forgettings_leave_the_files_that_there_are(steps) -> None:
    """Each file has its own users, so that no two state the same event."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.init(Path(folder) / "shop")
        workspace.record([])
        present: dict[int, set[tuple[str, str, int]]] = {}
        for verb, number, rows in steps:
            name = f"{number}.csv"
            if verb == "import":
                own = {(f"{user}{number}", item, time) for user, item, time in rows}
                path = write_events(Path(folder), name, sorted(own))
                files = Files([], [path], [], [])
                workspace.ingest(files.records(workspace.config, RejectedRows()))
                present[number] = own
            elif verb == "record":
                own = {(f"{user}{number}", item, time) for user, item, time in rows}
                workspace.record(
                    Event(f"{user}{item}{time}", user, item, "click", None, float(time))
                    for user, item, time in own
                )
                present[number] = present.get(number, set()) | own
            elif number in present:
                with workspace.database.writing() as connection:
                    assert forget_events(connection, name) == len(present.pop(number))
        assert stored(workspace) == {row for rows in present.values() for row in rows}
        with workspace.database.reading() as connection:
            counts = {row.name: row.events for row in event_sources(connection) if row.events}
        expected = {f"{k}.csv" if k < 3 else "": len(rows) for k, rows in present.items() if rows}
        assert counts == expected
        workspace.close()


def test_unknown_source_is_named(database) -> None:
    with database.writing() as connection, pytest.raises(TastegraphError, match="there are none"):
        forget_events(connection, "none.csv")


# Sessions.


def test_session_of_a_file_is_the_session_of_http(tastegraph, shop, tmp_path: Path) -> None:
    both, alone = tmp_path / "both.csv", tmp_path / "alone.csv"
    both.write_text("user_id,session_id,item_id\nann,s1,a\n,s1,b\n,s2,c\n")
    alone.write_text("session_id,item_id\n7,a\ns2,d\n")
    done = tastegraph("import", shop, "--events", both, "--events", alone)
    assert done.code == 0, done.err
    assert {(user, item) for user, item, _ in stored(Workspace(shop))} == {
        ("ann", "a"), ("session:s1", "b"), ("session:s2", "c"), ("session:s2", "d"),
        ("session:7", "a"),
    }  # fmt: skip


def test_row_without_user_and_session_is_an_error(tastegraph, shop, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("user_id,session_id,item_id\nann,,a\n,,b\n")
    done = tastegraph("import", shop, "--events", file)
    assert is_one_line_error(done, "events.csv", "line 3", "user_id")


# Erased ids.


def test_erased_user_does_not_return_by_an_old_file(tastegraph, shop, tmp_path: Path) -> None:
    rows = [("ann", f"i{k}", k) for k in range(103)] + [("bob", "a", 1)]
    old = write_events(tmp_path, "old.csv", rows)
    tastegraph("import", shop, "--events", old)
    tastegraph("erase", shop, "ann")
    for name in ("old.csv", "again.csv"):
        done = tastegraph("import", shop, "--events", write_events(tmp_path, name, rows))
        assert "1 erased id, 103 events left out" in done.out
        assert b"ann" not in (shop / "tastegraph.db").read_bytes()
    assert stored(Workspace(shop)) == {("bob", "a", 1.0)}
    done = tastegraph("import", shop, "--events", old, "--restore")
    assert "1 erased id restored" in done.out
    assert len(stored(Workspace(shop))) == 104
    assert "erased" not in tastegraph("import", shop, "--events", old).out


def test_erased_item_does_not_return_by_an_old_file(tastegraph, shop, tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text("item_id,title\na,A\nb,B\n")
    old = write_events(tmp_path, "old.csv", [("ann", "a", 1), ("ann", "b", 2)])
    tastegraph("import", shop, "--items", items, "--events", old)
    tastegraph("erase", shop, "--item", "a")
    done = tastegraph("import", shop, "--items", items, "--events", old)
    assert "1 erased id, 1 events and 1 items left out" in done.out
    assert Workspace(shop).counts()["items"] == 1
    assert stored(Workspace(shop)) == {("ann", "b", 2.0)}
    tastegraph("import", shop, "--items", items, "--events", old, "--restore")
    assert Workspace(shop).counts()["items"] == 2
    assert len(stored(Workspace(shop))) == 2


def test_no_digest_is_computed_where_nothing_was_erased(
    tastegraph, shop, tmp_path: Path, monkeypatch
) -> None:
    from tastegraph.store import erased_records

    monkeypatch.setattr(erased_records, "id_digest", None)
    done = tastegraph("import", shop, "--events", write_events(tmp_path, "a.csv", [("u", "i", 1)]))
    assert done.code == 0, done.err
