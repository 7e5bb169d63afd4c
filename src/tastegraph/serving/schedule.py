"""Retraining by itself: a process of its own, whenever enough has happened."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tastegraph.serving.engine import Engine
from tastegraph.storage import events as log

_log = logging.getLogger(__name__)
PAUSE = 10.0
"""Seconds between two looks at the log."""


def retraining(directory: Path) -> list[str]:
    """The command that retrains a workspace; what it imports never enters the service."""
    return [sys.executable, "-m", "tastegraph", "retrain", str(directory)]


class Schedule:
    """Retrains after every so many new events, one process at a time.

    Where a candidate was refused or the process failed, as many events must come again.

    Args:
        engine: whose log and snapshots are looked at.
        every: new events after which a process is started.
        command: what is run.
        pause: seconds between two looks.
    """

    def __init__(
        self, engine: Engine, every: int, command: Sequence[str], pause: float = PAUSE
    ) -> None:
        self._engine, self._every, self._command = engine, every, list(command)
        self._pause, self._tried = pause, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking; a process that was started is ended."""
        self._ended.set()
        self._thread.join()

    def due(self) -> bool:
        """Whether enough has happened since the model in service was learned and the last try."""
        known = self._known()
        since = max(self._engine.learned_until, self._tried)
        return known - since >= self._every

    def _known(self) -> int:
        with self._engine.database.reading() as connection:
            return log.revision(connection)

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                if self.due():
                    self._retrain()
            except Exception:
                _log.exception("retraining could not be started")

    def _retrain(self) -> None:
        self._tried = self._known()
        process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        while process.poll() is None:
            if self._ended.wait(0.1):
                process.terminate()
        said = (process.stderr.read() if process.stderr is not None else "").strip()
        if process.returncode:
            _log.warning("retraining ended with %d: %s", process.returncode, said[-2000:])
        else:
            _log.info("retrained")
