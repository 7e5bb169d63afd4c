"""Snapshots: immutable directories of arrays, published whole or not at all.

A snapshot holds ``manifest.json`` with the SHA-256 of every other file, and ``.npy`` arrays that
are memory-mapped, never unpickled. It is written beside the others, flushed to disk, renamed
into place, and only then does the pointer ``CURRENT`` name it. ``SERVED`` has what was in service
before, oldest first, so that there is a way back.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import NotFoundError, SnapshotError
from tastegraph.core.messages import Message
from tastegraph.store.locks import held

FORMAT = 6
REMEMBERED = 100
"""So many changes of what is in service can be taken back, as far as snapshots are kept."""
PATIENCE = 5.0
READING = threading.Lock()
"""Held while the header of an array is read: NumPy parses it as Python, and the parser of CPython
3.11 raises a spurious SystemError now and then where threads parse at once (python/cpython#106905).
"""
_WRITING = ".writing-"
Array = NDArray[Any]


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot: its manifest, and its arrays mapped into memory."""

    path: Path
    manifest: dict[str, Any]
    arrays: dict[str, Array]

    @property
    def version(self) -> str:
        """The name it was published under."""
        return self.path.name

    def strings(self, name: str) -> list[str]:
        """The list of strings that :func:`pack` wrote as ``name``."""
        return unpack(self.arrays[name], self.arrays[f"{name}.ends"])


def pack(name: str, strings: Sequence[str]) -> dict[str, Array]:
    """Strings as two arrays: their UTF-8 bytes (uint8) and where each ends (int64)."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in strings]
    ends = np.cumsum([len(data) for data in encoded], dtype=np.int64)
    return {name: np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}.ends": ends}


def unpack(data: Array, ends: Array) -> list[str]:
    """The inverse of :func:`pack`."""
    raw = data.tobytes()
    bounds = [0, *ends.tolist()]
    return [raw[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(bounds)]


class Snapshots:
    """The snapshots of one workspace, and the pointer to the one in service."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._pointer = directory / "CURRENT"
        self._past = directory / "SERVED"

    def publish(
        self, manifest: Mapping[str, Any], arrays: Mapping[str, Array], *, serve: bool = True
    ) -> str:
        """Write a snapshot and point to it; after a crash it is there whole or not at all.

        Args:
            manifest: what it says of itself.
            arrays: by name.
            serve: whether it is put into service; one that is not can be, later.

        Returns:
            Its version: a number that grows, zero-padded.

        Raises:
            SnapshotError: an array of floats holds NaN or infinity.
        """
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise SnapshotError(Message("snapshot.not_finite", name=name))
        self.directory.mkdir(parents=True, exist_ok=True)
        version = f"{max(map(int, self.versions()), default=0) + 1:06d}"
        work = Path(tempfile.mkdtemp(prefix=_WRITING, dir=self.directory))
        try:
            for name, array in arrays.items():
                np.save(work / f"{name}.npy", array, allow_pickle=False)
            files = sorted(work.iterdir())
            full = {
                **manifest,
                "format": FORMAT,
                "version": version,
                "files": {file.name: _sha256(file) for file in files},
            }
            (work / "manifest.json").write_text(json.dumps(full, indent=1), encoding="utf-8")
            for file in work.iterdir():
                flush(file)
            work.chmod(0o755)
            work.rename(self.directory / version)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        flush(self.directory)
        if serve:
            self.point_to(version)
        return version

    def point_to(self, version: str) -> None:
        """Put ``version`` into service.

        Raises:
            NotFoundError: there is no such version.
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._changing():
            current, past, kept = self.current(), self._served(), self.versions()
            if version not in kept:
                raise NotFoundError(Message("missing.snapshot", version=version, versions=kept))
            if current is not None and current != version:
                # What is gone would crowd out what can still be gone back to.
                past = [one for one in [*past, current] if one in kept]
                self._write(self._past, "\n".join(past[-REMEMBERED:]))
            self._write(self._pointer, version)

    def roll_back(self) -> str:
        """:meth:`go_back`, and return the version."""
        return self.go_back().version

    def go_back(self) -> Snapshot:
        """Put what was in service before into service again, and open it.

        Raises:
            NotFoundError: nothing was, or it is not kept any more.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._changing():
            past = self._back(set(self.versions()))
            if not past:
                raise NotFoundError(Message("missing.earlier_snapshot", directory=self.directory))
            snapshot = self.open(past.pop())
            self._write(self._pointer, snapshot.version)
            self._write(self._past, "\n".join(past))
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

    def _back(self, kept: Collection[str]) -> list[str]:
        """What was in service before, as far as it is ``kept``; the last one is gone back to."""
        current, past = self.current(), self._served()
        while past and (past[-1] == current or past[-1] not in kept):
            past.pop()
        return past

    def _served(self) -> list[str]:
        try:
            return self._past.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def _write(self, file: Path, text: str) -> None:
        """All of it or nothing, on disk when this returns."""
        new = file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        flush(new)
        new.replace(file)
        flush(self.directory)

    def _changing(self) -> AbstractContextManager[None]:
        busy = Message("busy.pointer", directory=self.directory)
        return held(self.directory / "pointer.lock", busy, PATIENCE)

    def open(self, version: str | None = None) -> Snapshot:
        """Check and map a snapshot, by default the one in service.

        Raises:
            NotFoundError: nothing has been published, or not this version.
            SnapshotError: a file is missing, altered, or of another format.
        """
        version = version or self.current()
        if version is None:
            raise NotFoundError(Message("missing.any_snapshot", directory=self.directory.parent))
        manifest, path = self.manifest(version), self.directory / version
        arrays = {}
        for file, digest in manifest["files"].items():
            try:
                if _sha256(path / file) != digest:
                    raise SnapshotError(Message("snapshot.altered", file=path / file))
                with READING:
                    mapped = np.load(path / file, mmap_mode="r", allow_pickle=False)
                # A plain view of the same memory: indexing a memmap costs ten times as much.
                arrays[file.removesuffix(".npy")] = mapped.view(np.ndarray)
            except (OSError, ValueError) as error:
                raise SnapshotError(
                    Message("snapshot.unreadable", file=path / file, cause=error)
                ) from None
        return Snapshot(path, manifest, arrays)

    def manifest(self, version: str) -> dict[str, Any]:
        """What a snapshot says of itself; its arrays are not looked at.

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
        told: dict[str, Any] = manifest if isinstance(manifest, dict) else {}
        if told.get("format") != FORMAT or not isinstance(told.get("files"), dict):
            raise SnapshotError(
                Message("snapshot.format", file=file, found=told.get("format"), known=FORMAT)
            )
        return told

    def prune(self, old: Collection[str], without: Collection[str] = ()) -> None:
        """Delete ``old`` and ``without``, but never the one in service.

        The one that :meth:`roll_back` goes to is never ``old``. What a killed build left
        half-written goes as well, so no build may be under way.

        Raises:
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._changing():
            current, versions = self.current(), self.versions()
            spared = {current, *self._back(set(versions) - set(without))[-1:]}
            gone = ({*old} - spared) | ({*without} - {current})
            for version in gone.intersection(versions):
                # Out of sight first: what is cut off here must not look like a snapshot.
                (self.directory / version).rename(self.directory / f"{_WRITING}{version}")
        for left in self.directory.glob(f"{_WRITING}*"):
            shutil.rmtree(left)


def artefact_hash(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of all that a snapshot holds: its arrays, and what was chosen.

    The same data, configuration, seed and versions of libraries give the same on one machine,
    whatever the order of the rows they came in.
    """
    content = {name: manifest[name] for name in ("files", "choice", "cold", "kinds", "network")}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
