"""What learning from use is worth: results as JSON, and their pictures.

A replay writes what it has after each slice.

    python -m benchmarks loop DATA [PART …] [--slices 20] [--seed 1] [--seeds 3] [--jobs 1]

Parts that are named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.loop.durability import durability
from benchmarks.loop.ingest import ingest
from benchmarks.loop.pictures import draw
from benchmarks.loop.replay import Slice, replay
from benchmarks.loop.simulation import ARMS, World, simulate
from benchmarks.loop.summary import summary
from benchmarks.loop.table import page
from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import Config, ModelConfig
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "loop.json"
SETS = ("ml100k", "ml1m-pearlm")
PARTS = (*SETS, "simulation", "ingest", "durability")


def main() -> None:
    """Measure each part, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3, help="of the simulation")
    parser.add_argument("--jobs", type=int, default=1, help="processes that learn from scratch")
    arguments = parser.parse_args()
    measured: dict[str, Callable[[], dict[str, Any]]] = {
        "simulation": lambda: simulated(World(), arguments.seeds),
        "ingest": ingest,
        "durability": lambda: durability(arguments.seed),
    }
    for name in arguments.parts:
        if name in SETS:
            dataset = BENCHMARKS[name].load(arguments.data, 1)
            config = ModelConfig(seed=arguments.seed)
            played: list[Slice] = []
            item_features = item_features_of(dataset)
            for one in replay(
                item_features, dataset.events, arguments.slices, config, arguments.jobs
            ):
                played.append(one)
                result = {"seed": arguments.seed, "slices": arguments.slices, **summary(played)}
                _write(
                    lambda results, name=name, result=result: (  # type: ignore[misc]
                        results.setdefault("replay", {}).update({name: result})
                    )
                )
        else:
            result = measured[name]()
            _write(lambda results, name=name, result=result: results.update({name: result}))  # type: ignore[misc]


def simulated(world: World, seeds: int) -> dict[str, Any]:
    """Each row's rounds, mean over seeds; the last ten rounds' means with their spread."""
    entry: dict[str, Any] = {"seeds": seeds, "world": vars(world), "rows": {}}
    for arm in ARMS:
        runs = [
            list(simulate(arm, world, Config(model=ModelConfig(seed=seed))))
            for seed in range(1, seeds + 1)
        ]
        entry["rows"][arm] = {}
        for name in vars(runs[0][0]):
            values = np.array([[getattr(one, name) for one in run] for run in runs])
            late = values[:, -10:].mean(axis=1)
            entry["rows"][arm][name] = {
                "by_round": values.mean(axis=0).tolist(),
                "late": float(late.mean()),
                "late_by_seed": late.tolist(),
            }
    return entry


def _write(put: Callable[[dict[str, Any]], None]) -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    put(results)
    results["machine"] = machine()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results, ROOT / "docs")
    (ROOT / "docs" / "loop-results.md").write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
