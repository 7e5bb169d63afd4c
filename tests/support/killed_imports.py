"""Imports that are killed: ``python -m tests.support.killed_imports FOLDER KILLS``.

Prints a JSON list: after each kill the number of events in the store. A child is forked for each
import; that is safe since this process itself never computes with polars.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from multiprocessing import get_context
from pathlib import Path

from tastegraph.data.files import Files, rejects_file
from tastegraph.store import events as log
from tastegraph.workspace import Workspace, open_workspace

N_BEFORE, N_NEW = 500, 60_000
_context = get_context("fork")


def write_events(path: Path, name: str, count: int) -> None:
    """Write a CSV file of events of 300 users on 200 items."""
    rows = (f"{name}{k},u{k * 7 % 300},i{k * 11 % 200},{k}\n" for k in range(count))
    path.write_text("event_id,user_id,item_id,timestamp\n" + "".join(rows), encoding="utf-8")


def import_file(directory: Path, path: Path) -> None:
    """Import one file of events."""
    workspace = open_workspace(directory)
    files = Files([], [path], [], [])
    workspace.ingest(files.records(workspace.config, rejects_file(directory, "raise")))
    workspace.close()


def count_events(directory: Path, file: Path) -> None:
    """Write the number of events in a store, and the number of users with an index entry."""
    workspace = open_workspace(directory)
    with workspace.database.reading() as connection:
        (check,) = connection.exec_driver_sql("PRAGMA integrity_check").one()
        assert check == "ok"
        file.write_text(str(log.count(connection)))
    workspace.close()


def in_child(target: object, *arguments: object) -> None:
    """Run a function in a child and wait for it."""
    child = _context.Process(target=target, args=arguments)  # type: ignore[arg-type]
    child.start()
    child.join()
    assert child.exitcode == 0


def main(folder: Path, kills: int) -> None:
    """Import, kill, count; each time from the same store."""
    before, fresh = folder / "before.csv", folder / "new.csv"
    write_events(before, "before", N_BEFORE)
    write_events(fresh, "new", N_NEW)
    Workspace.init(folder / "pristine")
    in_child(import_file, folder / "pristine", before)
    shutil.copytree(folder / "pristine", folder / "whole")
    start = time.monotonic()
    in_child(import_file, folder / "whole", fresh)
    duration = time.monotonic() - start
    rng, counts = random.Random(11), []
    for _ in range(kills):
        directory = folder / "killed"
        shutil.copytree(folder / "pristine", directory)
        child = _context.Process(target=import_file, args=(directory, fresh))
        child.start()
        time.sleep(rng.uniform(0.0, 1.1 * duration))
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        in_child(count_events, directory, folder / "count")
        counts.append(int((folder / "count").read_text()))
        shutil.rmtree(directory)
    print(json.dumps(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
