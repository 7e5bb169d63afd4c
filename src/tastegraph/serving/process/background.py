"""Background work of a running service: threads that look again and again, and processes."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Connection

from tastegraph.core.errors import BusyError
from tastegraph.store import jobs
from tastegraph.store.durable import HeldLock
from tastegraph.store.jobs import JobState

if TYPE_CHECKING:
    from tastegraph.serving.engine import Engine
    from tastegraph.serving.process.triggers import Trigger

_log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
"""Seconds from one look at the triggers to the next."""
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 2.0, 300.0
"""Seconds after which a failed command runs again; doubled each time, up to the maximum."""


class PeriodicThread:
    """Calls a function in a thread of its own, until it is closed.

    Args:
        action: an error of it is logged, and the next call comes all the same.
        pause: seconds between two calls.
    """

    def __init__(self, action: Callable[[], object], pause: float) -> None:
        self._action, self._pause, self._closed = action, pause, threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; a call that is under way is waited for."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._pause):
            try:
                self._action()
            except Exception:  # A single failure must not end the thread.
                _log.exception("what is watched could not be looked at")


class ChildProcess:
    """A command in a process of its own, and the last line of its standard error.

    Args:
        command: the program and its arguments; it runs at once.

    Raises:
        OSError: there is no such program.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        self._start = time.monotonic()
        self._last_line: deque[str] = deque(maxlen=1)
        # Read all the time: a full pipe would block the process.
        self._reading = threading.Thread(target=self._read, name="stderr", daemon=True)
        self._reading.start()

    def return_code(self) -> int | None:
        """Negative where a signal ended it; ``None`` while it runs."""
        return self._process.poll()

    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._start

    def last_error_line(self) -> str:
        """The last line of its standard error that is not blank; call this once it has ended."""
        self._reading.join(1.0)
        return self.newest_line()

    def newest_line(self) -> str:
        """The line of its standard error that came last until now, and is not blank."""
        return next(iter(tuple(self._last_line)), "")

    def terminate(self) -> None:
        """End it, and wait until it has ended."""
        self._process.terminate()
        self._process.wait()
        self._reading.join(1.0)

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._last_line.extend(line.strip() for line in lines if line.strip())


class BackgroundWork(Protocol):
    """Work beside the answers of a service."""

    def start(self) -> None:
        """Begin."""
        ...

    def close(self) -> None:
        """Stop; what was started has ended when this returns."""
        ...


