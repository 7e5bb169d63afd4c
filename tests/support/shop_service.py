"""The service of a small workspace, started by the command, as a user does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tastegraph.workspace import Workspace
from tests.support import serving_world

START_SECONDS = 120.0


def make_shop(directory: Path, settings: dict[str, Any] | None = None) -> Path:
    """A workspace with the small world of :mod:`tests.support.serving_world`."""
    Workspace.init(directory, settings)
    serving_world.open_engine(directory).close()
    return directory


class ShopService:
    """A running ``tastegraph serve``; ended by :meth:`end`, or killed where the block is left.

    Args:
        directory: of the workspace.
        arguments: further arguments of the command.
    """

    def __init__(self, directory: Path, *arguments: str) -> None:
        self._log = directory / "service.log"
        command = [sys.executable, "-m", "tastegraph", "serve", str(directory), *arguments]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self) -> ShopService:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in [self.process.pid, *self.workers()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def output(self) -> str:
        """All that it has printed so far."""
        return self._log.read_text(encoding="utf-8")

    def await_url(self) -> str:
        """The address that it prints as soon as all workers answer."""
        self.wait_for(lambda: "listening at" in self.output())
        match = re.search(r"http://[^ ]+", self.output())
        assert match is not None, self.output()
        return match[0]

    def workers(self) -> Sequence[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            pids = [int(pid) for pid in children.read_text().split()]
        except OSError:
            return []
        return [pid for pid in pids if b"spawn_main" in _command_line(pid)]

    def wait_for(self, is_true: Any, seconds: float = START_SECONDS) -> None:
        """Return as soon as ``is_true()``."""
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, self.output()
            assert self.process.poll() is None or is_true(), self.output()
            time.sleep(0.05)

    def end(self, *signals: signal.Signals) -> int:
        """Send signals one after another, and wait for the exit status."""
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.3)
        return self.process.wait(START_SECONDS)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
