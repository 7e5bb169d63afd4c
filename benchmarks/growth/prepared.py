"""A workspace of the seeded shop, made by the command line: what each command took.

The first call writes files, imports and builds; later ones find the workspace in the cache. Beside
it stands ``steps.json``: seconds, processor seconds and peak memory of each command, and the load
of the machine (mean number of processes that ran or waited, over five minutes) when it ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from benchmarks.growth.shop import write_shop
from tastegraph.core.config import Reading
from tastegraph.core.progress import say
from tastegraph.data.downloads import cache_root
from tastegraph.evaluation.measurement import machine
from tastegraph.workspace import Workspace

EPOCHS = 3
"""Of the network, at most."""


@dataclass(frozen=True)
class ShopWorkspace:
    """A built workspace of a shop.

    Attributes:
        directory: of the workspace.
        figures: counts of rows, ``steps``: command → what it took, threads, seed and machine.
    """

    directory: Path
    figures: dict[str, Any]


def prepared(
    n_items: int,
    seed: int = 1,
    threads: int = 1,
    reading: Reading = "tokens",
    *,
    fresh: bool = False,
) -> ShopWorkspace:
    """The workspace of the shop of ``n_items``; built where it is not there, or ``fresh``."""
    folder = cache_root() / "benchmark" / "shop" / f"{n_items}-{seed}-{reading}"
    file, directory = folder / "steps.json", folder / "workspace"
    if fresh or not file.exists():
        rmtree(folder, ignore_errors=True)
        say(f"making a shop of {n_items:,} items in {folder}")
        counts = write_shop(n_items, folder, seed)
        config = {"model": {"epochs": EPOCHS, "seed": seed}, "text": {"reading": reading}}
        Workspace.init(directory, config).close()
        figures = {
            **counts,
            "steps": {step: run(command, threads) for step, command in _commands(folder).items()},
            "epochs": EPOCHS,
            "seed": seed,
            "threads": threads,
            "reading": reading,
            "machine": machine(),
        }
        file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return ShopWorkspace(directory, json.loads(file.read_text(encoding="utf-8")))


def _commands(folder: Path) -> dict[str, list[str]]:
    workspace = str(folder / "workspace")
    files = [f"--{kind}={folder / f'{kind}.csv'}" for kind in ("items", "events", "facts")]
    return {
        "import": ["import", workspace, *files],
        "first lists": ["build", workspace, "--first"],
        "build": ["build", workspace, "--profile"],
    }


def run(arguments: list[str], threads: int) -> dict[str, Any]:
    """Run one command of the command line in a process of its own, and measure it.

    Raises:
        SystemExit: it failed.
    """
    start = time.perf_counter()
    names = ("OMP", "OPENBLAS", "MKL", "POLARS_MAX", "RAYON")
    threads_of = {
        f"{name}{'' if name == 'POLARS_MAX' else '_NUM'}_THREADS": str(threads) for name in names
    }
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "tastegraph", *arguments],
        os.environ | threads_of | {"OMP_WAIT_POLICY": "PASSIVE"},
    )
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(arguments)} failed")
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": usage.ru_maxrss // 1024,
        "load": round(os.getloadavg()[1], 1),
    }
