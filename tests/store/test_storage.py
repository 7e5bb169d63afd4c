"""The database and the event log at rest."""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tastegraph.core.errors import BusyError, TastegraphError
from tastegraph.core.records import Event, Item
from tastegraph.store import catalogue, schema
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.events import AppendResult


def event(event_id, user="ann", timestamp=None, **more):
    return Event(event_id, user, f"item-{event_id}", timestamp=timestamp, **more)


def append(database, *new):
    with database.writing() as connection:
        return log.append(connection, new)


def count(database):
    with database.reading() as connection:
        return log.count(connection)


# The database: one writer, many readers.


def test_a_database_that_was_never_written_says_what_to_do(database):
    with pytest.raises(TastegraphError, match="run 'tastegraph import' first"), database.reading():
        pass


def test_a_second_writer_gets_an_error_with_advice(database, tmp_path):
    append(database, event("a"))
    second = Database(tmp_path / "tastegraph.db", schema.metadata, patience=0.0)
    with (
        database.writing(),
        pytest.raises(BusyError, match="wait until it is done"),
        second.writing(),
    ):
        pass
    assert count(second) == 1
    assert append(second, event("b")) == AppendResult(1, 0)
    second.close()


@pytest.mark.slow
def test_another_process_cannot_write_but_can_read(database):
    append(database, event("a"))
    code = """
import sys
from pathlib import Path
from tastegraph.store import events, schema
from tastegraph.core.errors import BusyError
from tastegraph.store.database import Database
database = Database(Path(sys.argv[1]), schema.metadata, patience=0.0)
with database.reading() as connection:
    print(events.count(connection))
try:
    with database.writing():
        print("written")
except BusyError:
    print("busy")
"""
    command = [sys.executable, "-c", code, str(database.path)]
    with database.writing():
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "busy"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "written"]


