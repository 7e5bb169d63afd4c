"""One list with reasons in this process: where its processor time goes.

    python -m benchmarks.growth.one_list WORKSPACE [--lists 100] [--seed 1]

prints as JSON what :func:`measure` gives. On one thread: set OMP_NUM_THREADS=1, as a service does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
from sqlalchemy import text

from tastegraph.explain.verbalizer import Verbalizer
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.listing import make_list
from tastegraph.workspace import Workspace, open_workspace

LISTED, WARM_UP = 10, 20
DIMENSIONS, CANDIDATES = 128, 500
"""Of the yardstick: a product of all items with one vector, and so many best."""


class Stopped:
    """A function that counts the processor time of its calls.

    Attributes:
        seconds: of all calls.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def timing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        @wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds += time.process_time() - start

        return timed


def measure(directory: Path, lists: int = 100, seed: int = 1) -> dict[str, Any]:
    """Milliseconds of processor time of one list for random users, divided.

    ``events`` are read from the store, items ranked, ``reasons`` found and put into ``words``;
    ``product`` is the yardstick on as many items. ``open`` is from the pointer to the first answer.
    """
    start, clock = time.process_time(), time.perf_counter()
    workspace = open_workspace(directory)
    engine = workspace.engine
    users = user_ids(workspace)
    engine.recommend(users[0], LISTED)
    opened = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - start}
    sample = np.random.default_rng(seed).choice(len(users), WARM_UP + lists)
    warm, measured = sample[:WARM_UP], [users[row] for row in sample[WARM_UP:]]
    for row in warm:
        engine.recommend(users[row], LISTED)
    with_reasons, outside, words = _divided(engine, measured)
    plain, _, _ = _divided(engine, measured, reasons=0)
    n_items = workspace.counts()["items"]
    product = _product(n_items)
    snapshot = workspace.snapshots.open()
    memory = psutil.Process().memory_full_info()
    result = {
        "items": n_items,
        "lists": lists,
        "list_ms": with_reasons,
        "events_ms": outside,
        "ranking_ms": plain - outside,
        "reasons_ms": with_reasons - plain - words,
        "words_ms": words,
        "product_ms": product,
        "open_seconds": opened["seconds"],
        "open_cpu_seconds": opened["cpu_seconds"],
        "snapshot_mb": folder_bytes(snapshot.path) / 2**20,
        "rss_mb": memory.rss / 2**20,
        "pss_mb": memory.pss / 2**20,
        "load": os.getloadavg()[0],
    }
    workspace.close()
    return {name: round(value, 3) for name, value in result.items()} | {
        "recall": recall_of(snapshot.manifest),
        "encoding_cpu_seconds": encoding_seconds(snapshot.manifest),
    }


def measured_apart(directory: Path, lists: int = 100, seed: int = 1) -> dict[str, Any]:
    """:func:`measure` in a process of its own, on one thread."""
    command = [sys.executable, "-m", "benchmarks.growth.one_list", str(directory)]
    command += ["--lists", str(lists), "--seed", str(seed)]
    one_thread = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ | one_thread)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def _divided(engine: Engine, users: list[str], **options: Any) -> tuple[float, float, float]:
    """Milliseconds of one list, of what is outside of making it, and of words."""
    making, words = Stopped(), Stopped()
    original, timed_list = make_list, making.timing(make_list)
    with ExitStack() as patches:
        for module in list(sys.modules.values()):
            if getattr(module, "make_list", None) is original:
                patches.enter_context(patch.object(module, "make_list", timed_list))
        timed_reason = words.timing(Verbalizer.reason)
        patches.enter_context(patch.object(Verbalizer, "reason", timed_reason))
        start = time.process_time()
        for user in users:
            engine.recommend(user, LISTED, **options)
        whole = time.process_time() - start
    per_list = 1e3 / len(users)
    return whole * per_list, (whole - making.seconds) * per_list, words.seconds * per_list


def _product(n_items: int, repeats: int = 30) -> float:
    """Milliseconds of the scores of all items by one inner product, and the best of them."""
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((n_items, DIMENSIONS), dtype=np.float32)
    user = rng.standard_normal(DIMENSIONS, dtype=np.float32)
    start = time.process_time()
    for _ in range(repeats):
        scores = vectors @ user
        np.argpartition(scores, max(len(scores) - CANDIDATES, 0))
    return (time.process_time() - start) * 1e3 / repeats


def user_ids(workspace: Workspace) -> list[str]:
    """Ids of all users with an event, in order."""
    with workspace.database.reading() as connection:
        rows = connection.execute(text("SELECT DISTINCT user_id FROM events ORDER BY user_id"))
        return [row[0] for row in rows]


def folder_bytes(folder: Path) -> int:
    """Of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def recall_of(manifest: Mapping[str, Any]) -> float | None:
    """Recall of the two stages as a build measured it; ``None`` where all items are scored."""
    retrieval = manifest.get("retrieval")
    return float(retrieval["recall"]) if retrieval else None


def encoding_seconds(manifest: Mapping[str, Any]) -> float:
    """Processor time of the build's language model; little where texts were encoded before."""
    stage = manifest.get("profile", {}).get("encoding texts", {"processor_seconds": 0.0})
    return round(float(stage["processor_seconds"]), 1)


def main() -> None:
    """Measure one workspace, and print JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--lists", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.workspace, arguments.lists, arguments.seed)))


if __name__ == "__main__":
    main()
