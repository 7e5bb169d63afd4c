"""From files to a published snapshot, by the command line: seconds and memory of each command.

    python -m benchmarks.growth.snapshot [EVENTS] [--seed 1] [--threads 2]

The files hold a world of the shape that all sizes share (:mod:`benchmarks.growth.world`): events
with times, items without titles or texts, and facts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.growth.table import SNAPSHOT_RESULTS, read_results, write_document
from benchmarks.growth.world import World
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine


def write_files(world: World, folder: Path, seed: int) -> dict[str, int]:
    """Write events in the order of time, items and facts as CSV; return how many of each."""
    events, graph = world.events, world.item_features.graph
    ties = np.random.default_rng(seed).random(len(events))
    order = np.lexsort((ties, events.times))
    names = pl.Series(events.user_ids), pl.Series(graph.item_ids)
    users, items = (
        name.gather(pl.Series(rows[order].astype(np.uint32)))
        for name, rows in zip(names, (events.users, events.items), strict=True)
    )
    times = events.times[order].astype(np.int64)
    table = pl.DataFrame({"user_id": users, "item_id": items, "timestamp": times})
    table.write_csv(folder / "events.csv")
    blank = pl.Series([""]).new_from_index(0, len(graph.item_ids))
    pl.DataFrame({"item_id": graph.item_ids, "title": blank}).write_csv(folder / "items.csv")
    nodes = pl.Series([*(f"item:{name}" for name in graph.item_ids), *graph.node_ids])
    pl.DataFrame(
        {
            "head": nodes.gather(pl.Series(graph.heads.astype(np.uint32))),
            "relation": pl.Series(graph.relations).gather(
                pl.Series(graph.relation.astype(np.uint32))
            ),
            "tail": nodes.gather(pl.Series(graph.tails.astype(np.uint32))),
        }
    ).write_csv(folder / "facts.csv")
    return {"events": len(events), "users": events.n_users, "items": len(graph.item_ids),
            "facts": len(graph.heads)}  # fmt: skip


def run(arguments: list[str], threads: int) -> dict[str, Any]:
    """Run one command of the command line in a process of its own, and measure it."""
    start = time.perf_counter()
    threads_of = {"OMP_NUM_THREADS": str(threads), "POLARS_MAX_THREADS": str(threads)}
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "tastegraph", *arguments],
        os.environ | threads_of | {"OMP_WAIT_POLICY": "PASSIVE"},
    )
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(arguments)} failed")
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss // 1024,
    }


def main() -> None:
    """Measure one size, and write what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("events", nargs="?", type=float, default=30_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    size = int(arguments.events)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        counts = write_files(World.of(size, arguments.seed), folder, arguments.seed)
        say(f"{counts['events']:,} events in {folder}")
        workspace = str(folder / "workspace")
        files = [f"--{kind}={folder / f'{kind}.csv'}" for kind in ("items", "events", "facts")]
        commands = {
            "init": ["init", workspace],
            "import": ["import", workspace, *files],
            "first lists": ["build", workspace, "--first"],
            "build": ["build", workspace, "--profile"],
        }
        steps = {step: run(command, arguments.threads) for step, command in commands.items()}
    results = read_results(SNAPSHOT_RESULTS)
    results.setdefault("runs", {})[str(size)] = {
        **counts, "steps": steps, "seed": arguments.seed, "threads": arguments.threads
    }  # fmt: skip
    results["machine"] = machine()
    SNAPSHOT_RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_document()
    say(json.dumps(steps, indent=1))


if __name__ == "__main__":
    main()
