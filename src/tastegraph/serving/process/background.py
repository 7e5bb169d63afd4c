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

from tastegraph.store.durable import HeldLock

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
        return self._last_line[0] if self._last_line else ""

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


class WorkerSlot:
    """Runs the commands of some triggers, one process at a time.

    Args:
        engine: whose log and snapshots the triggers look at.
        triggers: the most urgent first.
    """

    def __init__(self, engine: Engine, triggers: Sequence[Trigger]) -> None:
        self._engine, self._triggers = engine, triggers
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

    def _start(self, trigger: Trigger) -> None:
        trigger.on_start(self._engine)
        try:
            self._running = trigger, ChildProcess(trigger.command)
        except OSError as error:
            self._fail(trigger, f"could not be run: {error}")

    def _check(self, trigger: Trigger, process: ChildProcess) -> None:
        code = process.return_code()
        if code is None:
            return
        self._running = None
        if code == 0 or process.seconds() > MAX_RETRY_SECONDS:
            self._retry_seconds = FIRST_RETRY_SECONDS
        if code == 0:
            _log.info("%s is done", trigger.command)
        else:
            self._fail(trigger, f"ended with {code}: {process.last_error_line()}")

    def _fail(self, trigger: Trigger, reason: str) -> None:
        _log.warning("%s %s", trigger.command, reason)
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
        self._pause, self._threads = pause, list[PeriodicThread]()
        groups = [[trigger] for trigger in triggers if trigger.long_running]
        groups.append([trigger for trigger in triggers if not trigger.long_running])
        self._slots = [WorkerSlot(engine, group) for group in groups]

    def start(self) -> None:
        """Begin to poll."""
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
