"""Other libraries' networks, trained without a limit until they end by themselves, and kept.

    python -m benchmarks peers DATA [SET …] [--peer "RecBole LightGCN"] …

What has finished is not run again; a RecBole training that was interrupted goes on from its last
checkpoint. ``python -m benchmarks published SET --peers`` then has these rows in its table.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from benchmarks.published.atomic import export_atomic
from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.peer import CONVERGING, fitting
from benchmarks.published.peers import outcomes, peer_folder
from tastegraph.core.progress import say

SETS = ("ml100k", "lastfm-lightkg", "ml1m-pearlm")


def main() -> None:
    """Run each peer on each set, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=SETS)
    names = [peer.name for peer in CONVERGING]
    parser.add_argument("--peer", action="append", choices=names)
    arguments = parser.parse_args()
    for name in arguments.sets:
        dataset, folder = BENCHMARKS[name].load(arguments.data, 1), peer_folder(name)
        export_atomic(dataset, folder)
        chosen = [peer for peer in CONVERGING if peer.name in (arguments.peer or names)]
        known = [peer for peer in chosen if peer in fitting(folder)]
        shape = dataset.events.n_users, dataset.events.n_items
        for outcome in outcomes(known, folder, shape, math.inf):
            valid = "" if outcome.best_valid is None else f", validation {outcome.best_valid:.4f}"
            say(f"{name}, {outcome.peer.name}: {outcome.error or outcome.ending()}{valid}")


if __name__ == "__main__":
    main()
