"""Rows, snapshots and vectors at rest."""

import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tastegraph.errors import BusyError, NotFoundError, SnapshotError, TastegraphError
from tastegraph.records import Event, Fact, Item, Link
from tastegraph.storage import catalogue, schema, snapshots, vectors
from tastegraph.storage import events as log
from tastegraph.storage.database import Database
from tastegraph.storage.events import Receipt
from tastegraph.storage.snapshots import Snapshots, pack, unpack


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "tastegraph.db", schema.metadata)
    yield made
    made.close()


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


def test_a_second_writer_is_told_what_to_do(database, tmp_path):
    append(database, event("a"))
    second = Database(tmp_path / "tastegraph.db", schema.metadata, patience=0.0)
    with (
        database.writing(),
        pytest.raises(BusyError, match="wait until it is done"),
        second.writing(),
    ):
        pass
    assert count(second) == 1
    assert append(second, event("b")) == Receipt(1, 0)
    second.close()


def test_another_process_cannot_write_but_can_read(database):
    append(database, event("a"))
    code = """
import sys
from pathlib import Path
from tastegraph.storage import events, schema
from tastegraph.errors import BusyError
from tastegraph.storage.database import Database
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


def test_the_lock_of_a_writer_ends_with_its_process(database):
    code = """
import os, sys
from pathlib import Path
from tastegraph.records import Event
from tastegraph.storage import events, schema
from tastegraph.storage.database import Database
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
        yield from (event(f"b{k}") for k in range(log.BATCH + 1))
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
    assert append(database, event("b0")) == Receipt(1, 0)


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
    assert append(database, event("a", timestamp=1.0), event("a", timestamp=2.0)) == Receipt(1, 1)
    assert append(database, event("a", user="bob"), event("b")) == Receipt(1, 1)
    assert append(database) == Receipt(0, 0)
    with database.reading() as connection:
        assert [e.timestamp for e in log.of_user(connection, "ann", 10)] == [None, 1.0]
        assert log.of_user(connection, "bob", 10) == []


def test_events_without_a_time_come_first_and_ties_as_they_arrived(database):
    append(database, event("late", timestamp=9.0), event("none-1"), event("tie-2", timestamp=5.0))
    append(database, event("tie-1", timestamp=5.0), event("none-0"), event("early", timestamp=1.0))
    wanted = ["none-1", "none-0", "early", "tie-2", "tie-1", "late"]
    with database.reading() as connection:
        assert [e.event_id for e in log.of_user(connection, "ann", 10)] == wanted
        assert [e.event_id for e in log.grouped_by_user(connection)] == wanted
        for newest in range(7):
            found = [e.event_id for e in log.of_user(connection, "ann", newest)]
            assert found == wanted[len(wanted) - newest :]


def test_all_events_come_by_user(database):
    append(database, event("1", "zoe"), event("2", "ann"), event("3", "zoe"), event("4", "bob"))
    with database.reading() as connection:
        assert [e.event_id for e in log.grouped_by_user(connection)] == ["2", "4", "1", "3"]
        assert log.users(connection) == 3
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
        assert log.append(connection, [event("a"), event("a"), event("b")]) == Receipt(2, 1)


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
        assert append(self.database, *new) == Receipt(accepted, len(new) - accepted)

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
        wanted = {
            user: sorted(
                (e for e in self.known.values() if e.user_id == user),
                key=lambda e: -1.0 if e.timestamp is None else e.timestamp,
            )
            for user in ("ann", "bob")
        }
        with self.database.reading() as connection:
            assert list(log.grouped_by_user(connection)) == wanted["ann"] + wanted["bob"]
            assert log.of_user(connection, "ann", 2) == wanted["ann"][-2:]
            assert log.count(connection) == len(self.known)


TestLogAgainstADict = LogAgainstADict.TestCase
TestLogAgainstADict.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)


# The catalogue.

FACT = Fact("subject", "relation", "object", True, "datatype", "en", 0.5)


def test_a_fact_has_the_same_id_everywhere():
    assert catalogue.fact_id(FACT) == catalogue.fact_id(replace(FACT))
    assert catalogue.fact_id(Fact("a", "b", "c")) == 7208774412611073757


def test_the_id_of_a_fact_does_not_depend_on_how_sure_its_source_is():
    assert catalogue.fact_id(replace(FACT, confidence=0.1)) == catalogue.fact_id(FACT)


