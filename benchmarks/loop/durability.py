"""Kills while events come in, models are retrained and published, and the log is compacted.

A client notes in a ledger of its own, flushed to disk, every event that was acknowledged. After
each SIGKILL the service is started again: each event of the ledger must be there exactly once, no
batch by half, and what is in service must be whole.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.loop.workspace import ITEMS, workspace_at
from benchmarks.serving.service import served
from tastegraph.core.errors import TastegraphError
from tastegraph.serving.process.triggers import workspace_command
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tastegraph.store.snapshots import Snapshots

KILLS = {"ingest": 80, "retrain": 40, "publish": 40, "compaction": 40}


@dataclass
class Ledger:
    """What a client sent, and on its own disk what it was told is durable."""

    file: Path
    sent: list[list[str]] = field(default_factory=list)

    def acknowledged(self) -> list[str]:
        """Ids of all events that were."""
        return self.file.read_text().split() if self.file.exists() else []

    def post_until_gone(self, url: str, name: str) -> None:
        """Send batches until the service does not answer any more."""
        rng = random.Random(name)
        with self.file.open("a") as ledger, httpx.Client(base_url=url) as http:
            try:
                while True:
                    batch = [f"{name}-{len(self.sent)}-{k}" for k in range(rng.randint(1, 8))]
                    self.sent.append(batch)
                    rows = [
                        {"event_id": key, "user_id": f"u{rng.randrange(50)}", "type": "like",
                         "item_id": str(rng.randrange(ITEMS))}
                        for key in batch
                    ]  # fmt: skip
                    http.post("/v1/events", json={"events": rows}).raise_for_status()
                    ledger.write("".join(f"{key}\n" for key in batch))
                    ledger.flush()
                    os.fsync(ledger.fileno())
            except httpx.TransportError:
                return


def durability(seed: int = 1, kills: dict[str, int] | None = None) -> dict[str, Any]:
    """So many kills of each kind: what was lost, and how soon the service was back."""
    kills, rng, back = kills or KILLS, random.Random(seed), []
    lost = twice = halves = broken = 0
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "shop"
        workspace_at(directory).close()
        ledger = Ledger(Path(folder) / "ledger")
        order = [what for what, count in kills.items() for _ in range(count)]
        rng.shuffle(order)
        for number, what in enumerate(order):
            with served(directory) as service:
                back.append(service.back)
                poster = threading.Thread(
                    target=ledger.post_until_gone, args=(service.url, f"{number}")
                )
                poster.start()
                _disturb(what, directory, service.url, service.process, rng)
                poster.join()
            lost_now, twice_now, halves_now = _compared(ledger, directory)
            lost, twice, halves = lost + lost_now, twice + twice_now, halves + halves_now
            broken += _broken(directory)
        acknowledged = len(ledger.acknowledged())
    back.sort()
    return {
        "kills": kills, "acknowledged": acknowledged, "lost": lost, "twice": twice,
        "half_batches": halves, "half_models": broken,
        "back_seconds": {"median": back[len(back) // 2], "worst": back[-1]},
    }  # fmt: skip


def _disturb(
    what: str, directory: Path, url: str, service: subprocess.Popen[bytes], rng: random.Random
) -> None:
    """Let the service, and what works beside it, run for a moment, and kill both."""
    beside: subprocess.Popen[bytes] | None = None
    moment = rng.uniform(0.05, 0.5)
    if what == "retrain":
        beside = subprocess.Popen(
            workspace_command(directory, "retrain"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        moment = rng.uniform(0.5, 12.0)
    elif what == "publish":
        beside = subprocess.Popen([sys.executable, "-c", _PUBLISHING, str(directory / "snapshots")])
        moment = rng.uniform(0.2, 1.5)
    eraser = threading.Thread(target=_erase_until_gone, args=(url,))
    if what == "compaction":
        eraser.start()
    time.sleep(moment)
    if beside is not None:
        beside.kill()
        beside.wait()
    service.kill()
    service.wait()
    if eraser.ident is not None:
        eraser.join()


_PUBLISHING = """
import sys
from pathlib import Path
from tastegraph.store.snapshots import Snapshots
snapshots = Snapshots(Path(sys.argv[1]))
while True:
    first = snapshots.open(snapshots.versions()[0])
    told = {k: v for k, v in first.manifest.items() if k not in ("format", "version", "files")}
    snapshots.publish(told, first.arrays, serve=False)
    snapshots.point_to(snapshots.versions()[-1])
    snapshots.publish(told, first.arrays)
    snapshots.roll_back()
    snapshots.prune(snapshots.versions()[:-4])
"""


def _erase_until_gone(url: str) -> None:
    """Events of somebody come and are erased, and the write-ahead log is emptied each time."""
    with httpx.Client(base_url=url) as http:
        try:
            while True:
                row = {"user_id": "passer-by", "item_id": "1"}
                http.post("/v1/events", json={"events": [row] * 5})
                http.delete("/v1/users/passer-by")
        except httpx.TransportError:
            return


def _compared(ledger: Ledger, directory: Path) -> tuple[int, int, int]:
    """Acknowledged events that are not there, events that are there twice, halves of batches."""
    database = Database(directory / "tastegraph.db", metadata)
    with database.reading() as connection:
        counts = Counter(event.event_id for event in log.grouped_by_user(connection))
    database.close()
    lost = sum(counts[key] != 1 for key in ledger.acknowledged())
    halves = sum(len({counts[key] for key in batch}) > 1 for batch in ledger.sent)
    return lost, sum(count > 1 for count in counts.values()), halves


def _broken(directory: Path) -> int:
    """How many of the snapshots that have a name are not whole; what has none is cleared away."""
    snapshots, broken = Snapshots(directory / "snapshots"), 0
    for version in (None, *snapshots.versions()):
        try:
            snapshots.open(version)
        except TastegraphError:
            broken += 1
    for left in snapshots.directory.glob(".writing-*"):
        shutil.rmtree(left)
    return broken
