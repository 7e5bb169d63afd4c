"""What a running service has done by itself: one process at a time, each on its occasion."""

from __future__ import annotations

import logging
import subprocess
import tempfile
import threading
from collections.abc import Sequence

from tastegraph.serving.engine import Engine
from tastegraph.serving.occasions import Occasion

_log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two looks."""


class Schedule:
    """Looks for occasions, and runs the command of the first that is due.

    Args:
        engine: whose log and snapshots are looked at.
        occasions: the most pressing first.
        pause: seconds between two looks.
    """

    def __init__(self, engine: Engine, occasions: Sequence[Occasion], pause: float = PAUSE) -> None:
        self._engine, self._occasions, self._pause = engine, occasions, pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking; a process that was started is ended."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                due = next((one for one in self._occasions if one.due(self._engine)), None)
                if due is not None:
                    due.begun(self._engine)
                    self._do(due.command)
            except Exception:
                _log.exception("what was due could not be done")

    def _do(self, command: Sequence[str]) -> None:
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
            while process.poll() is None:
                if self._ended.wait(0.1):
                    process.terminate()
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace").strip()[-2000:]
        if process.returncode:
            _log.warning("%s ended with %d: %s", command, process.returncode, said)
        else:
            _log.info("%s is done", command)
