"""A command in a process of its own, and the last that it said."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence


class Process:
    """Runs as soon as it is made.

    Args:
        command: the program and its arguments.

    Raises:
        OSError: there is no such program.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        self._began = time.monotonic()
        self._said: deque[str] = deque(maxlen=1)
        # Read all the time: a full pipe would hold up who writes.
        self._reading = threading.Thread(target=self._read, name="stderr", daemon=True)
        self._reading.start()

    def ended(self) -> int | None:
        """Its return code, negative where a signal ended it; ``None`` while it runs."""
        return self._process.poll()

    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def said(self) -> str:
        """The last line of its standard error that is not blank; asked once it has ended."""
        self._reading.join(1.0)
        return self._said[0] if self._said else ""

    def end(self) -> None:
        """Have it end, and wait until it has."""
        self._process.terminate()
        self._process.wait()
        self._reading.join(1.0)

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._said.extend(line.strip() for line in lines if line.strip())