names = st.text(st.characters(exclude_categories=["Cc"]), max_size=5)
statements = st.builds(
    Fact,
    subject=names,
    relation=names,
    object=names,
    literal=st.booleans(),
    datatype=names,
    language=names,
)


@given(one=statements, other=statements)
def test_facts_have_different_ids_where_any_part_differs(one, other):
    assert (catalogue.fact_id(one) == catalogue.fact_id(other)) == (one == other)
    assert 0 <= catalogue.fact_id(one) < 2**63
    for part in ("subject", "relation", "object", "datatype", "language"):
        changed = replace(one, **{part: getattr(one, part) + "x"})
        assert catalogue.fact_id(changed) != catalogue.fact_id(one)
    turned = replace(one, literal=not one.literal)
    assert catalogue.fact_id(turned) != catalogue.fact_id(one)


def test_a_part_that_moves_to_its_neighbour_is_another_fact():
    ids = {
        catalogue.fact_id(Fact("ab", "c", "d")),
        catalogue.fact_id(Fact("a", "bc", "d")),
        catalogue.fact_id(Fact("a", "b", "cd")),
        catalogue.fact_id(Fact("a", "b", "c", datatype="d")),
        catalogue.fact_id(Fact("a", "b", "c", language="d")),
    }
    assert len(ids) == 5


def put_facts(database, *facts, source="import"):
    with database.writing() as connection:
        return catalogue.put_facts(connection, facts, source)


def stored_facts(database):
    with database.reading() as connection:
        return [fact for _, fact in catalogue.all_facts(connection)]


def test_a_fact_is_as_sure_as_its_surest_source(database):
    put_facts(database, replace(FACT, confidence=0.5), source="one")
    assert put_facts(database, replace(FACT, confidence=0.75), source="two") == 1
    assert stored_facts(database) == [replace(FACT, confidence=0.75)]
    put_facts(database, replace(FACT, confidence=0.25), source="two")
    assert stored_facts(database) == [replace(FACT, confidence=0.5)]


def test_facts_come_back_with_their_ids(database):
    facts = [Fact("s", "r", str(k)) for k in range(20)]
    put_facts(database, *facts)
    with database.reading() as connection:
        found = list(catalogue.all_facts(connection))
    assert [key for key, _ in found] == sorted(catalogue.fact_id(fact) for fact in facts)
    assert dict(found) == {catalogue.fact_id(fact): fact for fact in facts}


def test_an_item_that_is_there_is_replaced(database):
    with database.writing() as connection:
        catalogue.put_items(connection, [Item("a", "A", "old", {"genre": ("x", "y")})])
        catalogue.put_items(connection, [Item("b", "B"), Item("a", "A2"), Item("a", "A3", "new")])
    with database.reading() as connection:
        assert list(catalogue.all_items(connection)) == [Item("a", "A3", "new"), Item("b", "B")]


def test_links_are_kept_once(database):
    with database.writing() as connection:
        new = [Link("b", "E"), Link("a", "E"), Link("a", "E"), Link("a", "D")]
        assert catalogue.put_links(connection, new, "one") == 4
        assert catalogue.put_links(connection, new[:1], "two") == 1
    with database.reading() as connection:
        assert list(catalogue.all_links(connection)) == [
            Link("a", "D"),
            Link("a", "E"),
            Link("b", "E"),
        ]
        assert catalogue.counts(connection) == {"items": 0, "facts": 0, "links": 3}


def test_the_revision_changes_with_every_kind_of_change(database):
    def revision_after(put, *arguments):
        with database.writing() as connection:
            put(connection, *arguments)
        with database.reading() as connection:
            return catalogue.revision(connection)

    changes = [
        revision_after(catalogue.put_items, []),
        revision_after(catalogue.put_items, [Item("a", "A")]),
        revision_after(catalogue.put_items, [Item("a", "B")]),
        revision_after(catalogue.put_items, [Item("a", "B", "", {"x": ("1",)})]),
        revision_after(catalogue.put_facts, [FACT], "one"),
        revision_after(catalogue.put_facts, [FACT], "two"),
        revision_after(catalogue.put_facts, [replace(FACT, confidence=0.1)], "two"),
        revision_after(catalogue.put_links, [Link("a", "E")], "one"),
        revision_after(catalogue.put_links, [Link("a", "E")], "two"),
    ]
    assert len(set(changes)) == len(changes)
    assert revision_after(catalogue.put_links, [Link("a", "E")], "two") == changes[-1]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_unicode_comes_back_as_it_was(texts):
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "t.db", schema.metadata)
        items = {t: Item(t, t, t, {t: (t, t)}) for t in texts}
        facts = {Fact(t, t, t, True, t, t) for t in texts}
        with database.writing() as connection:
            catalogue.put_items(connection, items.values())
        put_facts(database, *facts)
        with database.reading() as connection:
            found = {item.item_id: item for item in catalogue.all_items(connection)}
        assert found == items
        assert set(stored_facts(database)) == facts
        database.close()


