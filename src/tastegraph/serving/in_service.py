"""What is in service: the snapshot that answers, taken up anew where another is published."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Connection

from tastegraph.config import Config
from tastegraph.errors import TastegraphError
from tastegraph.serving.published import Published
from tastegraph.storage import erasure
from tastegraph.storage.database import Database
from tastegraph.storage.snapshots import Snapshots

_log = logging.getLogger(__name__)


class InService:
    """Safe to ask from many threads; where a new snapshot cannot be read, the old one serves on.

    Raises:
        NotFoundError: nothing has been built yet.
        SnapshotError: the snapshot is incomplete or altered.
    """

    def __init__(self, snapshots: Snapshots, database: Database, config: Config) -> None:
        self._snapshots, self._database, self._config = snapshots, database, config
        self._switch = threading.Lock()
        self._version = snapshots.current()
        self._published = self.open(self._version)

    def __call__(self) -> Published:
        """The snapshot in service."""
        with self._database.reading() as connection:
            return self.seen_by(connection)

    def seen_by(self, connection: Connection) -> Published:
        """The snapshot in service, without what was erased since it was made."""
        version = self._snapshots.current()
        if version != self._version:
            with self._switch:
                if version != self._version:
                    try:
                        self._published = self.open(version)
                    except TastegraphError as error:
                        _log.error("still serving %s: %s", self._published.graph_version, error)
                    self._version = version
        if erasure.items_count(connection) != self._published.erased:
            with self._switch:
                self._published = _without_erased(self._published, connection)
        return self._published

    def before(self, version: str, connection: Connection) -> Published:
        """Any version that is kept, without what was erased since it was made.

        Raises:
            NotFoundError: it is not kept any more.
            SnapshotError: it is incomplete or altered.
        """
        now = self.seen_by(connection)
        found = now if version == now.version else self.open(version)
        return _without_erased(found, connection)

    def open(self, version: str | None) -> Published:
        """Any version, checked.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: it is incomplete or altered.
        """
        return Published.open(self._snapshots.open(version), self._config.relations)


def _without_erased(found: Published, connection: Connection) -> Published:
    erased = erasure.items_count(connection)
    if erased == found.erased:
        return found
    gone = erasure.items_since(connection, found.erased)
    hidden = [row for name, row in found.items.items() if erasure.digest_of(name) in gone]
    return found.without(hidden, erased)
