"""``tastegraph serve`` in a process of its own, as a user starts it."""

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

PATIENCE = 60.0


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


@contextmanager
def served(directory: Path) -> Iterator[Service]:
    """Serve ``directory`` until the block ends."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    url, began = f"http://127.0.0.1:{port}", time.perf_counter()
    command = [sys.executable, "-m", "tastegraph", "serve", str(directory), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
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
