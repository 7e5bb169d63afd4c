"""Group commit: writes that wait at the same time share one transaction and one disk flush."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from tastegraph.core.errors import TastegraphError
from tastegraph.store.database import Database

MAX_BATCH = 256
"""Largest number of writes in one transaction."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Write(Generic[_T]):
    work: Callable[[Connection], _T]
    future: Future[_T]
    due: float

    def run(self, connection: Connection) -> Callable[[], None]:
        """Do the work in a savepoint. Returns a function that reports its outcome to the future."""
        try:
            with connection.begin_nested():
                result = self.work(connection)
        except Exception as error:
            if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                # The database rolled all writes back, as it does when the disk is full.
                raise
            failure = error
            return lambda: self.future.set_exception(failure)
        return lambda: self.future.set_result(result)


class GroupCommitter:
    """One thread that does all writes to a database, many in one transaction.

    A transaction costs one flush of the disk, however much it holds, and the lock that only one
    process has at a time. Each write runs in a savepoint of its own, so that one that fails does
    not undo the others.

    Args:
        database: the database to write to.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.SimpleQueue[_Write[object] | None] = queue.SimpleQueue()
        self._open = True
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], _T], patience: float = 0.0) -> Future[_T]:
        """Queue a write. Its future gets the result as soon as that is durable, or the error.

        Args:
            work: what is written.
            patience: seconds that it may wait for others to share its transaction.

        Raises:
            TastegraphError: the committer was closed.
        """
        future: Future[_T] = Future()
        with self._guard:
            if not self._open:
                raise TastegraphError(f"{self._database.path} was closed: open the workspace anew")
            self._queue.put(_Write(work, future, time.monotonic() + patience))  # type: ignore[arg-type]
        return future

    def close(self) -> None:
        """Do the writes that are still queued, and end the thread."""
        with self._guard:
            if self._open:
                self._open = False
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            writes, due, ended = [first], first.due, False
            while len(writes) < MAX_BATCH and not ended:
                try:
                    following = self._queue.get(timeout=max(due - time.monotonic(), 0.0))
                except queue.Empty:
                    break
                ended = following is None
                if following is not None:
                    writes.append(following)
                    due = min(due, following.due)
            self._commit(writes)
            if ended:
                return

    def _commit(self, writes: list[_Write[object]]) -> None:
        running = [write for write in writes if write.future.set_running_or_notify_cancel()]
        try:
            with self._database.writing() as connection:
                outcomes = [write.run(connection) for write in running]
        except Exception as error:
            for write in running:
                write.future.set_exception(error)
            return
        for report in outcomes:
            report()
