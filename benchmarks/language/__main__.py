"""All measurements of the language model: results as JSON, and the page of the documentation.

    python -m benchmarks language DATA [MEASUREMENT …]

A measurement is ``cold_items``, ``new_people``, ``sparse``, ``reading``,
``reading_system``, ``throughput``, ``finetuning``, ``reading_speed``, or one data set of it:
``cold_items.ml100k``. Named measurements are repeated, all others are retained.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.language import cold_items, cost, reading, warm
from benchmarks.language.encoders import CachedEncoders
from benchmarks.language.page import page
from benchmarks.language.sets import COLD_ONLY_SETS, SETS
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "language.json"
PAGE = ROOT / "docs" / "language-results.md"
CACHE = ROOT / "benchmarks" / ".cache"


def _readers(encoders: CachedEncoders) -> dict[str, CachedEncoders]:
    return {"whole": encoders, "tokens": reading.TokenEncoders(CACHE)}


SET_MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "cold_items": cold_items.measure,
    "new_people": warm.measure_new_users,
    "sparse": warm.measure_sparse_data,
    "reading": lambda data, encoders: reading.measure(data, _readers(encoders)),
    "reading_system": lambda data, encoders: reading.measure_system(data, _readers(encoders)),
}
"""Measured on one data set at a time."""


def main() -> None:
    """Measure, and write the results after every measurement."""
    names = [f"{measurement}.{name}" for measurement in SET_MEASUREMENTS for name in SETS]
    names += [*(f"cold_items.{name}" for name in COLD_ONLY_SETS), "throughput", "finetuning"]
    names.append("reading_speed")
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("measurements", nargs="*", help="default: all")
    arguments = parser.parse_args()
    chosen = arguments.measurements
    selected = [name for name in names if not chosen or _is_named(name, chosen)]
    if not selected:
        parser.error(f"no such measurement: {', '.join(chosen)}; there are {', '.join(names)}")
    for name in selected:
        say(f"measuring {name}")
        measurement, _, set_name = name.partition(".")
        if set_name:
            dataset = {**SETS, **COLD_ONLY_SETS}[set_name](arguments.data)
            result = SET_MEASUREMENTS[measurement](dataset, CachedEncoders(CACHE))
        elif measurement == "throughput":
            result = cost.measure_throughput(arguments.data)
        elif measurement == "reading_speed":
            result = reading.measure_speed()
        else:
            result = cost.measure_finetuning(arguments.data, CachedEncoders(CACHE))
        _write(measurement, set_name, result)


def _is_named(name: str, chosen: list[str]) -> bool:
    return name in chosen or name.partition(".")[0] in chosen


def _write(measurement: str, set_name: str, result: dict[str, Any]) -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if set_name:
        results.setdefault(measurement, {})[set_name] = result
    else:
        results[measurement] = result
    results["machine"] = machine()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
