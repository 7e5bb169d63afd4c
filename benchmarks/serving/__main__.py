"""Latency of lists with reasons under a steady load, from a client in a process of its own.

    python -m benchmarks serving WORKSPACE --rate 100 --seconds 20

The load is open: requests leave at their scheduled times whether or not earlier ones were
answered, and a latency counts from the scheduled time, so that a stall is not hidden by the
requests that it delayed ("coordinated omission").
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

WARM_UP = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--rate", type=int, default=100, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--explain", default="reasons", choices=["none", "reasons", "paths"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", help="host:port of a service that runs already")
    arguments = parser.parse_args()
    with closing(
        sqlite3.connect(f"file:{arguments.workspace}/tastegraph.db?mode=ro", uri=True)
    ) as db:
        users = sorted(row[0] for row in db.execute("SELECT DISTINCT user_id FROM events"))
    host, port, process = _service(arguments.workspace, arguments.url)
    try:
        result = asyncio.run(_load(host, port, users, arguments))
    finally:
        if process is not None:
            process.terminate()
            process.wait()
    print(json.dumps(result))


def _service(workspace: Path, url: str | None) -> tuple[str, int, subprocess.Popen[bytes] | None]:
    if url:
        host, _, number = url.rpartition(":")
        return host, int(number), None
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    code = (
        "import sys; from pathlib import Path; from tastegraph.workspace import Workspace; "
        "from tastegraph.serving.api.app import serve; "
        "serve(Workspace(Path(sys.argv[1])).engine, port=int(sys.argv[2]))"
    )
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(workspace), str(port)]
    process = subprocess.Popen(command, env=os.environ | one_thread)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return "127.0.0.1", port, process
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the service did not start") from None
            time.sleep(0.1)
    process.kill()
    raise SystemExit("the service did not answer within a minute")


async def _load(
    host: str, port: int, users: list[str], arguments: argparse.Namespace
) -> dict[str, object]:
    rng = random.Random(arguments.seed)
    pool = _Connections(host, port)
    await _run(pool, [_request(rng.choice(users), arguments.explain) for _ in range(20)], 10)
    warm = [
        _request(rng.choice(users), arguments.explain) for _ in range(int(WARM_UP * arguments.rate))
    ]
    await _run(pool, warm, arguments.rate)
    requests = [
        _request(rng.choice(users), arguments.explain)
        for _ in range(int(arguments.seconds * arguments.rate))
    ]
    began = time.perf_counter()
    answers = await _run(pool, requests, arguments.rate)
    took = time.perf_counter() - began
    good = sorted(latency for latency, status in answers if status == 200)
    return {
        "requests": len(answers),
        "errors": len(answers) - len(good),
        "requests_per_second": round(len(answers) / took, 1),
        **{f"p{q}_ms": _quantile(good, q) for q in (50, 95, 99)},
        "max_ms": _quantile(good, 100),
    }


def _request(user: str, explain: str) -> bytes:
    body = json.dumps({"user_id": user, "n": 10, "explain": explain}).encode()
    head = (
        "POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _run(pool: _Connections, requests: list[bytes], rate: int) -> list[tuple[float, int]]:
    """(latency in ms from the scheduled time, status; 0 for a failure) of each request."""
    start = time.perf_counter() + 0.1

    async def one(number: int, request: bytes) -> tuple[float, int]:
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        try:
            status = await asyncio.wait_for(pool.ask(request), 30)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status = 0
        return (time.perf_counter() - due) * 1e3, status

    return await asyncio.gather(*(one(k, request) for k, request in enumerate(requests)))


def _quantile(ordered: list[float], percent: int) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


class _Connections:
    """Kept-alive connections, as many as there are requests at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> int:
        """Send one request, read its whole answer, and return its status."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                break
        else:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(
            int(line.split(":")[1])
            for line in head.split("\r\n")
            if line.startswith("content-length")
        )
        await reader.readexactly(length)
        self._idle.append((reader, writer))
        return int(head.split(" ", 2)[1])


if __name__ == "__main__":
    main()
