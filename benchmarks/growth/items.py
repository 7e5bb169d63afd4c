"""From files to lists with the number of items: time, memory, size and recall, as JSON and a table.

    python -m benchmarks.growth.items [ITEMS …] [--seed 1] [--threads 1] [--reading tokens]
        [--as now] [--cached]

Each size is a seeded shop of its own, built by the command line (:mod:`benchmarks.growth.prepared`)
and asked for lists in a process of its own (:mod:`benchmarks.growth.one_list`). ``--cached`` takes
workspaces that are there, with what their build took; ``--as before`` writes rows of that name, so
that two versions of the code stand beside each other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from benchmarks.growth.one_list import measured_apart
from benchmarks.growth.prepared import prepared
from benchmarks.growth.slopes import exponent
from benchmarks.growth.table import ITEM_RESULTS, read_results, write_document
from tastegraph.core.config import Reading
from tastegraph.core.progress import say

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
LATEST = "now"


def measure(
    n_items: int, seed: int, threads: int, reading: Reading, version: str, *, cached: bool
) -> dict[str, Any]:
    """What a build and lists of one size take."""
    shop = prepared(n_items, seed, threads, reading, fresh=not cached)
    return {"version": version, **shop.figures, "one_list": measured_apart(shop.directory)}


def slopes(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Figure → exponent of items; none of fewer than two sizes."""
    if len(rows) < 2:
        return {}
    items = [row["items"] for row in rows]
    figures = {
        "build": [
            row["steps"]["build"]["cpu_seconds"] - row["one_list"]["encoding_cpu_seconds"]
            for row in rows
        ],
        "memory": [row["steps"]["build"]["peak_mb"] for row in rows],
        "snapshot": [row["one_list"]["snapshot_mb"] for row in rows],
        "list": [row["one_list"]["list_ms"] for row in rows],
    }
    return {name: round(exponent(items, values), 2) for name, values in figures.items()}


def main() -> None:
    """Measure each size, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=lambda text: int(float(text)), default=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reading", choices=get_args(Reading), default="tokens")
    parser.add_argument("--as", dest="version", default=LATEST, help="name of the rows")
    parser.add_argument("--cached", action="store_true", help="take workspaces that are there")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        row = measure(
            size, arguments.seed, arguments.threads, arguments.reading, arguments.version,
            cached=arguments.cached,
        )  # fmt: skip
        say(json.dumps(row))
        results = read_results(ITEM_RESULTS)
        sizes = results.get("sizes", {})
        sizes.setdefault(str(size), {})[arguments.version] = row
        results["sizes"] = {name: sizes[name] for name in sorted(sizes, key=int)}
        latest = [versions[LATEST] for versions in sizes.values() if LATEST in versions]
        results["slopes"] = slopes(latest)
        ITEM_RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_document()


if __name__ == "__main__":
    main()
