"""How time and memory grow with events: results as JSON, and the table of the documentation.

    python -m benchmarks growth [SIZE …] [--seed 1] [--epochs N]

Sizes are numbers of events; those named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from benchmarks.growth.shape import Shape
from benchmarks.growth.slopes import slopes
from benchmarks.growth.table import RESULTS, read_results, write_document
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine

SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000)


def main() -> None:
    """Measure each size in a process of its own, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=_size, default=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="of the network, at most; default: as it comes")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        say(f"measuring {size:,} events")
        command = [sys.executable, "-m", "benchmarks.growth.measure", str(size)]
        command += [str(arguments.seed)] + ([str(arguments.epochs)] if arguments.epochs else [])
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        _write(
            size,
            json.loads(done.stdout) | {"seed": arguments.seed, "most_epochs": arguments.epochs},
        )


def _size(text: str) -> int:
    """``1000000``, ``1e6``."""
    size = int(float(text))
    if size < Shape().fewest:
        raise argparse.ArgumentTypeError(f"{text} events make nobody's history")
    return size


def _write(size: int, measurement: dict[str, Any]) -> None:
    results = read_results(RESULTS)
    sizes = results.get("sizes", {}) | {str(size): measurement}
    results["sizes"] = {name: sizes[name] for name in sorted(sizes, key=int)}
    results["slopes"] = slopes(list(results["sizes"].values()))
    results["machine"] = machine()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_document()


if __name__ == "__main__":
    main()
