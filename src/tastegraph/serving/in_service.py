"""What is in service: the snapshot that answers, taken up anew where another is published."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.serving.published import Published
from tastegraph.serving.watch import Watch
from tastegraph.store import erasure
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot, Snapshots

_log = logging.getLogger(__name__)


PAUSE = 0.1
"""Seconds from one look at what is published to the next, while it is watched."""


class InService:
    """Safe to ask from many threads; where a new snapshot cannot be read, the old one serves on.

    Whoever asks gets what is in service, opened then and there where it is new. While it is
    watched nobody waits for that: they are answered by the one before until the new one is whole.

    Raises:
        NotFoundError: nothing has been built yet.
        SnapshotError: the snapshot is incomplete or altered.
    """

    def __init__(self, snapshots: Snapshots, database: Database, config: Config) -> None:
        self._snapshots, self._database, self._config = snapshots, database, config
        self._opening, self._switch = threading.Lock(), threading.Lock()
        self._watch: Watch | None = None
        self._version = snapshots.current()
        self._published = self._open(self._version)

    def watch(self) -> None:
        """From now on take up in the background what is published."""
        if self._watch is None:
            self._watch = Watch(self._take_up, PAUSE)

    def close(self) -> None:
        """Watch no longer."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()

    def __call__(self) -> Published:
        """The snapshot in service."""
        with self._database.reading() as connection:
            return self.seen_by(connection)

    def seen_by(self, connection: Connection) -> Published:
        """The snapshot in service, without what was erased since it was made."""
        if self._watch is None:
            self._take_up()
        found = self._published
        if erasure.items_count(connection) != found.erased:
            with self._switch:
                found = self._published = _without_erased(self._published, connection)
        return found

    def promote(self, version: str) -> Published:
        """Put ``version`` into service; when this returns, it is what answers.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._opening:
            found = self._open(version)
            self._snapshots.point_to(version)
            return self._serve(found)

    def roll_back(self) -> Published:
        """Put what was in service before into service again; when this returns, it answers.

        Raises:
            NotFoundError: nothing was, or it is not kept any more.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process has been changing what is in service for five seconds.
        """
        with self._opening:
            return self._serve(self._read(self._snapshots.go_back()))

    def before(self, version: str, connection: Connection) -> Published:
        """Any version that is kept, without what was erased since it was made.

        Raises:
            NotFoundError: it is not kept any more.
            SnapshotError: it is incomplete or altered.
        """
        now = self.seen_by(connection)
        found = now if version == now.version else self._open(version)
        return _without_erased(found, connection)

    def _take_up(self) -> None:
        """Open what is published, if it is not what answers already."""
        if self._snapshots.current() == self._version:
            return
        with self._opening:
            version = self._snapshots.current()
            if version == self._version:
                return
            try:
                self._serve(self._open(version))
            except Exception as error:
                told = isinstance(error, TastegraphError)
                serving = self._published.version
                _log.error("still serving %s: %s", serving, error, exc_info=not told)
            self._version = version

    def _serve(self, found: Published) -> Published:
        with self._switch:
            self._published, self._version = found, found.version
        return found

    def _open(self, version: str | None) -> Published:
        return self._read(self._snapshots.open(version))

    def _read(self, snapshot: Snapshot) -> Published:
        return Published.open(snapshot, self._config)


def _without_erased(found: Published, connection: Connection) -> Published:
    erased = erasure.items_count(connection)
    if erased == found.erased:
        return found
    gone = erasure.items_since(connection, found.erased)
    hidden = [row for name, row in found.items.items() if erasure.digest_of(name) in gone]
    return found.without(hidden, erased)
