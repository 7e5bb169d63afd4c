"""Snapshots: immutable directories of arrays, published whole or not at all.

A snapshot holds ``manifest.json`` with the SHA-256 of every other file, and ``.npy`` arrays that
are memory-mapped, never unpickled: processes that open one snapshot share its memory. What only the
next fit needs is in the folder ``learning``, which a service neither checks nor maps. Arrays of the
same content are one file with several hard links, and so is one that the parent holds already:
nobody ever writes to a published file again.

A snapshot is written to a temporary directory, flushed to disk, renamed to its version, and only
then put into the pointer file ``CURRENT``. The file ``SERVED`` lists the versions that were in
service before, oldest first, for rolling back.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import NotFoundError, SnapshotError
from tastegraph.core.messages import Message
from tastegraph.core.strings import MappedStrings
from tastegraph.store.durable import file_lock, flush, replace_text

FORMAT = 8
MAX_ROLLBACKS = 100
"""Number of earlier versions in service that are remembered for rolling back."""
POINTER_PATIENCE = 5.0
HEADER_LOCK = threading.Lock()
"""Held while the header of an array is read: NumPy parses it as Python, and the parser of CPython
3.11 raises a spurious SystemError now and then where threads parse at once (python/cpython#106905).
"""
LEARNING = "learning/"
"""What the name of an array begins with that only the next fit needs."""
MAX_HASHING_THREADS = 4
_WRITING = ".writing-"
Array = NDArray[Any]


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot.

    Attributes:
        path: its directory.
        manifest: what is said of it.
        arrays: those that it is served from, mapped into memory.
    """

    path: Path
    manifest: dict[str, Any]
    arrays: dict[str, Array]

    @cached_property
    def learning(self) -> dict[str, Array]:
        """The arrays that only the next fit needs, by names without :data:`LEARNING`.

        Raises:
            SnapshotError: a file is missing or altered.
        """
        files = [file for file in self.manifest["files"] if file.startswith(LEARNING)]
        arrays = _checked_arrays(self.path, files, self.manifest["files"])
        return {name.removeprefix(LEARNING): array for name, array in arrays.items()}

    @property
    def everything(self) -> dict[str, Array]:
        """All arrays, by names without :data:`LEARNING`."""
        return {**self.arrays, **self.learning}

    @property
    def version(self) -> str:
        """The name of its directory, such as ``000012``."""
        return self.path.name

    @property
    def published(self) -> dict[str, Array]:
        """All arrays, by the names that they were published by."""
        return {**self.arrays, **{f"{LEARNING}{name}": a for name, a in self.learning.items()}}

    def strings(self, name: str) -> MappedStrings:
        """The strings that were packed as ``name`` (:mod:`tastegraph.core.strings`)."""
        arrays = self.arrays if name in self.arrays else self.learning
        return MappedStrings.of_arrays(arrays, name)


class Snapshots:
    """The snapshots of one workspace, and the pointer to the one in service."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._pointer = directory / "CURRENT"
        self._past = directory / "SERVED"

    def publish(
        self,
        manifest: Mapping[str, Any],
        arrays: Mapping[str, Array],
        *,
        parent: Snapshot | None = None,
        serve: bool = True,
    ) -> str:
        """Write a snapshot and put it into service; after a crash all of it is there or nothing.

        Args:
            manifest: metadata, to which format, version and checksums are added.
            arrays: name → array; a name that begins with :data:`LEARNING` is not for the service.
            parent: snapshot of which some of ``arrays`` are; their files are linked, not written.
            serve: whether it is put into service now; :meth:`point_to` can do so later.

        Returns:
            Its version: a growing number, zero-padded to six digits.

        Raises:
            SnapshotError: an array of floats holds NaN or infinity.
        """
        unchanged = {} if parent is None else _files_of(parent, arrays)
        for name, array in arrays.items():
            is_new = name not in unchanged
            if is_new and array.dtype.kind == "f" and not np.isfinite(array).all():
                raise SnapshotError(Message("snapshot.not_finite", name=name))
        self.directory.mkdir(parents=True, exist_ok=True)
        version = f"{max(map(int, self.versions()), default=0) + 1:06d}"
        work = Path(tempfile.mkdtemp(prefix=_WRITING, dir=self.directory))
        try:
            digests = self._write(work, arrays, unchanged)
            full = {**manifest, "format": FORMAT, "version": version, "files": digests}
            (work / "manifest.json").write_text(json.dumps(full, indent=1), encoding="utf-8")
            flush(work / "manifest.json")
            work.chmod(0o755)
            work.rename(self.directory / version)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        flush(self.directory)
        if serve:
            self.point_to(version)
        return version

    @staticmethod
    def _write(
        work: Path, arrays: Mapping[str, Array], unchanged: Mapping[str, tuple[Path, str]]
    ) -> dict[str, str]:
        """Write every array once, or link it where it is ``unchanged``; file name → SHA-256."""
        if any(name.startswith(LEARNING) for name in arrays):
            (work / LEARNING).mkdir()
        digests = {f"{name}.npy": digest for name, (_, digest) in unchanged.items()}
        written: dict[int, Path] = {}
        for name, array in arrays.items():
            file = work / f"{name}.npy"
            if name in unchanged:
                _link(unchanged[name][0], file)
            elif id(array) in written:
                _link(written[id(array)], file)
            else:
                np.save(file, array, allow_pickle=False)
                flush(file)
                written[id(array)] = file
        digests |= _digests(work, [f"{name}.npy" for name in arrays if name not in unchanged])
        _link_alike(work, digests)
        for folder in {(work / file).parent for file in digests}:
            flush(folder)
        return dict(sorted(digests.items()))

    def point_to(self, version: str) -> None:
        """Put ``version`` into service.

        Raises:
            NotFoundError: there is no such version.
            BusyError: another process has held the lock of the pointer for five seconds.
        """
        with self._pointer_lock():
            current, past, versions = self.current(), self._served(), self.versions()
            if version not in versions:
                raise NotFoundError(Message("missing.snapshot", version=version, versions=versions))
            if current is not None and current != version:
                # Deleted versions would crowd out those that can still be rolled back to.
                past = [earlier for earlier in [*past, current] if earlier in versions]
                replace_text(self._past, "\n".join(past[-MAX_ROLLBACKS:]))
            replace_text(self._pointer, version)

    def roll_back(self, check: Callable[[Snapshot], None] | None = None) -> Snapshot:
        """Put the version that was in service before into service again, and open it.

        Args:
            check: is called with it before anything is changed; what it raises leaves all as it is.

        Raises:
            NotFoundError: there was none, or it has been deleted.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process has held the lock of the pointer for five seconds.
        """
        with self._pointer_lock():
            past = self._rollback_versions(set(self.versions()))
            if not past:
                raise NotFoundError(Message("missing.earlier_snapshot", directory=self.directory))
            snapshot = self.open(past.pop())
            if check is not None:
                check(snapshot)
            replace_text(self._pointer, snapshot.version)
            replace_text(self._past, "\n".join(past))
        return snapshot

    def versions(self) -> list[str]:
        """Every published version, oldest first."""
        if not self.directory.is_dir():
            return []
        return sorted(p.name for p in self.directory.iterdir() if p.name.isdigit())

    def current(self) -> str | None:
        """The version in service, or ``None`` before the first build."""
        try:
            return self._pointer.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def _rollback_versions(self, existing: Collection[str]) -> list[str]:
        """Earlier versions in service; the last of them exists, and is the one to roll back to."""
        current, past = self.current(), self._served()
        while past and (past[-1] == current or past[-1] not in existing):
            past.pop()
        return past

    def _served(self) -> list[str]:
        try:
            return self._past.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def _pointer_lock(self) -> AbstractContextManager[None]:
        busy = Message("busy.pointer", directory=self.directory)
        return file_lock(self.directory / "pointer.lock", busy, POINTER_PATIENCE)

    def open(self, version: str | None = None) -> Snapshot:
        """Check the files of a snapshot and map its arrays; by default of the one in service.

        Raises:
            NotFoundError: nothing has been published yet, or there is no such version.
            SnapshotError: a file is missing, altered, or of another format.
        """
        version = version or self.current()
        if version is None:
            raise NotFoundError(Message("missing.any_snapshot", directory=self.directory.parent))
        manifest, path = self.manifest(version), self.directory / version
        files = [file for file in manifest["files"] if not file.startswith(LEARNING)]
        return Snapshot(path, manifest, _checked_arrays(path, files, manifest["files"]))

    def manifest(self, version: str) -> dict[str, Any]:
        """Read the manifest of a snapshot, without looking at its arrays.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: the manifest cannot be read, or is of another format.
        """
        file = self.directory / version / "manifest.json"
        try:
            manifest = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotFoundError(
                Message("missing.snapshot_in", version=version, directory=self.directory)
            ) from None
        except ValueError as error:
            raise SnapshotError(Message("snapshot.not_json", file=file, cause=error)) from None
        content: dict[str, Any] = manifest if isinstance(manifest, dict) else {}
        if content.get("format") != FORMAT or not isinstance(content.get("files"), dict):
            raise SnapshotError(
                Message("snapshot.format", file=file, found=content.get("format"), known=FORMAT)
            )
        return content

    def prune(self, old: Collection[str], without: Collection[str] = ()) -> None:
        """Delete the versions ``old`` and ``without``, but never the one in service.

        Of ``old``, the one that :meth:`roll_back` would return to is spared too. Incomplete
        directories of killed builds are deleted as well, so no build may be running.

        Raises:
            BusyError: another process has held the lock of the pointer for five seconds.
        """
        with self._pointer_lock():
            current, versions = self.current(), self.versions()
            spared = {current, *self._rollback_versions(set(versions) - set(without))[-1:]}
            doomed = ({*old} - spared) | ({*without} - {current})
            for version in doomed.intersection(versions):
                # Renamed first: if this is interrupted, no half of it may look like a snapshot.
                (self.directory / version).rename(self.directory / f"{_WRITING}{version}")
        for directory in self.directory.glob(f"{_WRITING}*"):
            shutil.rmtree(directory)


def artefact_hash(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a snapshot's content: its arrays, and the hyperparameters chosen for its model.

    On one machine, the same data, configuration, seed and library versions give the same hash, in
    whatever order the rows came.
    """
    content = {name: manifest[name] for name in ("files", "choice", "cold", "kinds", "network")}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _checked_arrays(
    path: Path, files: Iterable[str], expected: Mapping[str, str]
) -> dict[str, Array]:
    """Name → array of the ``files`` (name.npy) below ``path``, mapped; each is as expected.

    Files of the same content are one array.

    Raises:
        SnapshotError: a file is missing, unreadable, or has another SHA-256 than ``expected``.
    """
    mapped: dict[str, Array] = {}
    files = list(files)
    digests = _digests(path, files)
    for file in files:
        digest = digests[file]
        if digest != expected[file]:
            raise SnapshotError(Message("snapshot.altered", file=path / file))
        if digest not in mapped:
            try:
                with HEADER_LOCK:
                    array = np.load(path / file, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise _unreadable(path / file, error) from None
            # A plain view of the same memory: indexing a memmap costs ten times as much.
            mapped[digest] = array.view(np.ndarray)
    return {file.removesuffix(".npy"): mapped[digests[file]] for file in files}


def _digests(path: Path, files: Iterable[str]) -> dict[str, str]:
    """File → its SHA-256, several at a time; of several links to one file it is computed once.

    Raises:
        SnapshotError: one cannot be read.
    """

    def digest(file: str) -> str:
        try:
            return _sha256(path / file)
        except OSError as error:
            raise _unreadable(path / file, error) from None

    first: dict[tuple[int, int], str] = {}
    links = {file: first.setdefault(_place(path / file), file) for file in files}
    # The largest first, so that no thread is left with one at the end.
    largest = sorted(first.values(), key=lambda file: -(path / file).stat().st_size)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_HASHING_THREADS)) as pool:
        by_file = dict(zip(largest, pool.map(digest, largest), strict=True))
    return {file: by_file[link] for file, link in links.items()}


def _place(file: Path) -> tuple[int, int]:
    """Device and inode: where the content of a file is.

    Raises:
        SnapshotError: there is no such file.
    """
    try:
        status = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from None
    return status.st_dev, status.st_ino


def _unreadable(file: Path, cause: Exception) -> SnapshotError:
    return SnapshotError(Message("snapshot.unreadable", file=file, cause=cause))


def _files_of(parent: Snapshot, arrays: Mapping[str, Array]) -> dict[str, tuple[Path, str]]:
    """Name → file and SHA-256, of those ``arrays`` that are the very arrays of ``parent``."""
    own = parent.published
    return {
        name: (parent.path / f"{name}.npy", parent.manifest["files"][f"{name}.npy"])
        for name, array in arrays.items()
        if own.get(name) is array
    }


def _link(source: Path, target: Path) -> None:
    """A hard link to ``source``, or a copy where there can be none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        flush(target)


def _link_alike(work: Path, digests: Mapping[str, str]) -> None:
    """Make the files below ``work`` that have the same SHA-256 links to one of them."""
    first: dict[str, Path] = {}
    for name, digest in digests.items():
        file = work / name
        same = first.setdefault(digest, file)
        if _place(same) != _place(file):
            file.unlink()
            _link(same, file)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