def test_the_lock_of_a_writer_is_released_when_its_process_ends(database):
    code = """
import os, sys
from pathlib import Path
from tastegraph.core.records import Event
from tastegraph.store import events, schema
from tastegraph.store.database import Database
database = Database(Path(sys.argv[1]), schema.metadata)
with database.writing() as connection:
    events.append(connection, [Event("kept", "ann", "i")])
with database.writing() as connection:
    events.append(connection, [Event("lost", "ann", "i")])
    os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code, str(database.path)], check=False)
    append(database, event("next"))
    with database.reading() as connection:
        assert [e.event_id for e in log.grouped_by_user(connection)] == ["kept", "next"]


def test_readers_cannot_write(database):
    append(database, event("a"))
    with (
        pytest.raises(TastegraphError, match="readonly database"),
        database.reading() as connection,
    ):
        log.append(connection, [event("b")])
    assert count(database) == 1


def test_a_reader_sees_one_state_while_others_write(database):
    append(database, event("a"))
    with database.reading() as connection:
        assert log.count(connection) == 1
        append(database, event("b"))
        assert log.count(connection) == 1
        assert count(database) == 2
    with database.reading() as connection:
        assert log.count(connection) == 2


def test_a_reader_does_not_see_what_is_not_committed(database):
    append(database, event("a"))
    with database.writing() as connection:
        log.append(connection, [event("b")])
        assert count(database) == 1
    assert count(database) == 2


def test_a_transaction_that_raises_leaves_nothing(database):
    append(database, event("a"))

    def events():
        yield from (event(f"b{k}") for k in range(log.ROWS_PER_BATCH + 1))
        raise RuntimeError("the source broke")

    def write():
        with database.writing() as connection:
            catalogue.put_items(connection, [Item("i", "I")])
            log.append(connection, events())

    with pytest.raises(RuntimeError):
        write()
    with database.reading() as connection:
        assert log.count(connection) == 1
        assert catalogue.counts(connection)["items"] == 0
    assert append(database, event("b0")) == AppendResult(1, 0)


def test_what_was_written_is_there_after_closing(database, tmp_path):
    append(database, event("a", timestamp=5.0, value=2.5, split="test", position=3))
    database.close()
    again = Database(tmp_path / "tastegraph.db", schema.metadata)
    with again.reading() as connection:
        assert list(log.grouped_by_user(connection)) == [
            event("a", timestamp=5.0, value=2.5, split="test", position=3)
        ]
    again.close()


@pytest.mark.parametrize("name", ["a b", "ü", "a&b"])
def test_the_name_of_a_folder_does_not_matter(tmp_path, name):
    odd = Database(tmp_path / name / "tastegraph.db", schema.metadata)
    append(odd, event("a"))
    assert count(odd) == 1
    assert (tmp_path / name / "tastegraph.db").exists()
    odd.close()


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%41b"])
def test_characters_of_urls_may_be_in_the_name_of_a_folder(tmp_path, name):
    test_the_name_of_a_folder_does_not_matter(tmp_path, name)


def test_a_database_that_cannot_be_opened_is_not_busy(database):
    database.path.write_bytes(b"no database " * 500)
    for _ in range(2):
        with pytest.raises(Exception, match="is not a database"), database.writing():
            pass


# The event log.


def test_an_event_that_is_known_changes_nothing(database):
    assert append(database, event("a", timestamp=1.0), event("a", timestamp=2.0)) == AppendResult(
        1, 1
    )
    assert append(database, event("a", user="bob"), event("b")) == AppendResult(1, 1)
    assert append(database) == AppendResult(0, 0)
    with database.reading() as connection:
        assert [e.timestamp for e in log.user_events(connection, "ann", 10)] == [None, 1.0]
        assert log.user_events(connection, "bob", 10) == []


def test_events_without_a_time_come_first_and_ties_as_they_arrived(database):
    append(database, event("late", timestamp=9.0), event("none-1"), event("tie-2", timestamp=5.0))
    append(database, event("tie-1", timestamp=5.0), event("none-0"), event("early", timestamp=1.0))
    expected = ["none-1", "none-0", "early", "tie-2", "tie-1", "late"]
    with database.reading() as connection:
        assert [e.event_id for e in log.user_events(connection, "ann", 10)] == expected
        assert [e.event_id for e in log.grouped_by_user(connection)] == expected
        for newest in range(7):
            newest_ids = [e.event_id for e in log.user_events(connection, "ann", newest)]
            assert newest_ids == expected[len(expected) - newest :]


def test_all_events_come_by_user(database):
    append(database, event("1", "zoe"), event("2", "ann"), event("3", "zoe"), event("4", "bob"))
    with database.reading() as connection:
        assert [e.event_id for e in log.grouped_by_user(connection)] == ["2", "4", "1", "3"]
        assert log.user_count(connection) == 3
        assert sorted(log.item_ids(connection)) == ["item-1", "item-2", "item-3", "item-4"]


def test_sixteen_threads_with_the_same_ids_count_once(database):
    ids = [f"e{k}" for k in range(40)]

    def send(thread):
        return [append(database, *(event(e, f"u{thread}") for e in ids[k::4])) for k in range(4)]

    with ThreadPoolExecutor(16) as pool:
        receipts = [receipt for sent in pool.map(send, range(16)) for receipt in sent]
    assert sum(receipt.accepted for receipt in receipts) == 40
    assert sum(receipt.duplicates for receipt in receipts) == 15 * 40
    assert count(database) == 40


def test_the_revision_of_the_log_grows_with_new_events_alone(database):
    seen = []
    for new in (event("a"), event("a"), event("b")):
        append(database, new)
        with database.reading() as connection:
            seen.append(log.revision(connection))
    assert seen[0] == seen[1] < seen[2]


def test_a_receipt_is_right_after_reading_on_the_same_connection(database):
    with database.writing() as connection:
        catalogue.put_items(connection, [Item("i", "I")])
        assert [item.item_id for item in catalogue.all_items(connection)] == ["i"]
        assert log.append(connection, [event("a"), event("a"), event("b")]) == AppendResult(2, 1)


event_lists = st.lists(
    st.builds(
        Event,
        event_id=st.sampled_from("abcdefghij"),
        user_id=st.sampled_from(["ann", "bob"]),
        item_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4),
        type=st.sampled_from(["like", "rating"]),
        value=st.none() | st.floats(-10, 10),
        timestamp=st.none() | st.sampled_from([1.0, 2.0, 3.5]),
        split=st.none() | st.sampled_from(["train", "valid", "test"]),
        position=st.none() | st.integers(1, 2**31),
    ),
    max_size=6,
)


class LogAgainstADict(RuleBasedStateMachine):
    """The log is a dict by event id that keeps what came first."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = Database(self.folder / "log.db", schema.metadata)
        append(self.database)
        self.known = {}

    def teardown(self):
        self.database.close()
        shutil.rmtree(self.folder)

    @rule(new=event_lists)
    def append(self, new):
        before = len(self.known)
        for one in new:
            self.known.setdefault(one.event_id, one)
        accepted = len(self.known) - before
        assert append(self.database, *new) == AppendResult(accepted, len(new) - accepted)

    @rule(new=event_lists)
    def append_and_fail(self, new):
        try:
            with self.database.writing() as connection:
                log.append(connection, new)
                raise InterruptedError
        except InterruptedError:
            pass

    @precondition(lambda self: self.known)
    @rule()
    def reopen(self):
        self.database.close()
        self.database = Database(self.folder / "log.db", schema.metadata)

    @invariant()
    def is_in_order(self):
        expected = {
            user: sorted(
                (e for e in self.known.values() if e.user_id == user),
                key=lambda e: -1.0 if e.timestamp is None else e.timestamp,
            )
            for user in ("ann", "bob")
        }
        with self.database.reading() as connection:
            assert list(log.grouped_by_user(connection)) == expected["ann"] + expected["bob"]
            assert log.user_events(connection, "ann", 2) == expected["ann"][-2:]
            assert log.count(connection) == len(self.known)


TestLogAgainstADict = LogAgainstADict.TestCase
TestLogAgainstADict.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
