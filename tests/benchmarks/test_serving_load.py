"""Load on a service: latencies count from the scheduled time; the page says what was measured."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from benchmarks.growth import one_list
from benchmarks.serving import load
from benchmarks.serving.page import page

from tastegraph.workspace import Workspace
from tests.support.serving_world import open_engine

PAUSE = 0.02


@contextmanager
def slow_server(status: int = 200) -> Iterator[int]:
    """A server that answers one request after another, each after a pause; its port."""
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), []

    async def run() -> None:
        turn = asyncio.Lock()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                async with turn:
                    await asyncio.sleep(PAUSE)
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)

        def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(answer(reader, writer))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

        server = await asyncio.start_server(quiet, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await asyncio.Event().wait()

    def forever() -> None:
        task = loop.create_task(run())
        loop.call_soon(lambda: None)
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=forever)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join()
        loop.close()


def measured(port: int, requests: int) -> dict:
    service = SimpleNamespace(port=port, processor_seconds=lambda: 0.0)
    return load.measure(service, ["ann", "bob"], rate=1_000, seconds=requests / 1_000)


@pytest.fixture(autouse=True)
def _no_warm_up(monkeypatch):
    monkeypatch.setattr(load, "WARM_UP", 0.0)


def test_a_request_that_waits_for_others_is_late_since_its_own_time():
    with slow_server() as port:
        row = measured(port, 20)
    assert row["requests"] == 20
    assert row["errors"] == 0
    # The last of twenty left after 19 ms and came back after twenty pauses.
    assert row["max_ms"] >= 20 * PAUSE * 1e3 - 20
    assert row["p50_ms"] >= 10 * PAUSE * 1e3 - 20


def test_answers_of_another_status_and_none_at_all_are_errors(monkeypatch):
    with slow_server(status=503) as port:
        row = measured(port, 3)
    assert (row["errors"], row["p50_ms"]) == (3, None)
    monkeypatch.setattr(load, "LIMIT", PAUSE / 10)
    with slow_server() as port:
        assert measured(port, 3)["errors"] == 3


def test_quantiles_are_those_of_the_sorted_values():
    assert load.quantile([1.0, 2.0, 3.0, 4.0], 50) == 3.0
    assert load.quantile([1.0, 2.0], 100) == 2.0
    assert load.quantile([], 99) is None


def test_the_page_says_what_was_measured():
    one_list = {
        "list_ms": 236.04, "events_ms": 3.1, "ranking_ms": 39.0, "reasons_ms": 190.0,
        "words_ms": 4.0, "product_ms": 3.7, "open_seconds": 12.345, "open_cpu_seconds": 6.5,
        "snapshot_mb": 2101.4, "load": 1.25,
    }  # fmt: skip
    rate = {
        "rate": 25.0, "requests": 375, "errors": 12, "answered_per_second": 4.25, "p50_ms": 1100.4,
        "p95_ms": None, "p99_ms": 9000.0, "cpu_ms": 240.5, "generator_cpu_ms": 0.7, "load": 3.5,
    }  # fmt: skip
    row = {
        "one_list": one_list, "rates": [rate], "niceness": -5,
        "memory_mb": {"rss": 950, "pss": 940, "private": 930},
        "machine": {"cpu": "some cores", "python": "3.11"},
    }  # fmt: skip
    markdown = page({"sizes": {"100000": {"before": row}}})
    for words in (
        "| 100,000 | before | 236.0 | 3.1 | 39.0 | 190.0 | 4.0 | 3.7 | 12.35 | 6.50 | 1.2 |",
        "| 100,000 | before | 25 | 4.2 | 1,100 | – | 9,000 | 12 | 240.5 | 0.7 | – | 3.5 | -5 |",
        "| 100,000 | before | 2,101 | 950 | 940 | 930 |",
        "some cores, Python 3.11.",
    ):
        assert words in markdown, words


@pytest.mark.slow
def test_the_parts_of_one_list_add_up_to_it(tmp_path):
    Workspace.init(tmp_path).close()
    open_engine(tmp_path).close()
    row = one_list.measure(tmp_path, lists=30)
    parts = ("events_ms", "ranking_ms", "reasons_ms", "words_ms")
    assert sum(row[part] for part in parts) == pytest.approx(row["list_ms"], abs=0.01)
    assert 0 < row["events_ms"] < row["list_ms"]
    assert 0 < row["words_ms"] < row["list_ms"]
    assert row["recall"] is None
    assert row["snapshot_mb"] > 0
