"""Group commit: what many ask to be written at the same time goes to disk together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from tastegraph.core.errors import TastegraphError
from tastegraph.store.database import Database

MOST = 256
"""Works that share one transaction."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Task(Generic[_T]):
    work: Callable[[Connection], _T]
    future: Future[_T]

    def run(self, connection: Connection) -> Callable[[], None]:
        """Do the work in a savepoint; what is returned tells its outcome, once that is durable."""
        try:
            with connection.begin_nested():
                result = self.work(connection)
        except Exception as error:
            if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                # The database gave up all of it, as on a full disk: what others wrote is gone too.
                raise
            failure = error
            return lambda: self.future.set_exception(failure)
        return lambda: self.future.set_result(result)


class Committer:
    """One thread that writes to a database; what waits when a transaction begins shares it.

    A transaction costs a flush of the disk, however much it holds. Each work runs in a savepoint:
    one that fails takes nothing of the others with it.

    Args:
        database: what is written to.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks: queue.SimpleQueue[_Task[object] | None] = queue.SimpleQueue()
        self._open = True
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], _T]) -> Future[_T]:
        """Have ``work`` done; its future has the result as soon as that is durable, or its error.

        Raises:
            TastegraphError: the committer was closed.
        """
        future: Future[_T] = Future()
        with self._guard:
            if not self._open:
                raise TastegraphError(f"{self._database.path} was closed: open the workspace anew")
            self._tasks.put(_Task(work, future))  # type: ignore[arg-type]
        return future

    def close(self) -> None:
        """Write what waits, and end."""
        with self._guard:
            if self._open:
                self._open = False
                self._tasks.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._tasks.get()) is not None:
            tasks = [first]
            ended = False
            while len(tasks) < MOST and not ended and not self._tasks.empty():
                following = self._tasks.get()
                ended = following is None
                if following is not None:
                    tasks.append(following)
            self._commit(tasks)
            if ended:
                return

    def _commit(self, tasks: list[_Task[object]]) -> None:
        asked = [task for task in tasks if task.future.set_running_or_notify_cancel()]
        try:
            with self._database.writing() as connection:
                outcomes = [task.run(connection) for task in asked]
        except Exception as error:
            for task in asked:
                task.future.set_exception(error)
            return
        for tell in outcomes:
            tell()
