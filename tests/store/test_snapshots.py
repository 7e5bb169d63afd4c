"""Snapshots: published whole or not at all, and refused where they are not whole."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tastegraph.core.errors import BusyError, NotFoundError, SnapshotError
from tastegraph.core.strings import pack_strings
from tastegraph.store import snapshots
from tastegraph.store.durable import file_lock
from tastegraph.store.snapshots import HEADER_LOCK, Snapshots


@pytest.fixture
def shelf(tmp_path):
    return Snapshots(tmp_path / "world" / "snapshots")


ARRAYS = {
    "numbers": np.arange(6, dtype=np.float32).reshape(2, 3),
    "none": np.zeros((0, 4), dtype=np.int32),
    **pack_strings("names", ["a", "", "日本語"]),
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


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_arrays_that_are_not_finite_are_not_published(shelf, bad):
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


def test_incomplete_directories_of_killed_processes_are_no_versions(shelf):
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


def test_pruning_spares_the_version_in_service_and_the_one_to_roll_back_to(shelf):
    for _ in range(5):
        shelf.publish({}, ARRAYS)
    shelf.point_to("000002")
    shelf.prune(shelf.versions())
    assert shelf.versions() == ["000002", "000005"]
    shelf.prune([], without=shelf.versions())
    assert shelf.versions() == ["000002"]
    assert shelf.publish({}, ARRAYS) == "000003"


def test_nothing_is_pruned_while_the_pointer_changes(shelf, monkeypatch):
    for _ in range(3):
        shelf.publish({}, ARRAYS)
    monkeypatch.setattr(snapshots, "POINTER_PATIENCE", 0.0)
    with file_lock(shelf.directory / "pointer.lock", "busy"), pytest.raises(BusyError):
        shelf.prune(["000001"])
    assert shelf.versions() == ["000001", "000002", "000003"]


def test_a_version_that_was_pruned_meanwhile_is_not_put_into_service(shelf):
    """It was looked for before the lock, and CURRENT named nothing."""
    for _ in range(2):
        shelf.publish({}, ARRAYS)
    with ThreadPoolExecutor() as pool:
        with file_lock(shelf.directory / "pointer.lock", "busy"):
            waits = pool.submit(shelf.point_to, "000001")
            time.sleep(0.1)
            shutil.rmtree(shelf.directory / "000001")
        with pytest.raises(NotFoundError, match="no snapshot '000001': 000002"):
            waits.result()
    assert shelf.current() == "000002"


def test_deleted_versions_do_not_crowd_out_rollbacks(shelf, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_ROLLBACKS", 3)
    for number in range(1, 6):
        shelf.publish({}, ARRAYS)
        shelf.prune([f"{number - 2:06d}"] if number > 3 else [])
    assert shelf.versions() == ["000001", "000004", "000005"]
    assert shelf.roll_back().version == "000004"
    assert shelf.roll_back().version == "000001"


def test_a_mapped_snapshot_outlives_its_pruning(shelf):
    shelf.publish({}, ARRAYS)
    old = shelf.open()
    shelf.publish({}, ARRAYS)
    shelf.prune([], without=["000001"])
    assert shelf.versions() == ["000002"]
    np.testing.assert_array_equal(old.arrays["numbers"], ARRAYS["numbers"])


def test_rollbacks_reach_as_far_as_snapshots_exist(shelf):
    for _ in range(4):
        shelf.publish({}, ARRAYS)
    shelf.point_to("000001")
    assert shelf.roll_back().version == "000004" == shelf.current()
    assert shelf.roll_back().version == "000003"
    shelf.point_to("000003")
    assert shelf.roll_back().version == "000002"
    assert shelf.roll_back().version == "000001"
    with pytest.raises(NotFoundError, match="no earlier snapshot"):
        shelf.roll_back()
    assert shelf.current() == "000001"


def test_a_rollback_skips_deleted_versions(shelf):
    for _ in range(4):
        shelf.publish({}, ARRAYS)
    shelf.point_to("000001")
    shelf.point_to("000004")
    for gone in ("000001", "000003"):
        (shelf.directory / gone).rename(shelf.directory / f"x{gone}")
    assert shelf.roll_back().version == "000002"


def test_a_rollback_works_after_a_crash_at_any_point(shelf, monkeypatch):
    for _ in range(3):
        shelf.publish({}, ARRAYS)
    replace = Path.replace

    def cut(self, target):
        if target.name == "CURRENT":
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        shelf.point_to("000001")
    monkeypatch.setattr(Path, "replace", replace)
    assert shelf.current() == "000003"
    assert shelf.roll_back().version == "000002"


def test_a_snapshot_can_be_published_without_being_served(shelf):
    shelf.publish({}, ARRAYS)
    assert shelf.publish({}, ARRAYS, serve=False) == "000002"
    assert shelf.current() == "000001"
    shelf.point_to("000002")
    assert shelf.roll_back().version == "000001"


def test_many_threads_open_a_snapshot_at_once(tmp_path):
    """Of requests that replay lists of another version; their headers are parsed one at a time."""
    locked = []

    def load(*arguments, of=np.load, **options):
        locked.append(HEADER_LOCK.locked())
        return of(*arguments, **options)

    store = Snapshots(tmp_path)
    store.publish({}, {f"a{k}": np.arange(k) for k in range(20)})
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr(np, "load", load)
        opened = list(pool.map(lambda _: store.open(), range(40)))
    assert all(len(one.arrays) == 20 for one in opened)
    assert len(locked) == 800
    assert all(locked)


def test_what_only_a_fit_needs_is_checked_when_it_is_read(shelf):
    arrays = {**ARRAYS, "learning/x": np.arange(3), **pack_strings("learning/ids", ["a"])}
    version = shelf.publish({}, arrays)
    snapshot = shelf.open()
    assert set(snapshot.arrays) == set(ARRAYS)
    assert set(snapshot.learning) == {"x", "ids", "ids.ends"}
    assert set(snapshot.everything) == {*ARRAYS, "x", "ids", "ids.ends"}
    assert set(snapshot.published) == set(arrays)
    assert snapshot.strings("ids") == ["a"]
    file = shelf.directory / version / "learning" / "x.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    later = shelf.open()
    with pytest.raises(SnapshotError, match=r"learning/x\.npy was altered"):
        _ = later.learning
    file.unlink()
    with pytest.raises(SnapshotError, match=r"learning/x\.npy cannot be read"):
        _ = shelf.open().learning


def test_arrays_of_one_content_or_of_the_parent_are_one_file(shelf):
    table = np.arange(12.0).reshape(3, 4)
    arrays = {"a": table, "b": table, "learning/c": np.ones(2), "d": table.copy()}
    first = shelf.open(shelf.publish({}, arrays))
    changed = {**first.published, "d": np.zeros(3)}
    second = shelf.open(shelf.publish({}, changed, parent=first))
    third = shelf.open(shelf.publish({}, changed))

    def inode(snapshot, name):
        return (snapshot.path / f"{name}.npy").stat().st_ino

    assert inode(first, "a") == inode(first, "b") == inode(first, "d") == inode(second, "a")
    assert inode(first, "learning/c") == inode(second, "learning/c") != inode(third, "learning/c")
    assert inode(first, "d") != inode(second, "d")
    assert inode(second, "a") == inode(second, "b") != inode(third, "a") == inode(third, "b")
    assert second.manifest["files"] == third.manifest["files"]
    for name, array in changed.items():
        np.testing.assert_array_equal(second.published[name], array)
    shelf.prune(["000001"], without=["000001"])
    np.testing.assert_array_equal(shelf.open("000002").arrays["a"], table)


def test_what_a_file_system_cannot_link_is_copied(shelf, monkeypatch):
    def refuse(*_):
        raise OSError

    first = shelf.open(shelf.publish({}, ARRAYS))
    monkeypatch.setattr(snapshots.os, "link", refuse)
    second = shelf.open(shelf.publish({}, first.published, parent=first))
    assert second.manifest["files"] == first.manifest["files"]
