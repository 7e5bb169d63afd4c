"""All measurements of the knowledge graph: results as JSON, and the table of the documentation.

    python -m benchmarks knowledge DATA [PART …]

Parts that are named are measured anew, the others kept as they are in the results.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.knowledge import (
    chinese,
    extraction,
    fusion,
    importing,
    item_linking,
    llm,
    text2kg,
    use,
)
from benchmarks.knowledge.table import table
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "knowledge.json"
DOCUMENT = ROOT / "docs" / "knowledge-results.md"

PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "item_linking": item_linking.run,
    "extraction": extraction.run,
    "language_model": llm.run,
    "text2kg": text2kg.run,
    "fusion": fusion.run,
    "chinese": chinese.run,
    "import": importing.run,
    "use": use.run,
}


def main() -> None:
    """Measure, and write what was measured after every part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="default: all")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in arguments.parts or PARTS:
        say(f"measuring {name}")
        results[name] = PARTS[name](arguments.data)
        results["machine"] = machine()
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        DOCUMENT.write_text(table(results), encoding="utf-8")


if __name__ == "__main__":
    main()
