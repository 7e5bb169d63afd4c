"""The snapshot in service, replaced when another is published; and the list of all versions."""

from __future__ import annotations

import logging
import threading
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.config.experiments import CURRENT, named_snapshots
from tastegraph.core.errors import NotFoundError, SnapshotError, TastegraphError
from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.messages import Message
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.serving.metrics import PUBLISHED, SNAPSHOT
from tastegraph.serving.process.background import PeriodicThread
from tastegraph.serving.snapshot.opening import open_for_service
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store import availability, erasure, revision
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot, Snapshots

_log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
"""Seconds from one look at the published version to the next."""


class SnapshotHolder:
    """Holds the snapshot in service, and those that experiments name; thread-safe.

    Processes share the memory of all of them, and files that two snapshots have in common. Where a
    new snapshot cannot be read, the old one stays. Without :meth:`watch`, a new snapshot
    is opened by the next request. While it is watched, no request waits for that: the old snapshot
    answers until the new one is open.

    Raises:
        NotFoundError: nothing has been built yet, or there is no snapshot that an experiment names.
        SnapshotError: a snapshot is incomplete or altered.
    """

    def __init__(self, snapshots: Snapshots, database: Database, config: Config) -> None:
        self._snapshots, self._database, self._config = snapshots, database, config
        self._opening, self._switching = threading.Lock(), threading.Lock()
        self._watcher: PeriodicThread | None = None
        self._version = snapshots.current()
        self._snapshot = self._open(self._version)
        self._of_experiments = {
            version: self._named(version, place)
            for version, place in named_snapshots(config.experiments).items()
        }
        self._note_version()

    def watch(self) -> None:
        """From now on open in the background what is published."""
        if self._watcher is None:
            self._watcher = PeriodicThread(self._refresh, POLL_SECONDS)

    def close(self) -> None:
        """Stop watching."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()

    def current(self) -> ServingSnapshot:
        """The snapshot in service."""
        with self._database.reading() as connection:
            return self.current_for(connection)

    def current_for(self, connection: Connection) -> ServingSnapshot:
        """The snapshot in service, with the items listable that ``connection`` sees as such."""
        if self._watcher is None:
            self._refresh()
        snapshot = self._snapshot
        if not _is_current(snapshot, connection):
            with self._switching:
                snapshot = self._snapshot = as_of(self._snapshot, connection)
        return snapshot

    def snapshot_for(self, connection: Connection, version: str) -> ServingSnapshot:
        """The snapshot that a variant names, with the items listable that ``connection`` sees.

        Args:
            connection: to the store.
            version: one that an experiment names, or ``current``.
        """
        if version == CURRENT:
            return self.current_for(connection)
        snapshot = self._of_experiments[version]
        if not _is_current(snapshot, connection):
            with self._switching:
                snapshot = as_of(self._of_experiments[version], connection)
                self._of_experiments[version] = snapshot
        return snapshot

    def open_version(self, version: str, connection: Connection) -> ServingSnapshot:
        """Any stored version, with the items listable that ``connection`` sees as such.

        Raises:
            NotFoundError: it is not stored any more.
            SnapshotError: it is incomplete or altered.
        """
        current = self.current_for(connection)
        if version in self._of_experiments:
            return self.snapshot_for(connection, version)
        snapshot = current if version == current.version else self._open(version)
        return as_of(snapshot, connection)

    def promote(self, version: str) -> ServingSnapshot:
        """Put ``version`` into service; when this returns, it answers.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._opening:
            snapshot = self._open(version)
            self._snapshots.point_to(version)
            return self._activate(snapshot)

    def roll_back(self) -> ServingSnapshot:
        """Put the version that was in service before into service again.

        Raises:
            NotFoundError: there was none, or it is not stored any more.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._opening:
            opened: list[ServingSnapshot] = []

            def check(snapshot: Snapshot) -> None:
                opened.append(open_for_service(snapshot, self._config))

            self._snapshots.roll_back(check)
            return self._activate(opened[0])

    def _refresh(self) -> None:
        """Open the published version, if it is not in service already."""
        if self._snapshots.current() == self._version:
            return
        with self._opening:
            version = self._snapshots.current()
            if version == self._version:
                return
            try:
                self._activate(self._open(version))
            except Exception as error:
                is_expected = isinstance(error, TastegraphError)
                serving = self._snapshot.version
                _log.error("still serving %s: %s", serving, error, exc_info=not is_expected)
            self._version = version

    def _activate(self, snapshot: ServingSnapshot) -> ServingSnapshot:
        with self._switching:
            self._snapshot, self._version = snapshot, snapshot.version
        self._note_version()
        return snapshot

    def _note_version(self) -> None:
        version = self._snapshot.version
        SNAPSHOT.set(int(version))
        PUBLISHED.set((self._snapshots.directory / version).stat().st_mtime)

    def _open(self, version: str | None) -> ServingSnapshot:
        return open_for_service(self._snapshots.open(version), self._config)

    def _named(self, version: str, place: str) -> ServingSnapshot:
        """The snapshot that the configuration names at ``place``."""
        if version == self._version:
            return self._snapshot
        versions = self._snapshots.versions()
        if version not in versions:
            raise NotFoundError(
                Message("missing.experiment_snapshot", place=place, version=version,
                        versions=versions)
            )  # fmt: skip
        return self._open(version)


def _is_current(snapshot: ServingSnapshot, connection: Connection) -> bool:
    return (
        erasure.erased_item_count(connection) == snapshot.erased_items
        and revision.availability_change_count(connection) == snapshot.listable.revision
    )


def as_of(snapshot: ServingSnapshot, connection: Connection) -> ServingSnapshot:
    """A snapshot with the items erased, delisted, hidden and dated that the store has as such."""
    if _is_current(snapshot, connection):
        return snapshot
    count = erasure.erased_item_count(connection)
    if count != snapshot.erased_items:
        digests = erasure.erased_items_since(connection, snapshot.erased_items)
        rows = map(snapshot.item_rows.ids.row_of_digest, digests)
        snapshot = snapshot.without_items([row for row in rows if row is not None], count)
    restrictions = availability.restrictions(connection)
    return snapshot.with_restrictions(restrictions, revision.availability_change_count(connection))


class ModelVersion(BaseModel):
    """One snapshot that can be put into service."""

    model_config = ConfigDict(frozen=True)

    version: str
    published: float = Field(description="seconds since 1970-01-01 UTC")
    in_service: bool
    model: str = Field(description="the version that its model was fitted for")
    graph: str = Field(description="the version that its graph was built for")
    valid: float | None = Field(description="NDCG@10 that its settings reached on validation data")
    ratings: str | None = Field(description="how the values of ratings are read")
    gate: dict[str, Any] | None = Field(description="the comparisons made before it was promoted")
    fault: str | None = Field(default=None, description="why it cannot be served")


def model_versions(
    snapshots: Snapshots, language: Language = DEFAULT_LANGUAGE
) -> list[ModelVersion]:
    """All versions, newest first; one whose manifest cannot be read says so in ``language``."""
    current = snapshots.current()
    versions = reversed(snapshots.versions())
    return [_model_version(snapshots, version, current, language) for version in versions]


def _model_version(
    snapshots: Snapshots, version: str, current: str | None, language: Language
) -> ModelVersion:
    published = (snapshots.directory / version).stat().st_mtime
    manifest: dict[str, Any] = {}
    fault = None
    try:
        manifest = snapshots.manifest(version)
    except SnapshotError as error:
        fault = error.text(language)
    return ModelVersion(
        version=version,
        published=published,
        in_service=version == current,
        model=manifest.get("model") or version,
        graph=manifest.get("graph") or version,
        valid=manifest.get("choice", {}).get("valid"),
        ratings=FittedConfig.of(manifest).meaning.scale.in_words() if manifest else None,
        gate=manifest.get("gate"),
        fault=fault,
    )
