"""What learning from use is worth: results as JSON.

    python benchmarks/loop DATA [SET …] [--slices 20] [--seed 1]

Sets that are named are measured anew, the others kept as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from replay import ROWS, Played, replay

from tastegraph.benchmark.benchmarks import BENCHMARKS
from tastegraph.benchmark.reading import content_of
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.machine import machine
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p

RESULTS = Path(__file__).parents[1] / "results" / "loop.json"
SETS = ("ml100k", "ml1m-pearlm")
PAIRS = (("fold_in", "frozen"), ("retrain", "fold_in"), ("retrain", "scratch"))
RESAMPLES = 10_000


def main() -> None:
    """Replay each set, and write what was measured after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", choices=SETS, default=SETS)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    for name in told.sets:
        found = BENCHMARKS[name].load(told.data, 1)
        config = ModelConfig(seed=told.seed)
        played = list(replay(content_of(found), found.events, told.slices, config))
        _write(name, {"seed": told.seed, "slices": told.slices, **summary(played)})


def summary(played: Sequence[Mapping[str, Played]]) -> dict[str, Any]:
    """Means over everybody asked, by slice and in all; intervals, tests, seconds."""
    everybody = {row: np.concatenate([p[row].values for p in played]) for row in ROWS}
    p = {
        f"{one} - {other}": paired_p(everybody[one], everybody[other], RESAMPLES, 1)
        for one, other in PAIRS
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
            for row, values in everybody.items()
        },
        "p": holm(p),
        # The first slice is learned as at the start; what retraining costs shows from the second.
        "retrain_share_of_scratch": float(
            np.sum([p["retrain"].seconds for p in played[1:]])
            / max(np.sum([p["scratch"].seconds for p in played[1:]]), 1e-9)
        ),
    }


def _write(name: str, found: dict[str, Any]) -> None:
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results.setdefault("replay", {})[name] = found
    results["machine"] = machine()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
