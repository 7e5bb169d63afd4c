"""How fast events become durable, and how soon lists know them, and items that are new."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.loop.workspace import ITEMS, USERS, most_pleasing, workspace_at
from benchmarks.serving.service import served

SECONDS = 10.0
CLIENTS = 32
BATCH = 1000
LISTS = 500
NEW, LONG, LONGEST = 5, 100, 60.0
"""Items that are sent, length of the lists that are looked at, seconds that are waited."""


def ingest() -> dict[str, Any]:
    """Events a second and milliseconds, one at a time, by many clients, in batches; freshness."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "shop"
        workspace_at(directory).close()
        with served(directory) as service:
            return {
                "single": _load(service.url, 1, 1),
                f"{CLIENTS} clients": _load(service.url, CLIENTS, 1),
                f"batches of {BATCH}": _load(service.url, 1, BATCH),
                "freshness": _freshness(service.url),
                "new item": _new_items(service.url),
            }


def _load(url: str, clients: int, size: int) -> dict[str, float]:
    """Each client sends the next batch as soon as the last is durable."""
    laps: list[list[float]] = [[] for _ in range(clients)]
    rng = np.random.default_rng(0)
    ended = time.perf_counter() + SECONDS

    def send(own: list[float], seed: int) -> None:
        with httpx.Client(base_url=url) as http:
            while (began := time.perf_counter()) < ended:
                rows = [
                    {"user_id": f"new-{seed}-{k % 50}", "item_id": str(k % ITEMS), "type": "view"}
                    for k in rng.integers(0, 10_000, size).tolist()
                ]
                answer = http.post("/v1/events", json={"events": rows}).raise_for_status().json()
                assert answer["accepted"] == size
                own.append(time.perf_counter() - began)

    _all([lambda k=k: send(laps[k], k) for k in range(clients)])  # type: ignore[misc]
    return {"events_per_second": size * sum(map(len, laps)) / SECONDS, **_percentiles(laps)}


def _freshness(url: str) -> dict[str, float]:
    """From sending a like to holding the next list, which must be another one."""
    laps = []
    with httpx.Client(base_url=url) as http:
        for k in range(LISTS):
            who = {"user_id": str(k % USERS), "n": 10}
            first = http.post("/v1/recommendations", json=who).json()["items"][0]["item_id"]
            began = time.perf_counter()
            row = {"user_id": who["user_id"], "item_id": first, "type": "like"}
            http.post("/v1/events", json={"events": [row]}).raise_for_status()
            then = http.post("/v1/recommendations", json=who).json()["items"]
            laps.append(time.perf_counter() - began)
            assert first not in [item["item_id"] for item in then]
    return _percentiles([laps])


def _new_items(url: str) -> dict[str, float]:
    """Seconds from sending an item to the first list that has it: text, graph and snapshot.

    What is stated of each is what is stated of the item that pleases the one who is asked most.
    """
    laps = []
    target = most_pleasing()
    with httpx.Client(base_url=url, timeout=60) as http:
        for k in range(NEW):
            who = {"user_id": str(k), "n": LONG}
            new = {
                "title": f"New {k}",
                "text": "A new item, read by the language model.",
                "attributes": target[str(k)],
            }
            began = time.perf_counter()
            http.put(f"/v1/items/new-{k}", json=new).raise_for_status()
            while f"new-{k}" not in _listed(http, who):
                if time.perf_counter() - began > LONGEST:
                    raise RuntimeError(f"new-{k} is in no list of {who} after {LONGEST:.0f} s")
                time.sleep(0.05)
            laps.append(time.perf_counter() - began)
    return {"median_seconds": float(np.median(laps)), "worst_seconds": max(laps)}


def _listed(http: httpx.Client, who: dict[str, Any]) -> list[str]:
    items = http.post("/v1/recommendations", json=who).raise_for_status().json()["items"]
    return [item["item_id"] for item in items]


def _percentiles(laps: list[list[float]]) -> dict[str, float]:
    every = np.concatenate([np.array(own) for own in laps]) * 1e3
    return {f"p{q}_ms": float(np.percentile(every, q)) for q in (50, 99)} | {"requests": len(every)}


def _all(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
