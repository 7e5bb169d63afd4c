"""From a file to arrays: processor time and memory, beside the floor of the libraries below.

    python -m benchmarks.growth.imports [EVENTS …] [--triples N …] [--seed 1]

Each step runs in a process of its own, on one thread. The floor of an import is polars reading the
same file and SQLite inserting the same rows, in bulk, into one table without an index.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.growth.behaviour import BEGIN, WINDOW
from benchmarks.growth.table import IMPORT_RESULTS, read_results, write_document
from benchmarks.growth.triples import write_triples
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine, peak_memory_mb, reset_peak_memory

SIZES = (1_000_000, 3_000_000)
TRIPLES = (10_000_000,)
TYPES = ("view", "click", "purchase")


def write_events(path: Path, n_events: int, seed: int) -> None:
    """Write events with types and times: about 30 for each user, items by a power law."""
    rng = np.random.default_rng(seed)
    users = rng.integers(n_events // 30 + 1, size=n_events)
    n_items = int(20 * np.sqrt(n_events))
    items = np.minimum(rng.pareto(1.0, n_events) * n_items / 50, n_items - 1).astype(np.int64)
    frame = pl.DataFrame(
        {
            "user_id": pl.Series(users).cast(pl.String).str.pad_start(9, "u"),
            "item_id": pl.Series(items).cast(pl.String).str.pad_start(7, "i"),
            "type": pl.Series(rng.integers(3, size=n_events)).replace_strict(
                dict(enumerate(TYPES)), return_dtype=pl.String
            ),
            "timestamp": np.sort(BEGIN + rng.random(n_events) * WINDOW).astype(np.int64),
        }
    )
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)


def import_step(kind: str, path: Path, workspace: Path) -> dict[str, Any]:
    """Import one file into a new workspace, as the command line does."""
    from tastegraph.data.files import Files, rejects_file
    from tastegraph.workspace import Workspace

    opened = Workspace.init(workspace)
    reset_peak_memory()
    before, start, clock = peak_memory_mb(), time.process_time(), time.perf_counter()
    files = Files([], [path], [], []) if kind == "events" else Files([], [], [path], [])
    summary = opened.ingest(files.records(opened.config, rejects_file(workspace, "raise")))
    result = _usage(before, start, clock)
    opened.close()
    return result | {"rows": summary.events if kind == "events" else summary.facts}


def arrays_step(workspace: Path) -> dict[str, Any]:
    """Read all events of a workspace into arrays, as a build does."""
    from tastegraph.pipeline.training_events import interactions_from_store
    from tastegraph.profiles.event_meaning import EventMeaning
    from tastegraph.store import events as log
    from tastegraph.workspace import open_workspace

    opened = open_workspace(workspace)
    with opened.database.reading() as connection:
        rows = {name: row for row, name in enumerate(sorted(log.item_ids(connection)))}
        meaning = EventMeaning.stored(connection, opened.config.events)
    reset_peak_memory()
    before, start, clock = peak_memory_mb(), time.process_time(), time.perf_counter()
    events = interactions_from_store(opened.database, rows, meaning)
    return _usage(before, start, clock) | {"rows": len(events)}


def floor_step(path: Path, database: Path) -> dict[str, Any]:
    """The libraries alone: polars reads the file, SQLite inserts its rows."""
    before, start, clock = peak_memory_mb(), time.process_time(), time.perf_counter()
    if path.suffix == ".nt":
        import pyoxigraph as ox

        rows = [(str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(path=str(path))]
        n_columns = 3
    else:
        frame = pl.read_csv(path) if path.suffix == ".csv" else pl.read_parquet(path)
        rows, n_columns = frame.rows(), frame.width
    read_seconds = time.process_time() - start
    connection = sqlite3.connect(database, isolation_level=None)
    names = [f"c{k}" for k in range(n_columns)]
    connection.execute(f"CREATE TABLE rows ({', '.join(names)})")
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * n_columns)})", rows)
    connection.execute("COMMIT")
    connection.close()
    return _usage(before, start, clock) | {"read_cpu_seconds": read_seconds}


def _usage(before_mb: float, start: float, clock: float) -> dict[str, Any]:
    return {
        "cpu_seconds": time.process_time() - start,
        "seconds": time.perf_counter() - clock,
        "memory_mb": round(peak_memory_mb() - before_mb),
    }


def measured(n_rows: int, suffix: str, seed: int) -> dict[str, Any]:
    """All steps of one size and format, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / f"rows.{suffix}"
        if suffix == "nt":
            write_triples(path, n_rows, seed)
        else:
            write_events(path, n_rows, seed)
        kind = "facts" if suffix == "nt" else "events"
        result: dict[str, Any] = {"rows": n_rows, "format": suffix, "seed": seed}
        result["file_mb"] = round(path.stat().st_size / 2**20)
        result["import"] = _in_process("import", kind, str(path), str(folder / "workspace"))
        result["store_mb"] = round((folder / "workspace/tastegraph.db").stat().st_size / 2**20)
        if kind == "events":
            result["arrays"] = _in_process("arrays", str(folder / "workspace"))
        result["floor"] = _in_process("floor", str(path), str(folder / "floor.db"))
    return result


def _in_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.growth.imports", "step", *arguments]
    one_thread = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    finished = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, env=os.environ | one_thread
    )
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def step(name: str, *paths: str) -> dict[str, Any]:
    """One step, in this process."""
    if name == "import":
        return import_step(paths[0], Path(paths[1]), Path(paths[2]))
    if name == "arrays":
        return arrays_step(Path(paths[0]))
    return floor_step(Path(paths[0]), Path(paths[1]))


def main() -> None:
    """Measure each size, and write what was measured after each."""
    if sys.argv[1:2] == ["step"]:
        print(json.dumps(step(*sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=float, default=SIZES)
    parser.add_argument("--triples", nargs="*", type=float, default=TRIPLES)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    jobs = [(int(size), suffix) for size in arguments.sizes for suffix in ("csv", "parquet")]
    jobs += [(int(size), "nt") for size in arguments.triples]
    for size, suffix in jobs:
        say(f"measuring {size:,} rows of {suffix}")
        results = read_results(IMPORT_RESULTS)
        runs = results.get("runs", {}) | {
            f"{suffix} {size}": measured(size, suffix, arguments.seed)
        }
        IMPORT_RESULTS.write_text(
            json.dumps({"runs": runs, "machine": machine()}, indent=1) + "\n", encoding="utf-8"
        )
    write_document()


if __name__ == "__main__":
    main()