def test_a_lone_surrogate_is_refused_and_changes_nothing(database):
    append(database, event("a"))
    for new in (Event("\ud800", "u", "i"), Event("b", "\udfff", "i")):
        with pytest.raises((UnicodeEncodeError, TastegraphError)):
            append(database, event("c"), new)
    assert count(database) == 1
    assert catalogue.fact_id(Fact("\ud800", "r", "o")) != catalogue.fact_id(
        Fact("\ud801", "r", "o")
    )


# Snapshots.


@pytest.fixture
def shelf(tmp_path):
    return Snapshots(tmp_path / "world" / "snapshots")


ARRAYS = {
    "numbers": np.arange(6, dtype=np.float32).reshape(2, 3),
    "none": np.zeros((0, 4), dtype=np.int32),
    **pack("names", ["a", "", "日本語"]),
}


def test_a_snapshot_comes_back_as_it_was_published(shelf):
    assert shelf.current() is None
    assert shelf.versions() == []
    with pytest.raises(NotFoundError, match="run 'tastegraph build'"):
        shelf.open()
    assert shelf.publish({"told": {"ä": [1]}}, ARRAYS) == "000001"
    snapshot = shelf.open()
    assert snapshot.version == "000001" == shelf.current()
    assert snapshot.manifest["told"] == {"ä": [1]}
    assert set(snapshot.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(snapshot.arrays[name], array)
        assert snapshot.arrays[name].dtype == array.dtype
    assert snapshot.strings("names") == ["a", "", "日本語"]


def test_arrays_of_a_snapshot_cannot_be_changed(shelf):
    shelf.publish({}, ARRAYS)
    with pytest.raises(ValueError, match="read-only"):
        shelf.open().arrays["numbers"][0] = 1


@given(st.lists(st.text()))
def test_strings_come_back_as_they_were_packed(texts):
    packed = pack("x", texts)
    assert {name: array.dtype for name, array in packed.items()} == {
        "x": np.uint8,
        "x.ends": np.int64,
    }
    assert unpack(packed["x"], packed["x.ends"]) == texts


@given(st.lists(st.text(st.characters(categories=["Cs"]), max_size=3)))
def test_lone_surrogates_come_back_where_they_make_no_pair(texts):
    packed = pack("x", texts)
    assert unpack(packed["x"], packed["x.ends"]) == texts


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_not_published(shelf, bad):
    shelf.publish({}, ARRAYS)
    with pytest.raises(SnapshotError, match=r"'model\.x' is not finite"):
        shelf.publish({}, {**ARRAYS, "model.x": np.array([1.0, bad])})
    assert shelf.versions() == ["000001"]
    assert shelf.current() == "000001"


def test_objects_are_neither_written_nor_unpickled(shelf, tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        shelf.publish({}, {"x": np.array([{}], dtype=object)})
    assert shelf.versions() == []
    version = shelf.publish({}, ARRAYS)
    folder = shelf.directory / version

    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    np.save(folder / "numbers.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["numbers.npy"] = snapshots._sha256(folder / "numbers.npy")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(SnapshotError, match=r"numbers\.npy cannot be read"):
        shelf.open()
    assert not (tmp_path / "sprung").exists()


def truncate(folder):
    file = folder / "numbers.npy"
    file.write_bytes(file.read_bytes()[:-1])


def empty(folder):
    (folder / "numbers.npy").write_bytes(b"")


def flip(folder):
    file = folder / "numbers.npy"
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)


def remove(folder):
    (folder / "numbers.npy").unlink()


def other_format(folder):
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))


def half_manifest(folder):
    file = folder / "manifest.json"
    file.write_text(file.read_text()[:40])


