"""Promises 1 and 2 with two workers: what one acknowledges is there once, and all see it."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.durable import file_lock
from tastegraph.store.schema import metadata
from tests.support.promises import SCALE
from tests.support.shop_service import ShopService, make_shop

pytestmark = pytest.mark.slow
KILLS, CLIENTS = 5 * SCALE, 4


class Sender(threading.Thread):
    """Sends batches, each again and again until it is acknowledged."""

    def __init__(self, url: str, number: int, ended: threading.Event) -> None:
        super().__init__()
        self._url, self._number, self._ended = url, number, ended
        self.acknowledged: list[str] = []
        self.n_repeats = 0

    def run(self) -> None:
        while not self._ended.is_set():
            batch = [f"{self._number}-{len(self.acknowledged)}-{k}" for k in range(3)]
            row = {"user_id": f"u{self._number}", "item_id": "space-0"}
            body = {"events": [{**row, "event_id": event_id} for event_id in batch]}
            while not self._send(body):
                self.n_repeats += 1
            self.acknowledged += batch

    def _send(self, body: object) -> bool:
        try:
            answer = httpx.post(f"{self._url}/v1/events", json=body, timeout=30)
        except httpx.TransportError:
            return False
        assert answer.status_code == 200, answer.text
        receipt = answer.json()
        assert receipt["accepted"] + receipt["duplicates"] == 3
        assert receipt["accepted"] in (0, 3), "half a batch was stored"
        return True


def test_nothing_acknowledged_is_lost_or_counts_twice_when_workers_are_killed(
    tmp_path: Path, count_cases
) -> None:
    rng = random.Random(5)
    shop = make_shop(tmp_path / "shop")
    with ShopService(shop, "--port", "0", "--workers", "2") as service:
        url, ended = service.await_url(), threading.Event()
        senders = [Sender(url, number, ended) for number in range(CLIENTS)]
        for sender in senders:
            sender.start()
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.2, 0.6))
            service.wait_for(lambda: len(service.workers()) == 2)
            os.kill(rng.choice(service.workers()), signal.SIGKILL)
        service.wait_for(lambda: service.output().count("another is started") == KILLS)
        ended.set()
        for sender in senders:
            sender.join(60)
            assert not sender.is_alive()
        assert service.end(signal.SIGTERM) == 0
    database = Database(shop / "tastegraph.db", metadata)
    with database.reading() as connection:
        counts = Counter(event.event_id for event in log.grouped_by_user(connection))
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
    for sender in senders:
        assert sender.acknowledged
        assert all(counts[event_id] == 1 for event_id in sender.acknowledged)
    assert max(counts.values()) == 1
    count_cases("kills of workers", KILLS)
    count_cases("acknowledged events", sum(len(sender.acknowledged) for sender in senders))


def test_what_one_worker_acknowledges_every_worker_knows_at_once(tmp_path: Path) -> None:
    """Each request has a connection of its own, so that any worker may have it."""
    shop = make_shop(tmp_path / "shop")
    with ShopService(shop, "--port", "0", "--workers", "2") as service:
        url = service.await_url()
        for k in range(30):
            row = {"user_id": f"new-{k}", "item_id": "space-0", "type": "like"}
            httpx.post(f"{url}/v1/events", json={"events": [row]}).raise_for_status()
            body = {"user_id": f"new-{k}", "n": 3}
            answer = httpx.post(f"{url}/v1/recommendations", json=body).json()
            assert answer["personal"], k
            listed = [item["item_id"] for item in answer["items"]]
            assert all(item.startswith("space-") and item != "space-0" for item in listed), k
        scraped = httpx.get(f"{url}/metrics").text
        assert 'tastegraph_events_total{outcome="accepted"} 30.0' in scraped
        assert 'tastegraph_lists_total{personal="yes"} 30.0' in scraped


def test_writers_take_turns(tmp_path: Path) -> None:
    """One that asks again and again does not keep the lock from another."""
    lock, waits = tmp_path / "lock", list[float]()
    ended = threading.Event()

    def hog() -> None:
        while not ended.is_set():
            with file_lock(lock, "busy", 30):  # type: ignore[arg-type]
                time.sleep(0.005)

    hogs = [threading.Thread(target=hog) for _ in range(2)]
    for thread in hogs:
        thread.start()
    for _ in range(20):
        start = time.monotonic()
        with file_lock(lock, "busy", 30):  # type: ignore[arg-type]
            waits.append(time.monotonic() - start)
    ended.set()
    for thread in hogs:
        thread.join()
    assert sorted(waits)[len(waits) // 2] < 1.0
