"""``tastegraph serve`` in a process of its own, as a user starts it, and what it uses."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

PATIENCE = 300.0
"""Seconds until a service has to answer: a large snapshot is read from a busy disk."""


@dataclass(frozen=True)
class Service:
    """A service that answers.

    Attributes:
        url: where.
        process: its process.
        back: seconds from its start to its first answer.
    """

    url: str
    process: subprocess.Popen[bytes]
    back: float

    @property
    def port(self) -> int:
        """Where it listens, at loopback."""
        return int(self.url.rpartition(":")[2])

    def processor_seconds(self) -> float:
        """Of all its processes until now."""
        times = [process.cpu_times() for process in self._tree()]
        return float(sum(each.user + each.system for each in times))

    def memory_mb(self) -> dict[str, float]:
        """MiB of all its processes together.

        ``rss`` is resident, where a shared page counts once for each process; ``pss`` shares it
        out, and ``private`` is what no other process has.
        """
        memory = [process.memory_full_info() for process in self._tree()]
        return {
            "rss": sum(each.rss for each in memory) / 2**20,
            "pss": sum(each.pss for each in memory) / 2**20,
            "private": sum(each.uss for each in memory) / 2**20,
        }

    def _tree(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def served(directory: Path, *options: str) -> Iterator[Service]:
    """Serve ``directory`` until the block ends; ``options`` are those of ``tastegraph serve``."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    url, began = f"http://127.0.0.1:{port}", time.perf_counter()
    command = [sys.executable, "-m", "tastegraph", "serve", str(directory), "--port", str(port)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    try:
        while not _answers(url):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise SystemExit("the service did not start")
            time.sleep(0.02)
        yield Service(url, process, time.perf_counter() - began)
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").is_success
    except httpx.TransportError:
        return False
