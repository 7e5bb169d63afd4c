"""Events by user, item and type against a dictionary: appended, replaced, deleted, paged."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.records import Event, User
from tastegraph.store import co_events, erasure, users
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.event_groups import (
    GroupCursor,
    delete_groups,
    groups_after,
    groups_of,
    replace_groups,
)
from tastegraph.store.schema import metadata

NAMES = st.sampled_from("abc")
KEYS = st.tuples(NAMES, NAMES, st.sampled_from(["like", "view"]))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["append", "replace", "delete", "delete all"]), KEYS, st.integers(1, 5)
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, size=st.integers(1, 4))
def test_groups_are_as_a_dictionary_has_them(steps, size: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        database = Database(Path(directory) / "t.db", metadata)
        model: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
        with database.writing() as connection:
            for number, (step, key, value) in enumerate(steps):
                user, item, kind = key
                event = Event(f"e{number}", user, item, kind, float(value), float(number))
                if step == "append":
                    log.append(connection, [event])
                    model[key].append((value, number))
                elif step == "replace":
                    replace_groups(connection, [event])
                    model[key] = [(value, number)]
                else:
                    kinds = [kind] if step == "delete" else ["like", "view"]
                    types = kinds if step == "delete" else None
                    events = [e for k in kinds for e in model.pop((user, item, k), [])]
                    assert delete_groups(connection, user, item, types) == len(events)
            expected = {
                key: (sum(v for v, _ in rows), max(t for _, t in rows), len(rows))
                for key, rows in model.items()
                if rows
            }
            pages, place = [], GroupCursor()
            while place is not None:
                page, place = groups_after(connection, place, size)
                assert len(page) <= size
                pages += page
            assert {
                (g.user_id, g.item_id, g.type): (g.value, g.timestamp, g.count) for g in pages
            } == expected
            assert len(pages) == len(expected)
            for name in "abc":
                for what, place_in_key in (("user_id", 0), ("item_id", 1)):
                    groups = groups_of(connection, **{what: name})
                    assert {(g.user_id, g.item_id, g.type) for g in groups} == {
                        key for key in expected if key[place_in_key] == name
                    }
                    times = [g.timestamp for g in groups]
                    assert times == sorted(times, reverse=True)
            names = {user.user_id for user in users.users_after(connection, "", 9)}
            assert names == {key[0] for key in expected}
        database.close()


@pytest.fixture
def database(tmp_path: Path):
    database = Database(tmp_path / "t.db", metadata)
    yield database
    database.close()


def test_a_file_of_an_earlier_version_gets_the_index_of_items(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = Database(path, metadata)
    with database.writing() as connection:
        log.append(connection, [Event("e", "u", "i", "like")])
        connection.exec_driver_sql("DROP INDEX events_by_item")
    database.close()
    database = Database(path, metadata)
    with database.writing() as connection:
        query = "EXPLAIN QUERY PLAN SELECT seq FROM event_log WHERE item = 1"
        assert "events_by_item" in str(connection.exec_driver_sql(query).all())
        assert [event.item_id for event in co_events.events_on(connection, ["i"])] == ["i"]
    database.close()


def test_users_are_listed_by_page_without_sessions(database) -> None:
    with database.writing() as connection:
        names = ["a", "session:1", "session:2", "session:x", "t", "z"]
        log.append(connection, [Event(name, name, "i", "like") for name in names])
        users.put_users(connection, [User("m", {"x": 1}), User("a", ["l"], "c")])
        everybody = [user.user_id for user in users.users_after(connection, "", 9)]
        assert everybody == ["a", "m", "t", "z"]
        assert users.users_after(connection, "", 1) == [User("a", ["l"], "c")]
        page = [user.user_id for user in users.users_after(connection, "m", 2)]
        assert page == ["t", "z"]


def test_erasure_takes_what_is_known_of_a_user(database) -> None:
    with database.writing() as connection:
        users.put_users(connection, [User("ann", {"secret": "marker"}, "marker")])
        erasure.erase_user(connection, "ann")
        assert users.get_user(connection, "ann") is None
    database.scrub("marker")
    assert b"marker" not in database.path.read_bytes()
