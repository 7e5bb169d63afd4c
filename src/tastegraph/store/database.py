"""One database file: many readers, and one writer at a time that alone checkpoints.

SQLite before 3.51.3 can corrupt a write-ahead log when two connections write or checkpoint at
the same moment. So whoever writes, or closes a connection that wrote, holds a lock file for as
long as that takes, and every other connection is opened read-only.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from tastegraph.core.errors import BusyError, TastegraphError
from tastegraph.core.messages import Message
from tastegraph.store.leftovers import left_over
from tastegraph.store.locks import held

PATIENCE = 10.0
STEP = 0.02
"""Seconds between two tries to empty the log."""


class Database:
    """A SQLite file in write-ahead mode.

    Args:
        path: the file; it and its tables are made by the first :meth:`writing`.
        metadata: the tables it holds.
        patience: seconds to wait for another process to finish writing.
    """

    def __init__(self, path: Path, metadata: MetaData, patience: float = PATIENCE) -> None:
        self.path = path
        self._metadata = metadata
        self._mutex = threading.RLock()
        self._writer: Connection | None = None
        self._patience = patience
        self._complete = False
        atexit.register(_close, weakref.ref(self))
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
            BusyError: it lacks a table, being of an earlier version, and another process writes.
        """
        if not self.path.exists():
            raise TastegraphError(f"{self.path} holds nothing yet: run 'tastegraph import' first")
        if not self._complete:
            self._add_tables()
        with _told(self.path), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The writing connection in one transaction: all of it is durable at exit, or none.

        Raises:
            BusyError: another process has been writing for longer than ``patience``.
        """
        with self._mutex, _told(self.path), self._alone():
            connection = self._open_writer()
            with connection.begin():
                yield connection

    def scrub(self, gone: str = "") -> None:
        """Leave nothing of what was deleted on disk: the log is written back and emptied.

        Deleted rows are overwritten with zeros where they were; but where a page was divided, a
        copy may be left of rows that moved. Where ``gone`` can be read in such a leftover, all of
        the file is written anew. A short id can stand in what is left of others, too.

        Raises:
            BusyError: somebody has been reading for longer than ``patience``; what was deleted
                stays deleted, and the next call empties the log.
        """
        self._empty_log()
        if gone and self._left(gone.encode("utf-8", "surrogatepass")):
            self.rewrite()

    def rewrite(self) -> None:
        """Write all of the file anew, so that nothing of what was deleted is left in it.

        Raises:
            BusyError: as above.
        """
        with self._mutex, _told(self.path), self._alone():
            self._open_writer().connection.execute("VACUUM")
        self._empty_log()

    def _left(self, gone: bytes) -> bool:
        with self._mutex, self._alone():
            return left_over(self.path, gone)

    def _empty_log(self) -> None:
        """A try never waits for readers, and between two of them others may write."""
        deadline = time.monotonic() + self._patience
        while not self._emptied():
            if time.monotonic() > deadline:
                raise BusyError(Message("busy.log", file=self.path))
            time.sleep(STEP)

    def _emptied(self) -> bool:
        with self._mutex, _told(self.path), self._alone():
            cursor = self._open_writer().connection.cursor()
            (waits,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.execute(f"PRAGMA busy_timeout={waits}")
            return not busy

    def close(self) -> None:
        """Give back the writing connection and all readers."""
        with self._mutex:
            # Readers first: the last connection to close leaves the log written back and empty.
            self._readers.dispose()
            if self._writer is not None:
                with self._alone():
                    self._writer.close()
                self._writer = None

    def _add_tables(self) -> None:
        """An earlier version may have made fewer."""
        with _told(self.path), self._readers.connect() as connection:
            missing = set(self._metadata.tables) - set(inspect(connection).get_table_names())
        if missing:
            with self.writing():
                pass
        self._complete = True

    def _open_writer(self) -> Connection:
        if self._writer is None:
            engine = create_engine(
                URL.create("sqlite", database=str(self.path)),
                poolclass=NullPool,
                connect_args={"check_same_thread": False},
            )
            _on_connect(
                engine,
                ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"),
            )
            writer = engine.connect()
            try:
                with writer.begin():
                    self._metadata.create_all(writer)
            except BaseException:
                writer.close()
                raise
            self._writer = writer
        return self._writer

    def _alone(self) -> AbstractContextManager[None]:
        return held(
            self.path.with_suffix(".lock"),
            Message("busy.database", file=self.path),
            self._patience,
        )


def _close(database: weakref.ref[Database]) -> None:
    """At exit: what is closed unheard would checkpoint without the lock."""
    if (left := database()) is not None:
        left.close()


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
