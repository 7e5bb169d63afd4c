"""Lists of a large shop under a steady load: results as JSON, and the page of the documentation.

    python -m benchmarks serving [ITEMS] [--rates 25 50 …] [--seconds 15] [--as now]

makes the seeded shop of so many items where it is not in the cache (files, import, build), takes
one list apart in a process of its own, then serves the workspace and sends lists at each rate.
``--workspace DIR`` measures one that is there. ``--as before`` writes the row of that name, so that
two versions of the code stand beside each other.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.growth.one_list import measured_apart, user_ids
from benchmarks.growth.prepared import prepared
from benchmarks.growth.table import read_results
from benchmarks.serving.load import measure
from benchmarks.serving.page import RESULTS, write_page
from benchmarks.serving.service import served
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine
from tastegraph.workspace import open_workspace

RATES = (25.0, 50.0, 100.0, 200.0, 400.0)
OVERLOADED_MS = 5_000.0
"""Where half of the lists take longer, or a tenth fail, higher rates are not sent."""


def main() -> None:
    """Measure one size, and write what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("items", nargs="?", type=_count, default=10_000)
    parser.add_argument("--workspace", type=Path, help="one that is built; items are counted in it")
    parser.add_argument("--rates", nargs="+", type=float, default=RATES, help="requests a second")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each rate")
    parser.add_argument("--workers", type=int, default=1, help="processes of the service")
    parser.add_argument("--filtered", type=float, default=0.0, help="share with a filter")
    parser.add_argument("--lists", type=int, default=100, help="that are taken apart")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as", dest="name", default="now", help="name of the row")
    parser.add_argument("--fresh", action="store_true", help="build the workspace anew")
    arguments = parser.parse_args()
    steps: dict[str, Any] = {}
    if arguments.workspace is None:
        shop = prepared(arguments.items, arguments.seed, fresh=arguments.fresh)
        directory, steps = shop.directory, shop.figures["steps"]
    else:
        directory = arguments.workspace
    one_list = measured_apart(directory, arguments.lists, arguments.seed)
    say(json.dumps(one_list))
    row = {
        "one_list": one_list,
        "steps": steps,
        **_under_load(directory, arguments),
        "machine": machine(),
    }
    _write(str(one_list["items"]), arguments.name, row)


def _count(text: str) -> int:
    """``100000``, ``1e5``."""
    return int(float(text))


def _under_load(directory: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Each rate in turn, and the memory of the service after it."""
    workspace = open_workspace(directory)
    users = user_ids(workspace)
    workspace.close()
    rows: list[dict[str, Any]] = []
    options = () if arguments.workers == 1 else ("--workers", str(arguments.workers))
    with served(directory, *options) as service:
        for rate in sorted(arguments.rates):
            rows.append(
                measure(service, users, rate, arguments.seconds, arguments.seed, arguments.filtered)
            )
            say(json.dumps(rows[-1]))
            if _overloaded(rows[-1]):
                break
        memory = {name: round(value) for name, value in service.memory_mb().items()}
    return {
        "start_seconds": round(service.back, 2), "memory_mb": memory, "rates": rows,
        "niceness": _niceness(), "workers": arguments.workers, "filtered": arguments.filtered,
    }  # fmt: skip


def _niceness() -> int:
    """Of this process and the service: that of their group, where sessions share processors."""
    group = Path("/proc/self/autogroup")
    if group.exists():
        return int(group.read_text(encoding="utf-8").split()[-1])
    return os.getpriority(os.PRIO_PROCESS, 0)


def _overloaded(row: dict[str, Any]) -> bool:
    slow = row["p50_ms"] is None or row["p50_ms"] > OVERLOADED_MS
    return slow or row["errors"] > 0.1 * row["requests"]


def _write(items: str, name: str, row: dict[str, Any]) -> None:
    results = read_results(RESULTS)
    sizes = results.setdefault("sizes", {})
    sizes.setdefault(items, {})[name] = row
    results["sizes"] = {size: sizes[size] for size in sorted(sizes, key=int)}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_page()


if __name__ == "__main__":
    main()
