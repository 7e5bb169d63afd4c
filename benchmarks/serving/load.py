"""An open load on a running service: requests leave at their scheduled times.

They do whether or not earlier ones were answered, and a latency counts from the scheduled time, so
that a stall is not hidden by the requests that it delayed ("coordinated omission").
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.serving.service import Service

WARM_UP = 2.0
"""Seconds of the same load before what is measured."""
LIMIT = 30.0
"""Seconds after which a request without an answer is an error."""
LISTED = 10


def measure(
    service: Service,
    users: Sequence[str],
    rate: float,
    seconds: float,
    seed: int = 1,
    filtered: float = 0.0,
) -> dict[str, Any]:
    """Latencies, errors and processor time of lists with reasons for random users.

    Args:
        service: that answers.
        users: ids.
        rate: requests a second.
        seconds: how long.
        seed: of users and filters.
        filtered: share of the requests that have a filter, each one of many.

    Returns:
        ``p50_ms`` and others of the requests that were answered, ``errors`` of all others,
        ``cpu_ms`` of the service for each request, ``generator_cpu_ms`` of this process, and the
        ``load`` of the machine: processes that ran or waited, mean over a minute. Where some have
        filters, ``plain_p50_ms`` and ``filtered_p50_ms`` of the two kinds.
    """
    rng = random.Random(seed)
    pool = _Connections("127.0.0.1", service.port)

    def drawn(duration: float) -> tuple[list[bytes], list[bool]]:
        has_filter = [rng.random() < filtered for _ in range(max(int(duration * rate), 1))]
        filters = [_filter(rng) if each else None for each in has_filter]
        return [_request(rng.choice(users), each) for each in filters], has_filter

    warm, (requests, has_filter) = drawn(WARM_UP)[0], drawn(seconds)
    asyncio.run(_run(pool, warm, rate))
    before, began, own = service.processor_seconds(), time.perf_counter(), time.process_time()
    answers = asyncio.run(_run(pool, requests, rate))
    took = time.perf_counter() - began
    used = service.processor_seconds() - before, time.process_time() - own
    good = sorted(latency for latency, status in answers if status == 200)
    by_kind = {
        f"{kind}_p50_ms": quantile(
            sorted(
                latency
                for (latency, status), has in zip(answers, has_filter, strict=True)
                if status == 200 and has == (kind == "filtered")
            ),
            50,
        )
        for kind in (("plain", "filtered") if filtered else ())
    }
    return {
        "rate": rate,
        "requests": len(answers),
        "errors": len(answers) - len(good),
        "answered_per_second": round(len(good) / took, 1),
        **{f"p{percent}_ms": quantile(good, percent) for percent in (50, 95, 99)},
        "max_ms": quantile(good, 100),
        **by_kind,
        "cpu_ms": round(used[0] * 1e3 / len(answers), 2),
        "generator_cpu_ms": round(used[1] * 1e3 / len(answers), 2),
        "load": round(os.getloadavg()[0], 1),
    }


def quantile(ordered: Sequence[float], percent: int) -> float | None:
    """Of sorted values; ``None`` of none."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)


def _filter(rng: random.Random) -> str:
    """One of some thousand filters over attributes and facts of the shop."""
    price, brand = rng.randint(10, 80), f"brand/{rng.randint(0, 200)}"
    return rng.choice(
        [
            f"price < {price} and in_stock",
            f'price < {price} and not brand = "{brand}"',
            f'in_stock and category in ["category/{rng.randint(0, 9)}", "category/1"]',
        ]
    )


def _request(user: str, filter_text: str | None) -> bytes:
    content = {"user_id": user, "n": LISTED, "explain": "reasons"}
    if filter_text is not None:
        content["filter"] = filter_text
    body = json.dumps(content).encode()
    head = (
        "POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _run(
    pool: _Connections, requests: Sequence[bytes], rate: float
) -> list[tuple[float, int]]:
    """(latency in ms from the scheduled time, status; 0 for a failure) of each request."""
    start = time.perf_counter() + 0.1

    async def one(number: int, request: bytes) -> tuple[float, int]:
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        try:
            status = await asyncio.wait_for(pool.answer(request), LIMIT)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            status = 0
        return (time.perf_counter() - due) * 1e3, status

    answers = await asyncio.gather(*(one(k, request) for k, request in enumerate(requests)))
    pool.close()
    return answers


class _Connections:
    """Kept-alive connections, as many as there are requests at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def answer(self, request: bytes) -> int:
        """Send one request, read its whole answer, and return its status."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                break
        else:
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = next(
                int(line.split(":")[1])
                for line in head.split("\r\n")
                if line.startswith("content-length")
            )
            await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop()[1].close()
