"""Where new items land, by a replay in time: results as JSON, and their page.

    python -m benchmarks new_items DATA [SET …] [--cut 0.8] [--users 2000] [--seed 1] [--epochs 80]

Sets that are named are measured anew, the others kept as they are. To see what a change of the code
does, run it before and after with ``--results`` files of their own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.new_items.cut import ARRIVALS, Cut
from benchmarks.new_items.fits import KINDS, model_at
from benchmarks.new_items.measures import measured, share_of_likes
from benchmarks.new_items.moments import first_likes, sampled
from benchmarks.new_items.new_items_page import page
from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import ModelConfig
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine
from tastegraph.models.item_features import ItemFeatures

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "new_items.json"
DOCUMENT = ROOT / "docs" / "new-items-results.md"
SETS = ("ml100k", "ml1m-pearlm")
"""Those with times; amazon-beauty has an order alone."""


def main() -> None:
    """Measure each set, and write what was measured after each arrival."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", choices=SETS, default=SETS)
    parser.add_argument("--cut", type=float, default=0.8, help="share of the events before it")
    parser.add_argument("--users", type=int, default=2000, help="whose lists are looked at")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=ModelConfig().epochs)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    arguments = parser.parse_args()
    config = ModelConfig(seed=arguments.seed, epochs=arguments.epochs)
    for name in arguments.sets:
        dataset = BENCHMARKS[name].load(arguments.data, 1)
        item_features = item_features_of(dataset)
        played: dict[str, Any] = {}
        for arrival in ARRIVALS:
            cut = Cut.of(dataset.events, arguments.cut, arrival, arguments.seed)
            say(f"{name}, {arrival}: {int(cut.new.sum())} new items")
            played[arrival] = replayed(cut, item_features, arguments.users, config)
            results = (
                json.loads(arguments.results.read_text("utf-8"))
                if arguments.results.exists()
                else {}
            )
            of_set = {
                "cut": arguments.cut,
                "seed": arguments.seed,
                "epochs": arguments.epochs,
                **played,
            }
            sets = results.get("sets", {}) | {name: of_set}
            results["sets"] = {one: sets[one] for one in SETS if one in sets}
            results["machine"] = machine()
            arguments.results.write_text(
                json.dumps(results, indent=1, allow_nan=False) + "\n", "utf-8"
            )
            arguments.document.write_text(page(results), encoding="utf-8")


def replayed(
    cut: Cut, item_features: ItemFeatures, users: int, config: ModelConfig
) -> dict[str, Any]:
    """The sizes of one arrival, the share of likes, and every rule's figures of either model."""
    lists = sampled(cut, users, config.history, config.seed)
    firsts = first_likes(cut, config.history)
    measured_set: dict[str, Any] = {
        "items": cut.events.n_items,
        "new": int(cut.new.sum()),
        "new_liked": len(np.unique(firsts.items)),
        "people": len(np.unique(lists.users)),
        "lists": len(lists),
        "first_likes": len(firsts),
        "share_of_likes": share_of_likes(cut, lists),
        "models": {},
    }
    for kind in KINDS:
        model = model_at(cut, item_features, kind, config)
        measured_set["models"][kind] = measured(cut, model, lists, firsts, config.seed)
        for rule, figures in measured_set["models"][kind].items():
            say(
                f"{kind}, {rule}: {figures['share']['mean']:.3f} of places, "
                f"NDCG@10 {figures['known']['mean']:.4f} of known items "
                f"({figures['known_hidden']['mean']:.4f} without new ones), "
                f"{figures['first_likes']['mean']:.4f} of new items' first likes"
            )
    return measured_set


if __name__ == "__main__":
    main()
