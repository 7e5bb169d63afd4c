"""Import of N-Triples from a file: processor time and memory, beside what cannot be undercut.

    python -m benchmarks.growth.imports_facts [STATEMENTS]

prints {statements, distinct, import_seconds, peak_mb, parse_seconds, insert_seconds} as JSON.
Seconds are of the processor, user and system. The floor is pyoxigraph parsing the same file, and
SQLite taking the same distinct rows into the same tables with one ``executemany`` for each, in the
order of their ids.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import pyoxigraph as ox

from benchmarks.growth.triples import write_triples
from tastegraph.core.import_report import ImportReport
from tastegraph.data.files import Files
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.evaluation.measurement import peak_memory_mb
from tastegraph.store.database import Database
from tastegraph.store.schema import evidence, facts, metadata
from tastegraph.workspace import Workspace

STATEMENTS = 10_000_000
ROWS_PER_CALL = 100_000


def measure_facts_import(n: int) -> dict[str, Any]:
    """Seconds and memory of the import of ``n`` statements, and of its floor.

    Each figure is of a process of its own; the import is what ``tastegraph import DIR --facts
    FILE.nt`` does.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "facts.nt"
        write_triples(path, n)
        results = {"statements": n}
        for step in ("import", "parse", "insert"):
            command = [sys.executable, "-m", "benchmarks.growth.imports_facts", step, folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            results |= json.loads(done.stdout)
    return results


def _import(folder: Path) -> dict[str, Any]:
    workspace = Workspace.init(folder / "workspace")
    files = Files([], [], [folder / "facts.nt"], [])
    report = ImportReport()
    start = process_time()
    records = files.records(workspace.config, RejectedRows(), report=report)
    summary = workspace.ingest(records, report=report)
    seconds = process_time() - start
    workspace.close()
    return {
        "distinct": summary.facts,
        "import_seconds": round(seconds, 1),
        "peak_mb": round(peak_memory_mb()),
    }


def _parse(folder: Path) -> dict[str, Any]:
    start = process_time()
    for _ in ox.parse(path=folder / "facts.nt", format=ox.RdfFormat.N_TRIPLES):
        pass
    return {"parse_seconds": round(process_time() - start, 1)}


def _insert(folder: Path) -> dict[str, Any]:
    stored = Database(folder / "workspace" / "tastegraph.db", metadata)
    copy = Database(folder / "copy.db", metadata)
    seconds = 0.0
    with stored.reading() as source, copy.writing() as target:
        for table in (facts, evidence):
            places = ", ".join("?" * len(table.c))
            order = ", ".join(f'"{column.name}"' for column in table.primary_key)
            rows = source.exec_driver_sql(f"SELECT * FROM {table.name} ORDER BY {order}")
            while batch := [tuple(row) for row in rows.fetchmany(ROWS_PER_CALL)]:
                start = process_time()
                target.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({places})", batch)
                seconds += process_time() - start
        start = process_time()
    seconds += process_time() - start  # of the commit
    return {"insert_seconds": round(seconds, 1)}


_STEPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "import": _import,
    "parse": _parse,
    "insert": _insert,
}

if __name__ == "__main__":
    if len(sys.argv) == 3:
        with redirect_stderr(StringIO()):
            figures = _STEPS[sys.argv[1]](Path(sys.argv[2]))
    else:
        figures = measure_facts_import(int(float((sys.argv[1:] or [str(STATEMENTS)])[0])))
    print(json.dumps(figures))
