"""Several processes that answer at one socket: started, watched, replaced and ended together.

They share the arrays of a snapshot, which are mapped from its files, and nothing else: what one
acknowledges the others read from the store with their next answer. The socket is one too, so that
connections that wait are answered by whoever has time, also while a worker is being replaced.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from tastegraph.core.errors import TastegraphError
from tastegraph.serving.engine import Engine
from tastegraph.serving.metrics import SHARED_FOLDER, forget_worker
from tastegraph.serving.process.service import Address, announcement, check_address, run

_log = logging.getLogger("tastegraph.serving")
_SPAWN = multiprocessing.get_context("spawn")
STARTUP_FAILURE = 3
"""Exit status of a worker that could not begin: its successor could not either."""
HUNG_SECONDS = 60.0
"""A worker whose event loop has not moved for so long is replaced."""
RESTART_SECONDS = 1.0
"""A worker is replaced no sooner than so long after it was started."""
_POLL_SECONDS = 0.2
EngineOpener = Callable[[], Engine]
"""Opens the engine in a worker; pickled, so a function of a module with plain arguments."""


def serve_workers(
    open_engine: EngineOpener,
    directory: Path,
    address: Address,
    workers: int,
    host_names: Sequence[str] = (),
    shutdown_seconds: float = 10.0,
) -> None:
    """Answer requests in several processes until interrupted.

    Args:
        open_engine: called in each of them.
        directory: of the workspace.
        address: to listen at.
        workers: number of processes.
        host_names: further names that requests may have in their ``Host``.
        shutdown_seconds: that a worker has to finish its answers.

    Raises:
        TastegraphError: other machines can reach the address and there is no API key, or a worker
            could not begin.
        OSError: somebody else listens there.
    """
    check_address(directory, address)
    shared = tempfile.mkdtemp(prefix="tastegraph-metrics-")
    os.environ[SHARED_FOLDER] = shared
    try:
        sock = address.listen()
        start = Starter(open_engine, sock, tuple(host_names))
        text = announcement(directory, sock, workers)
        Supervisor(start, workers, shutdown_seconds, lambda: print(text, flush=True)).run()
    finally:
        del os.environ[SHARED_FOLDER]
        shutil.rmtree(shared, ignore_errors=True)


class Starter:
    """Starts workers.

    Args:
        open_engine: called in each of them.
        sock: at which they listen.
        host_names: further names that requests may have in their ``Host``.
    """

    def __init__(
        self, open_engine: EngineOpener, sock: socket.socket, host_names: Sequence[str]
    ) -> None:
        self._arguments = (open_engine, sock, host_names)

    def __call__(self) -> Worker:
        """A new process."""
        pulse = _SPAWN.Value("d", 0.0)
        process = _SPAWN.Process(target=_work, args=(*self._arguments, pulse), name="worker")
        process.start()
        return Worker(process, pulse)


class Worker:
    """One process, and when its event loop last moved."""

    def __init__(self, process: SpawnProcess, pulse: Synchronized[float]) -> None:
        self.process, self._pulse, self.started = process, pulse, time.monotonic()

    def answers(self) -> bool:
        """Whether it has begun to answer."""
        return self._pulse.value > 0

    def hangs(self) -> bool:
        """Whether it answered once, and its event loop has stood still for too long."""
        return self.answers() and time.monotonic() - self._pulse.value > HUNG_SECONDS


class Supervisor:
    """Keeps so many workers running until a signal.

    Args:
        start: starts one.
        number: of workers.
        shutdown_seconds: that a worker has to finish its answers.
        on_ready: called once, as soon as all answer.
    """

    def __init__(
        self,
        start: Callable[[], Worker],
        number: int,
        shutdown_seconds: float,
        on_ready: Callable[[], None],
    ) -> None:
        self._start, self._number, self._on_ready = start, number, on_ready
        self._shutdown_seconds, self._n_signals = shutdown_seconds, 0

    def run(self) -> None:
        """Watch the workers; SIGTERM and SIGINT end them, a second signal at once.

        Raises:
            TastegraphError: a worker could not begin.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        workers = [self._start() for _ in range(self._number)]
        try:
            is_ready = False
            while not self._n_signals:
                wait([worker.process.sentinel for worker in workers], _POLL_SECONDS)
                workers = [self._checked(worker) for worker in workers]
                if not is_ready and all(worker.answers() for worker in workers):
                    is_ready = True
                    self._on_ready()
        finally:
            self._end(workers)

    def _on_signal(self, *_: object) -> None:
        self._n_signals += 1

    def _checked(self, worker: Worker) -> Worker:
        """The worker, or its successor."""
        process = worker.process
        if worker.hangs():
            _log.error("worker %s stands still: it is ended", process.pid)
            process.kill()
            process.join()
        if process.is_alive() or self._n_signals:
            return worker
        if process.exitcode == STARTUP_FAILURE:
            raise TastegraphError("a worker could not begin: its error is above")
        if time.monotonic() - worker.started < RESTART_SECONDS:
            return worker
        _log.error("worker %s ended with %s: another is started", process.pid, process.exitcode)
        forget_worker(process.pid)
        return self._start()

    def _end(self, workers: Sequence[Worker]) -> None:
        deadline = time.monotonic() + self._shutdown_seconds + 5
        running = [worker.process for worker in workers]
        for process in running:
            process.terminate()
        while running and self._n_signals < 2 and time.monotonic() < deadline:
            wait([process.sentinel for process in running], _POLL_SECONDS)
            running = [process for process in running if process.is_alive()]
        for process in running:
            process.kill()
            process.join()


def _work(
    open_engine: EngineOpener,
    sock: socket.socket,
    host_names: Sequence[str],
    pulse: Synchronized[float],
) -> None:
    """The main function of a worker."""
    os.setsid()  # An interrupt from the terminal is the supervisor's alone.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        engine = open_engine()
    except (TastegraphError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(STARTUP_FAILURE)

    def beat() -> None:
        pulse.value = time.monotonic()

    run(engine, sock, host_names, on_pulse=beat)


def _end_with_parent() -> None:
    """End this worker as by a signal as soon as its supervisor is gone."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