class JobLog:
    """Notes in the store what a worker slot runs; where somebody else writes, the log says so.

    Args:
        engine: whose store it is.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._job_id: int | None = None
        self._progress = ""

    def start(self, trigger: Trigger) -> None:
        """Note that the command of a trigger is about to run.

        Raises:
            BusyError: of a requested job, which is not started then, or it would run twice.
        """
        self._job_id, self._progress = None, ""
        try:
            with self._engine.database.writing() as connection:
                self._job_id = jobs.start(connection, trigger.kind, trigger.cause)
        except BusyError as error:
            if trigger.cause == "request":
                raise
            _log.warning("a job is not noted: %s", error)

    def note_progress(self, line: str) -> None:
        """Note the newest line of the command."""
        if line != self._progress:
            self._progress = line
            self._write(lambda connection, job_id: jobs.note_progress(connection, job_id, line))

    def end(self, state: JobState, error: str = "") -> None:
        """Note that the command has ended."""
        snapshot = self._engine.snapshots.current()
        self._write(lambda connection, job_id: jobs.end(connection, job_id, state, error, snapshot))
        self._job_id = None

    def _write(self, change: Callable[[Connection, int], None]) -> None:
        if self._job_id is None:
            return
        try:
            with self._engine.database.writing() as connection:
                change(connection, self._job_id)
        except BusyError as error:
            _log.warning("a job is not noted: %s", error)


class WorkerSlot:
    """Runs the commands of some triggers, one process at a time.

    Args:
        engine: whose log and snapshots the triggers look at.
        triggers: the most urgent first.
    """

    def __init__(self, engine: Engine, triggers: Sequence[Trigger]) -> None:
        self._engine, self._triggers, self._jobs = engine, triggers, JobLog(engine)
        self._running: tuple[Trigger, ChildProcess] | None = None
        self._retry_seconds, self._not_before = FIRST_RETRY_SECONDS, 0.0

    def poll(self) -> None:
        """Check the running process; where none runs, start the command of a due trigger."""
        if self._running is not None:
            self._check(*self._running)
        if self._running is None and time.monotonic() >= self._not_before:
            due = next((trigger for trigger in self._triggers if trigger.due(self._engine)), None)
            if due is not None:
                self._start(due)

    def terminate(self) -> None:
        """End the running process."""
        if self._running is not None:
            self._running[1].terminate()
            self._jobs.end("stopped")

    def _start(self, trigger: Trigger) -> None:
        self._jobs.start(trigger)
        trigger.on_start(self._engine)
        try:
            self._running = trigger, ChildProcess(trigger.command)
        except OSError as error:
            self._fail(trigger, f"could not be run: {error}")

    def _check(self, trigger: Trigger, process: ChildProcess) -> None:
        code = process.return_code()
        if code is None:
            self._jobs.note_progress(process.newest_line())
            return
        self._running = None
        if code == 0 or process.seconds() > MAX_RETRY_SECONDS:
            self._retry_seconds = FIRST_RETRY_SECONDS
        if code == 0:
            _log.info("%s is done", trigger.command)
            self._jobs.end("done")
        else:
            self._fail(trigger, f"ended with {code}: {process.last_error_line()}")

    def _fail(self, trigger: Trigger, reason: str) -> None:
        _log.warning("%s %s", trigger.command, reason)
        self._jobs.end("failed", reason)
        if trigger.on_failure():
            self._not_before = time.monotonic() + self._retry_seconds
            self._retry_seconds = min(2 * self._retry_seconds, MAX_RETRY_SECONDS)


class Scheduler:
    """Polls triggers, and runs the command of each that is due.

    The command of a long-running trigger is started once, runs beside the others and ends with the
    service, if not by itself. Of the other commands one runs at a time.

    Args:
        engine: whose log and snapshots the triggers look at.
        triggers: the most urgent first.
        pause: seconds between two polls.
    """

    def __init__(
        self, engine: Engine, triggers: Sequence[Trigger], pause: float = POLL_SECONDS
    ) -> None:
        self._engine, self._pause, self._threads = engine, pause, list[PeriodicThread]()
        groups = [[trigger] for trigger in triggers if trigger.long_running]
        groups.append([trigger for trigger in triggers if not trigger.long_running])
        self._slots = [WorkerSlot(engine, group) for group in groups]

    def start(self) -> None:
        """Begin to poll; jobs that a service was running when it was killed have stopped."""
        try:
            with self._engine.database.writing() as connection:
                jobs.stop_running(connection)
        except BusyError as error:
            _log.warning("jobs of an earlier service are not noted to have stopped: %s", error)
        self._threads = [PeriodicThread(slot.poll, self._pause) for slot in self._slots]

    def close(self) -> None:
        """Stop polling; end all processes that were started."""
        for thread in self._threads:
            thread.close()
        for slot in self._slots:
            slot.terminate()


class ElectedScheduler:
    """Runs a scheduler in that process of several that holds a lock; the next one takes over.

    Args:
        scheduler: does the background work.
        lock_file: the lock.
        pause: seconds from one attempt to the next.
    """

    def __init__(
        self, scheduler: BackgroundWork, lock_file: Path, pause: float = POLL_SECONDS
    ) -> None:
        self._scheduler, self._pause = scheduler, pause
        self._lock, self._attempts = HeldLock(lock_file), list[PeriodicThread]()

    def start(self) -> None:
        """Begin where no other process does; else try again and again."""
        self._attempts = [PeriodicThread(self._try, self._pause)]
        self._try()

    def close(self) -> None:
        """Stop trying, and end the background work that was begun here."""
        for thread in self._attempts:
            thread.close()
        if self._lock.is_held:
            self._scheduler.close()
            self._lock.release()

    def _try(self) -> None:
        if not self._lock.is_held and self._lock.acquire():
            self._scheduler.start()
