"""``tastegraph kg derive`` on catalogues of several sizes: seconds, memory and scores of each step.

    python -m benchmarks.growth.derivation [ITEMS …] [--seed 1]

The catalogue is that of :mod:`benchmarks.growth.catalogue`, of which everything is known. Each step
runs in a process of its own, one after another in one workspace, as the command line does it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from sqlalchemy import select

from benchmarks.growth.catalogue import Catalogue, catalogue
from benchmarks.growth.slopes import exponent
from benchmarks.growth.table import DERIVATION_RESULTS, read_results, write_document
from tastegraph.core.progress import say
from tastegraph.core.records import ITEM
from tastegraph.evaluation.measurement import machine, peak_memory_mb, reset_peak_memory
from tastegraph.kg.from_store import graph_from_store
from tastegraph.store.schema import DERIVED, FUSION, LANGUAGE_MODEL, LINKING, MENTIONED, evidence
from tastegraph.store.schema import facts as fact_table
from tastegraph.workspace import Workspace

SIZES = (10_000, 30_000, 100_000)
STEPS = [step for step in DERIVED if step != LANGUAGE_MODEL]
REVIEW, GRAPH = "review", "graph"
"""What is measured besides the steps: the review queue, and the graph of the store."""
MIN_COUNTED = {LINKING: "min_identity_confidence", FUSION: "min_identity_confidence"}


def measure(n_items: int, seed: int) -> dict[str, Any]:
    """Seconds, memory and scores of each step on one catalogue."""
    with TemporaryDirectory() as folder:
        world = catalogue(n_items, seed)
        workspace = Workspace.init(Path(folder) / "workspace")
        workspace.ingest(items=world.items, facts=world.facts, links={"links": world.links})
        workspace.close()
        n_facts = sum(map(len, world.facts.values()))
        row: dict[str, Any] = {"items": n_items, "facts": n_facts, "steps": {}}
        for step in [*STEPS, REVIEW, GRAPH]:
            command = [sys.executable, "-m", "benchmarks.growth.derivation", "--step", step, folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            row["steps"][step] = json.loads(done.stdout)
            say(f"{n_items:,} items, {step}: {row['steps'][step]}")
        row["scores"] = scores(Path(folder) / "workspace", world)
    return row


def run_step(step: str, folder: Path) -> dict[str, Any]:
    """One step in a workspace: how many facts it gives, processor seconds, peak memory in MiB."""
    workspace = Workspace(folder / "workspace")
    knowledge = workspace.knowledge
    import_module("tastegraph.kg.review.steps")
    reset_peak_memory()
    start = process_time()
    if step == REVIEW:
        n_facts = len(knowledge.review_queue())
    elif step == GRAPH:
        n_facts = len(graph_from_store(workspace.database, workspace.config).heads)
    else:
        n_facts = knowledge.derive(step)
    seconds = round(process_time() - start, 2)
    workspace.close()
    return {"facts": n_facts, "cpu_seconds": seconds, "peak_mb": round(peak_memory_mb())}


def scores(directory: Path, world: Catalogue) -> dict[str, dict[str, float]]:
    """Precision and recall of linking, mentions of people, and fusion across the two sources."""
    workspace = Workspace(directory)
    sure = workspace.config.graph.min_identity_confidence
    linked = {(i, e) for i, e, p in _derived(workspace, LINKING) if p >= sure}
    known = {link.item_id for link in world.links}
    true_links = {(ITEM + i, e) for i, e in world.entity_of.items() if i not in known}
    first = {(i, e) for i, e in linked if e.startswith("f:")}
    sure_mentions = {
        (i, e) for i, e, p in _derived(workspace, MENTIONED) if e.startswith("p:") and p > 0.5
    }
    true_mentions = {(ITEM + i, e) for i, people in world.named.items() for e in people}
    merged = {frozenset((a, b)) for a, b, p in _derived(workspace, FUSION) if p >= sure}
    true_merges = {frozenset(pair) for pair in world.same.items()}
    workspace.close()
    return {
        LINKING: _scores(first, true_links),
        MENTIONED: _scores(sure_mentions, true_mentions),
        FUSION: _scores(merged, true_merges),
    }


def _scores(derived: Collection[Any], gold: Collection[Any]) -> dict[str, float]:
    right = len(set(derived) & set(gold))
    return {
        "precision": round(right / max(len(derived), 1), 4),
        "recall": round(right / max(len(gold), 1), 4),
    }


def _derived(workspace: Workspace, source: str) -> list[tuple[str, str, float]]:
    query = (
        select(fact_table.c.subject, fact_table.c.object, evidence.c.confidence)
        .join(evidence, evidence.c.fact_id == fact_table.c.fact_id)
        .where(evidence.c.source == source, ~fact_table.c.literal)
    )
    with workspace.database.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def slopes(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Step → exponent of items, of seconds and memory, by least squares on the log-log line."""
    if len(rows) < 2:
        return {}
    items = [row["items"] for row in rows]

    def slope(step: str, name: str) -> float:
        return round(exponent(items, [max(row["steps"][step][name], 0.01) for row in rows]), 2)

    return {
        step: {name: slope(step, name) for name in ("cpu_seconds", "peak_mb")}
        for step in rows[0]["steps"]
    }


def main() -> None:
    """Measure each size, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=lambda text: int(float(text)), default=SIZES)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for size in arguments.sizes:
        results = read_results(DERIVATION_RESULTS)
        sizes = results.get("sizes", {}) | {str(size): measure(size, arguments.seed)}
        results["sizes"] = {name: sizes[name] for name in sorted(sizes, key=int)}
        results["slopes"] = slopes(list(results["sizes"].values()))
        results["machine"] = machine()
        DERIVATION_RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        write_document()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(run_step(sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