def garbage_manifest(folder):
    (folder / "manifest.json").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (truncate, r"numbers\.npy was altered"),
        (empty, r"numbers\.npy was altered"),
        (flip, r"numbers\.npy was altered"),
        (remove, r"numbers\.npy cannot be read"),
        (other_format, r"000002/manifest.json has format 99.*run 'tastegraph build' again"),
        (half_manifest, r"manifest\.json is not JSON"),
        (garbage_manifest, r"manifest\.json is not JSON"),
    ],
)
def test_a_damaged_snapshot_is_named_and_the_one_before_can_be_opened(shelf, damage, named):
    shelf.publish({}, ARRAYS)
    second = shelf.publish({}, ARRAYS)
    damage(shelf.directory / second)
    with pytest.raises(SnapshotError, match=named):
        shelf.open()
    assert shelf.open("000001").version == "000001"
    shelf.point_to("000001")
    assert shelf.open().version == "000001"


@pytest.mark.parametrize("manifest", ["[]", "null", '{"format": 1}', '{"format": 1, "files": []}'])
def test_a_manifest_that_is_json_but_none_of_ours_is_named(shelf, manifest):
    version = shelf.publish({}, ARRAYS)
    (shelf.directory / version / "manifest.json").write_text(manifest)
    with pytest.raises(SnapshotError, match=version):
        shelf.open()


def test_every_flipped_bit_of_an_array_is_noticed(shelf):
    file = shelf.directory / shelf.publish({}, {"x": np.arange(2, dtype=np.int8)}) / "x.npy"
    whole = file.read_bytes()
    for at in range(0, 8 * len(whole), 7):
        data = bytearray(whole)
        data[at // 8] ^= 1 << at % 8
        file.write_bytes(data)
        with pytest.raises(SnapshotError, match=r"x\.npy"):
            shelf.open()


@pytest.mark.parametrize("method", ["rename", "write_text", "replace"])
def test_a_crash_leaves_no_half_snapshot(shelf, monkeypatch, method):
    shelf.publish({}, ARRAYS)

    def crash(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, method, crash)
        with pytest.raises(KeyboardInterrupt):
            shelf.publish({}, ARRAYS)
    assert shelf.current() == "000001"
    assert shelf.open().version == "000001"
    assert [p for p in shelf.directory.iterdir() if p.name.startswith(".writing")] == []
    for version in shelf.versions():
        assert shelf.open(version).version == version
    assert shelf.open(shelf.publish({}, ARRAYS)).version == shelf.versions()[-1]


def test_what_a_killed_process_left_is_no_version(shelf):
    (shelf.directory / ".writing-killed").mkdir(parents=True)
    assert shelf.versions() == []
    assert shelf.publish({}, ARRAYS) == "000001"


def test_only_a_version_that_exists_can_be_put_into_service(shelf):
    shelf.publish({}, ARRAYS)
    with pytest.raises(NotFoundError, match="no snapshot '000009': 000001"):
        shelf.point_to("000009")
    with pytest.raises(NotFoundError, match="no snapshot '000009'"):
        shelf.open("000009")
    assert shelf.current() == "000001"


def test_pruning_keeps_the_newest_and_the_one_in_service(shelf):
    for _ in range(5):
        shelf.publish({}, ARRAYS)
    shelf.point_to("000002")
    shelf.prune(2)
    assert shelf.versions() == ["000002", "000004", "000005"]
    shelf.prune(10)
    assert shelf.versions() == ["000002", "000004", "000005"]
    assert shelf.publish({}, ARRAYS) == "000006"


def test_a_mapped_snapshot_outlives_its_pruning(shelf):
    shelf.publish({}, ARRAYS)
    old = shelf.open()
    shelf.publish({}, ARRAYS)
    shelf.prune(1)
    assert shelf.versions() == ["000002"]
    np.testing.assert_array_equal(old.arrays["numbers"], ARRAYS["numbers"])


# Vectors.


def test_vectors_are_kept_by_key_and_never_change(tmp_path):
    database = Database(tmp_path / "vectors.db", vectors.metadata)
    rng = np.random.default_rng(0)
    new = {b"%d" % k: rng.normal(size=5).astype(np.float32) for k in range(vectors.BATCH + 20)}
    with database.writing() as connection:
        vectors.put(connection, {})
        vectors.put(connection, new)
        vectors.put(connection, {b"0": np.zeros(5, dtype=np.float32)})
    with database.reading() as connection:
        found = vectors.get(connection, [*new, b"unknown", b"0"])
        assert vectors.get(connection, []) == {}
    database.close()
    assert found.keys() == new.keys()
    for key, vector in new.items():
        np.testing.assert_array_equal(found[key], vector)
        assert found[key].dtype == np.float32
