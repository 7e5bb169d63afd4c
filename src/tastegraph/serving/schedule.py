"""What a running service has done by itself, in processes of its own, each on its occasion."""

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
    """Looks for occasions, and runs the command of the first that is due, one at a time.

    A process that stays is started once and ends with the service, if not by itself.

    Args:
        engine: whose log and snapshots are looked at.
        occasions: the most pressing first.
        pause: seconds between two looks.
    """

    def __init__(self, engine: Engine, occasions: Sequence[Occasion], pause: float = PAUSE) -> None:
        self._engine, self._occasions, self._pause = engine, occasions, pause
        self._ended = threading.Event()
        self._staying: dict[int, subprocess.Popen[bytes]] = {}
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking; processes that were started are ended."""
        self._ended.set()
        self._thread.join()
        for process in self._staying.values():
            process.terminate()
            process.wait()

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                due = next((one for one in self._occasions if self._is_due(one)), None)
                if due is not None:
                    due.begun(self._engine)
                    (self._start if due.stays else self._do)(due)
            except Exception:
                _log.exception("what was due could not be done")

    def _is_due(self, occasion: Occasion) -> bool:
        process = self._staying.get(id(occasion))
        return (process is None or process.poll() is not None) and occasion.due(self._engine)

    def _start(self, occasion: Occasion) -> None:
        self._staying[id(occasion)] = subprocess.Popen(
            occasion.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _do(self, occasion: Occasion) -> None:
        command = occasion.command
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
