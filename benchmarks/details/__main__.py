"""What a ranking misses and what its training costs: results as JSON, and their page.

    python -m benchmarks details DATA [SET …] [--part PART] …

A part is ``residuals``, ``floor``, ``convolutions``, ``stages``, ``fidelity``,
``target`` or ``content``.

Sets that are named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.details.content_attention import content_attention
from benchmarks.details.convolutions import convolutions
from benchmarks.details.details_page import page
from benchmarks.details.fidelity import fidelity
from benchmarks.details.floor import floor
from benchmarks.details.residuals import residuals
from benchmarks.details.stage_times import stage_times
from benchmarks.details.target_attention import target_attention
from benchmarks.published.benchmarks import BENCHMARKS
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "details.json"
PARTS: dict[str, Callable[[str, Path], dict[str, Any] | Iterator[dict[str, Any]]]] = {
    "residuals": residuals,
    "floor": floor,
    "convolutions": convolutions,
    "stages": stage_times,
    "fidelity": fidelity,
    "target": target_attention,
    "content": content_attention,
}
"""What is measured of a set; an iterator gives more with each measurement."""
SETS = [
    name
    for name, benchmark in BENCHMARKS.items()
    if "auc" not in benchmark.metrics and not benchmark.redrawn
]
"""Those that are judged by lists, and whose split is the same under every seed."""


def main() -> None:
    """Measure each set, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", choices=SETS, default=SETS)
    parser.add_argument("--part", action="append", choices=list(PARTS))
    arguments = parser.parse_args()
    for name in arguments.sets:
        for part in arguments.part or PARTS:
            say(f"{name}: {part}")
            measured = PARTS[part](name, arguments.data)
            for result in measured if isinstance(measured, Iterator) else [measured]:
                save(part, name, result)


def save(part: str, name: str, result: Mapping[str, Any]) -> None:
    """Replace the results of one set, and write the page anew."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    by_set = results.get(part, {}) | {name: result}
    results[part] = {each: by_set[each] for each in SETS if each in by_set}
    if part in ("residuals", "floor"):
        results["machine"] = machine() | {"threads": torch.get_num_threads()}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    document = ROOT / "docs" / "ranking-details.md"
    document.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
