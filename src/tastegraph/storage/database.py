"""One database file: many readers, one writing connection that alone checkpoints.

SQLite before 3.51.3 can corrupt a write-ahead log when two connections write or checkpoint at
the same moment. So a workspace has one writer, held by a lock file across processes, and every
other connection is opened read-only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from tastegraph.errors import TastegraphError
from tastegraph.storage.locks import hold


class Database:
    """A SQLite file in write-ahead mode.

    Args:
        path: the file; it and its tables are made by the first :meth:`writing`.
        metadata: the tables it holds.
    """

    def __init__(self, path: Path, metadata: MetaData) -> None:
        self.path = path
        self._metadata = metadata
        self._mutex = threading.RLock()
        self._writer: Connection | None = None
        self._lock: int | None = None
        self._readers = create_engine(
            URL.create(
                "sqlite",
                database=f"file:{quote(str(path))}",
                query={"mode": "ro", "uri": "true"},
            ),
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=64,
            connect_args={"check_same_thread": False},
        )
        _on_connect(self._readers, ("query_only=ON", "wal_autocheckpoint=0"))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection, seeing one consistent state.

        Raises:
            TastegraphError: the database has not been made yet.
        """
        if not self.path.exists():
            raise TastegraphError(f"{self.path} holds nothing yet: run 'tastegraph import' first")
        with _told(self.path), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The writing connection in one transaction: all of it is durable at exit, or none.

        Raises:
            BusyError: another process is writing to this database.
        """
        with self._mutex, _told(self.path):
            connection = self._open_writer()
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back the writing connection, its lock and all readers."""
        with self._mutex:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None
        self._readers.dispose()

    def _open_writer(self) -> Connection:
        if self._writer is None:
            self._lock = hold(
                self.path.with_suffix(".lock"),
                f"{self.path} is being written by another process: stop it, or send events to "
                "the running service (POST /v1/events)",
            )
            engine = create_engine(
                URL.create("sqlite", database=str(self.path)),
                poolclass=NullPool,
                connect_args={"check_same_thread": False},
            )
            _on_connect(engine, ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"))
            try:
                self._writer = engine.connect()
                with self._writer.begin():
                    self._metadata.create_all(self._writer)
            except BaseException:
                self.close()
                raise
        return self._writer


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise TastegraphError(f"{path} cannot be used: {error.orig}") from error
    except UnicodeEncodeError as error:
        raise TastegraphError(f"not valid Unicode text: {error.object!r}") from error


def _on_connect(engine: Engine, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def _set(connection: Any, _record: Any) -> None:
        # pysqlite would otherwise begin late and commit around DDL; SQLAlchemy's BEGIN rules.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")
