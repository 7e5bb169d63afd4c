"""One SQLite file: many readers, and one writer at a time, which alone checkpoints.

SQLite before 3.51.3 can corrupt a write-ahead log when two connections write or checkpoint at
the same moment. So whoever writes, or closes a connection that wrote, holds a lock file meanwhile,
and every other connection is opened read-only.

After an erasure, :meth:`Database.scrub` makes sure that nothing of what was deleted can be read in
the file. SQLite overwrites deleted rows (``secure_delete``), but where a page is split or joined,
rows move to another page, and copies of them stay in the page's free space: the unused bytes
between its array of cell pointers and its cells
(https://www.sqlite.org/fileformat.html#b_tree_pages).
"""

from __future__ import annotations

import atexit
import os
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
from tastegraph.store.durable import file_lock

WRITE_PATIENCE = 10.0
"""Seconds to wait by default for another process to finish writing."""
CHECKPOINT_INTERVAL = 0.02
"""Seconds between two attempts to empty the write-ahead log."""
_HEADER_SIZES = {2: 12, 5: 12, 10: 8, 13: 8}
"""First byte of a b-tree page → size of its header; other kinds of pages begin with 0 or 1."""
_PAGES_PER_READ = 1024


class Database:
    """A SQLite file in write-ahead mode.

    Args:
        path: the file; it and its tables are created by the first :meth:`writing`.
        metadata: the tables of the file.
        patience: seconds to wait for another process to finish writing.
    """

    def __init__(self, path: Path, metadata: MetaData, patience: float = WRITE_PATIENCE) -> None:
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
        """A read-only connection that sees one consistent state.

        Raises:
            TastegraphError: the file does not exist yet.
            BusyError: a table of this version is missing and another process is writing.
        """
        if not self.path.exists():
            raise TastegraphError(f"{self.path} does not exist yet: run 'tastegraph import' first")
        if not self._complete:
            self._add_tables()
        with _errors_of(self.path), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The writing connection in one transaction, which is durable at exit, or rolled back.

        Raises:
            BusyError: another process has been writing for longer than ``patience``.
        """
        with self._mutex, _errors_of(self.path), self._alone():
            connection = self._open_writer()
            with connection.begin():
                yield connection

    def scrub(self, text: str = "") -> None:
        """Remove what was deleted from the disk: the write-ahead log is written back and emptied.

        Args:
            text: an erased id. If free space of the file contains it, the file is rewritten.
                A short id may also be part of other ids; then the file is rewritten needlessly.

        Raises:
            BusyError: somebody has been reading for longer than ``patience``; what was deleted
                stays deleted, and the next call empties the log.
        """
        self._empty_log()
        if text and self._in_free_space(text.encode("utf-8", "surrogatepass")):
            self.rewrite()

    def rewrite(self) -> None:
        """Rewrite the whole file (VACUUM), so that it contains nothing of what was deleted.

        Raises:
            BusyError: as for :meth:`scrub`.
        """
        with self._mutex, _errors_of(self.path), self._alone():
            self._open_writer().connection.execute("VACUUM")
        self._empty_log()

    def _in_free_space(self, text: bytes) -> bool:
        with self._mutex, self._alone():
            return in_free_space(self.path, text)

    def _empty_log(self) -> None:
        """An attempt never waits for readers; between two attempts others may write."""
        deadline = time.monotonic() + self._patience
        while not self._try_to_empty_log():
            if time.monotonic() > deadline:
                raise BusyError(Message("busy.log", file=self.path))
            time.sleep(CHECKPOINT_INTERVAL)

    def _try_to_empty_log(self) -> bool:
        with self._mutex, _errors_of(self.path), self._alone():
            cursor = self._open_writer().connection.cursor()
            (waits,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.execute(f"PRAGMA busy_timeout={waits}")
            return not busy

    def close(self) -> None:
        """Close all connections."""
        with self._mutex:
            # Readers first: the last connection to close leaves the log written back and empty.
            self._readers.dispose()
            if self._writer is not None:
                with self._alone():
                    self._writer.close()
                self._writer = None

    def _add_tables(self) -> None:
        """Create the tables and columns that a file of an earlier version lacks."""
        with _errors_of(self.path), self._readers.connect() as connection:
            columns = inspect(connection).get_multi_columns()
        is_complete = all(
            {column.name for column in table.c} <= {column["name"] for column in present}
            for name, table in self._metadata.tables.items()
            for present in [columns.get((None, name), [])]
        )
        if not is_complete:
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
        return file_lock(
            self.path.with_suffix(".lock"),
            Message("busy.database", file=self.path),
            self._patience,
        )


def _close(database: weakref.ref[Database]) -> None:
    """At exit: a connection that the interpreter closes would checkpoint without the lock."""
    if (open_database := database()) is not None:
        open_database.close()


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
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


def in_free_space(path: Path, text: bytes) -> bool:
    """Whether the free space of a database file contains ``text``; nobody may write meanwhile.

    Rows are not searched.
    """
    file = _descriptor(path)
    page_size = int.from_bytes(os.pread(file, 2, 16), "big")
    page_size = 65536 if page_size == 1 else page_size
    start = 0
    while pages := os.pread(file, _PAGES_PER_READ * page_size, start):
        at = pages.find(text)
        while at >= 0:
            page = at // page_size * page_size
            header = page + 100 if start + page == 0 else page
            if pages.find(text, *_free_space(pages, page, header)) >= 0:
                return True
            at = pages.find(text, page + page_size)
        start += len(pages)
    return False


def _free_space(pages: bytes, page: int, header: int) -> tuple[int, int]:
    """Begin and end, in ``pages``, of the free space of one page; equal where it has none.

    Args:
        pages: bytes of consecutive pages.
        page: where the page begins.
        header: where the page's own header begins.
    """
    size = _HEADER_SIZES.get(pages[header])
    if size is None:
        return page, page
    n_cells = int.from_bytes(pages[header + 3 : header + 5], "big")
    first_cell = int.from_bytes(pages[header + 5 : header + 7], "big") or 65536
    return header + size + 2 * n_cells, page + first_cell


_descriptors: dict[tuple[int, int], int] = {}


def _descriptor(path: Path) -> int:
    """A descriptor of the file, which stays open as long as this process lives.

    Closing any descriptor of a file releases all locks that the process has on it
    (https://www.sqlite.org/howtocorrupt.html, section 2.2): another process that closes the
    database would then take itself for the last user, and remove the log while it is in use here.
    """
    status = path.stat()
    key = (status.st_dev, status.st_ino)
    if key not in _descriptors:
        _descriptors[key] = os.open(path, os.O_RDONLY)
    return _descriptors[key]
