"""How often a known winner is told right, and how often a tie is told a winner.

    python -m benchmarks experiments [--runs 100] [--seed 1]

Exits with 1 where fewer than 95 % of the winners are told right, or more than 5 % of the ties are
told a winner.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.experiments.experiments_page import page
from benchmarks.experiments.simulation import RULES, World, outcomes
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "experiments.json"
PAGE = ROOT / "docs" / "experiments-results.md"
WORLDS = {
    "clicks on lists": World(rate=0.10, gain=0.02, users=500, returning=0.1, likeness=0.1),
    "purchases, which are rare": World(0.01, 0.005, users=1500, returning=0.03, likeness=0.02),
    "few users who come every day": World(0.3, 0.1, users=60, returning=0.8, likeness=0.3),
}
MIN_RIGHT, MAX_TIES = 0.95, 0.05


def main() -> int:
    """Simulate, write the results and the page; 0 where both marks are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    results: dict[str, Any] = {"runs": options.runs, "seed": options.seed, "worlds": {}}
    for name, world in WORLDS.items():
        results["worlds"][name] = {
            "world": asdict(world), "rules": measured(world, options.runs, options.seed)
        }  # fmt: skip
    results["machine"] = machine()
    RESULTS.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")
    print(page(results))
    sequences = [result["rules"]["sequence"] for result in results["worlds"].values()]
    fulfilled = all(
        figures["right"] >= MIN_RIGHT * options.runs
        and figures["tie_told"] <= MAX_TIES * options.runs
        for figures in sequences
    )
    return 0 if fulfilled else 1


def measured(world: World, runs: int, seed: int) -> dict[str, dict[str, float]]:
    """Rule → its figures: of runs with a winner, and of as many ties."""
    won, tied = outcomes(world, world.gain, runs, seed), outcomes(world, 0.0, runs, seed + 1)
    return {
        rule: {
            "right": int((won[rule].winner == 1).sum()),
            "wrong": int((won[rule].winner == -1).sum()),
            "day": float(np.median(won[rule].day)),
            "lists": float(np.median(won[rule].lists)),
            "tie_told": int((tied[rule].winner != 0).sum()),
        }
        for rule in RULES
    }


if __name__ == "__main__":
    sys.exit(main())
