"""All measurements of the language model: results as JSON, and the table of the documentation.

    python -m benchmarks language DATA [PART …]

A part is ``cold_items``, ``new_people``, ``sparse``, ``throughput``, ``finetuning``, or one set of
it: ``cold_items.ml100k``. Parts that are named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.language import cold_items, lessons, people, thinned, throughput
from benchmarks.language.sets import MORE, SETS
from benchmarks.language.table import table
from benchmarks.language.taught import Reader
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "language.json"
DOCUMENT = ROOT / "docs" / "language-results.md"
CACHE = ROOT / "benchmarks" / ".cache"

OF_SETS: dict[str, Callable[..., dict[str, Any]]] = {
    "cold_items": cold_items.of_set,
    "new_people": people.of_set,
    "sparse": thinned.of_set,
}


def main() -> None:
    """Measure, and write what was measured after every part."""
    every = [f"{part}.{name}" for part in OF_SETS for name in SETS]
    every += [*(f"cold_items.{name}" for name in MORE), "throughput", "finetuning"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("parts", nargs="*", help="default: all")
    told = parser.parse_args()
    wanted = [name for name in every if not told.parts or _named(name, told.parts)]
    if told.parts and not wanted:
        parser.error(f"no such part: {', '.join(told.parts)}; there are {', '.join(every)}")
    for name in wanted:
        say(f"measuring {name}")
        part, _, of = name.partition(".")
        if of:
            found = OF_SETS[part]({**SETS, **MORE}[of](told.data), Reader(CACHE))
        elif part == "throughput":
            found = throughput.run(told.data)
        else:
            found = lessons.run(told.data, Reader(CACHE))
        _write(part, of, found)


def _named(name: str, parts: list[str]) -> bool:
    return name in parts or name.partition(".")[0] in parts


def _write(part: str, of: str, found: dict[str, Any]) -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if of:
        results.setdefault(part, {})[of] = found
    else:
        results[part] = found
    results["machine"] = machine()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    DOCUMENT.write_text(table(results), encoding="utf-8")


if __name__ == "__main__":
    main()
