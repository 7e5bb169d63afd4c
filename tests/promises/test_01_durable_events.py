"""Promise 1: a 200 on events survives ``kill -9``; real processes, killed at seeded moments."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tests.support import serving_world
from tests.support.promises import SCALE

pytestmark = pytest.mark.slow

KILLS = 10 * SCALE


class Client:
    """Posts batches until the service is gone, and stores which ones it acknowledged."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.acknowledged: list[list[str]] = []
        self.has_answer = threading.Event()

    def post_until_gone(self, url: str, seed: int) -> None:
        rng = random.Random(seed)
        with httpx.Client(base_url=url) as http:
            try:
                while True:
                    batch = [f"{seed}-{len(self.sent)}-{k}" for k in range(rng.randint(1, 8))]
                    self.sent.append(batch)
                    row = {"user_id": f"u{seed}", "item_id": "space-0"}
                    rows = [{**row, "event_id": event_id} for event_id in batch]
                    answer = http.post("/v1/events", json={"events": rows})
                    assert answer.json() == {
                        "accepted": len(batch), "duplicates": 0, "rejected": []
                    }  # fmt: skip
                    self.acknowledged.append(batch)
                    self.has_answer.set()
            except httpx.TransportError:
                return


def event_ids(directory: Path) -> Counter[str]:
    database = Database(directory / "tastegraph.db", metadata)
    with database.reading() as connection:
        counts = Counter(event.event_id for event in log.grouped_by_user(connection))
    database.close()
    return counts


def test_acknowledged_events_are_there_exactly_once_after_kills(
    tmp_path: Path, count_cases
) -> None:
    rng = random.Random(7)
    clients: list[Client] = []
    serving_world.open_engine(tmp_path)
    for kill in range(KILLS):
        client = Client()
        clients.append(client)
        with serving_world.served(tmp_path) as (url, process):
            poster = threading.Thread(target=client.post_until_gone, args=(url, kill))
            poster.start()
            assert client.has_answer.wait(timeout=30)
            time.sleep(rng.uniform(0.0, 0.3))
            process.kill()
            process.join()
            poster.join(timeout=30)
            assert not poster.is_alive()
        counts = event_ids(tmp_path)
        for earlier in clients:
            assert all(
                counts[event_id] == 1 for batch in earlier.acknowledged for event_id in batch
            )
            for batch in earlier.sent:
                assert len({counts[event_id] for event_id in batch}) == 1, "half a batch was kept"
        assert max(counts.values()) == 1
    n_acknowledged = sum(len(batch) for client in clients for batch in client.acknowledged)
    assert n_acknowledged >= KILLS
    count_cases("kills", KILLS)
    count_cases("acknowledged events", n_acknowledged)


def test_batch_sent_again_after_a_kill_counts_once(tmp_path: Path) -> None:
    rows = [{"event_id": f"r{k}", "user_id": "u", "item_id": "space-0"} for k in range(50)]
    body = {"events": rows}
    with serving_world.served(tmp_path) as (url, process):
        assert httpx.post(f"{url}/v1/events", json=body).json()["accepted"] == 50
        process.kill()
        process.join()
    with serving_world.served(tmp_path) as (url, _):
        assert httpx.post(f"{url}/v1/events", json=body).json()["duplicates"] == 50
        answer = httpx.post(f"{url}/v1/recommendations", json={"user_id": "u"}).json()
        assert "space-0" not in [item["item_id"] for item in answer["items"]]


def test_acknowledged_events_survive_kills_while_the_log_is_truncated(tmp_path: Path) -> None:
    """Users are erased, and the write-ahead log truncated, while others' events come in."""
    rng = random.Random(13)
    serving_world.open_engine(tmp_path).close()
    acknowledged: list[str] = []
    for kill in range(KILLS // 2):
        with serving_world.served(tmp_path) as (url, process):
            client = Client()
            poster = threading.Thread(target=client.post_until_gone, args=(url, kill))
            eraser = threading.Thread(target=erase_until_gone, args=(url,))
            poster.start()
            eraser.start()
            time.sleep(rng.uniform(0.05, 0.3))
            process.kill()
            process.join()
            poster.join(timeout=30)
            eraser.join(timeout=30)
        acknowledged += [event_id for batch in client.acknowledged for event_id in batch]
        counts = event_ids(tmp_path)
        assert all(counts[event_id] == 1 for event_id in acknowledged)


def erase_until_gone(url: str) -> None:
    """Record events of somebody and erase them, again and again."""
    row = {"user_id": "passer-by", "item_id": "space-0"}
    with httpx.Client(base_url=url) as http:
        try:
            while True:
                http.post("/v1/events", json={"events": [row] * 5})
                http.delete("/v1/users/passer-by")
        except httpx.TransportError:
            return
