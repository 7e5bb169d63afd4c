"""What a ranking misses and what its training costs: results as JSON, and their page.

    python -m benchmarks details DATA [SET …] [--part residuals] [--part floor]

Sets that are named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from benchmarks.details.details_page import page
from benchmarks.details.floor import floor
from benchmarks.details.residuals import residuals
from benchmarks.published.benchmarks import BENCHMARKS
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "details.json"
COMPONENTS = {"residuals": residuals, "floor": floor}
SETS = [name for name, benchmark in BENCHMARKS.items() if "auc" not in benchmark.metrics]
"""Those of which lists are asked."""


def main() -> None:
    """Measure each set, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", choices=SETS, default=SETS)
    parser.add_argument("--part", action="append", choices=list(COMPONENTS))
    arguments = parser.parse_args()
    for name in arguments.sets:
        for part in arguments.part or COMPONENTS:
            say(f"{name}: {part}")
            figures = COMPONENTS[part](name, arguments.data)
            results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
            of_part = results.get(part, {}) | {name: figures}
            results[part] = {one: of_part[one] for one in SETS if one in of_part}
            results["machine"] = machine() | {"threads": torch.get_num_threads()}
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            document = ROOT / "docs" / "ranking-details.md"
            document.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
