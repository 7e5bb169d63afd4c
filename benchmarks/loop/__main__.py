"""What learning from use is worth: results as JSON, and their pictures.

A replay writes what it has after each slice.

    python benchmarks/loop DATA [PART …] [--slices 20] [--seed 1] [--seeds 3] [--jobs 1]

Parts that are named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from durability import durability
from ingest import ingest
from pictures import draw
from replay import ROWS, Slice, replay
from simulation import ARMS, World, simulate
from table import page

from tastegraph.benchmark.benchmarks import BENCHMARKS
from tastegraph.benchmark.reading import content_of
from tastegraph.config import Config
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.machine import machine
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "loop.json"
SETS = ("ml100k", "ml1m-pearlm")
PARTS = (*SETS, "simulation", "ingest", "durability")
PAIRS = (("fold_in", "frozen"), ("retrain", "fold_in"), ("retrain", "scratch"))
RESAMPLES = 10_000
AGES = ((0, 1), (1, 5), (5, 20), (20, 100))
"""From how many events of an item to how many."""
SOON = (1, 5, 20, 100)
"""Before which event of an item it is asked whether a list had it."""


def main() -> None:
    """Measure each part, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3, help="of the simulation")
    parser.add_argument("--jobs", type=int, default=1, help="processes that learn from scratch")
    told = parser.parse_args()
    measured: dict[str, Callable[[], dict[str, Any]]] = {
        "simulation": lambda: simulated(World(), told.seeds),
        "ingest": ingest,
        "durability": lambda: durability(told.seed),
    }
    for name in told.parts:
        if name in SETS:
            found = BENCHMARKS[name].load(told.data, 1)
            config = ModelConfig(seed=told.seed)
            played: list[Slice] = []
            content = content_of(found)
            for one in replay(content, found.events, told.slices, config, told.jobs):
                played.append(one)
                result = {"seed": told.seed, "slices": told.slices, **summary(played)}
                _write(
                    lambda results, name=name, result=result: (  # type: ignore[misc]
                        results.setdefault("replay", {}).update({name: result})
                    )
                )
        else:
            result = measured[name]()
            _write(lambda results, name=name, result=result: results.update({name: result}))  # type: ignore[misc]


def summary(slices: Sequence[Slice]) -> dict[str, Any]:
    """Means over people, and over all that was asked by slice and by age; tests, seconds."""
    played = [one.played for one in slices]
    everybody = {row: np.concatenate([p[row].values for p in played]) for row in ROWS}
    ages = np.concatenate([one.ages for one in slices])
    # What one person was asked in several slices is one observation.
    _, who = np.unique(np.concatenate([one.people for one in slices]), return_inverse=True)
    means = {row: np.bincount(who, values) / np.bincount(who) for row, values in everybody.items()}
    p = {
        f"{one} - {other}": paired_p(means[one], means[other], RESAMPLES, 1) for one, other in PAIRS
    }
    return {
        "asked": [len(p["frozen"].values) for p in played],
        "rows": {
            row: {
                "ndcg@10": float(values.mean()),
                "interval": list(bootstrap_interval(values, 1000, 1)),
                "by_slice": [float(p[row].values.mean()) for p in played],
                "seconds": [round(p[row].seconds, 2) for p in played],
            }
            for row, values in means.items()
        },
        "p": holm(p),
        "by_age": [_of_age(everybody, ages, *bounds) for bounds in AGES],
        "listed": [_listed(slices, event) for event in SOON],
        # The first slice is learned as at the start; what retraining costs shows from the second.
        "retrain_share_of_scratch": float(
            np.sum([p["retrain"].seconds for p in played[1:]])
            / max(np.sum([p["scratch"].seconds for p in played[1:]]), 1e-9)
        ),
    }


def simulated(world: World, seeds: int) -> dict[str, Any]:
    """Each row's rounds, mean over seeds; the last ten rounds' means with their spread."""
    found: dict[str, Any] = {"seeds": seeds, "world": vars(world), "rows": {}}
    for arm in ARMS:
        runs = [
            list(simulate(arm, world, Config(model=ModelConfig(seed=seed))))
            for seed in range(1, seeds + 1)
        ]
        found["rows"][arm] = {}
        for name in vars(runs[0][0]):
            values = np.array([[getattr(one, name) for one in run] for run in runs])
            late = values[:, -10:].mean(axis=1)
            found["rows"][arm][name] = {
                "by_round": values.mean(axis=0).tolist(),
                "late": float(late.mean()),
                "late_by_seed": late.tolist(),
            }
    return found


def _of_age(
    everybody: dict[str, np.ndarray], ages: np.ndarray, least: int, below: int
) -> dict[str, Any]:
    """What each row reaches on items that were new, when they had had so many events."""
    at = (ages >= least) & (ages < below)
    told: dict[str, Any] = {"events": [least, below - 1], "asked": int(at.sum())}
    if at.any():
        told["ndcg@10"] = {row: float(values[at].mean()) for row, values in everybody.items()}
    return told


def _listed(slices: Sequence[Slice], event: int) -> dict[str, Any]:
    """Of the new items with so many events, the share that a list of each row had before that."""
    had = slices[-1].heard >= event
    told: dict[str, Any] = {"before": event, "items": int(had.sum())}
    if had.any():
        told["share"] = {
            row: float(
                np.mean(np.min([one.played[row].fewest[had] for one in slices], axis=0) < event)
            )
            for row in ROWS
        }
    return told


def _write(put: Callable[[dict[str, Any]], None]) -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    put(results)
    results["machine"] = machine()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    draw(results, ROOT / "docs")
    (ROOT / "docs" / "loop-results.md").write_text(page(results), encoding="utf-8")


if __name__ == "__main__":
    main()
