"""Matrix factorisation by implicit: its default setting and a few around it.

python implicit_peer.py ALS|BPR FOLDER OUT --limit SECONDS --k 20
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking

from benchmarks.peers import bench
from benchmarks.peers.bench import Clock
from benchmarks.peers.split import Lists, Split

THREADS = int(os.environ["OMP_NUM_THREADS"])
GRIDS = {
    "ALS": (
        AlternatingLeastSquares,
        {"factors": (100, 50), "alpha": (1, 10, 40), "regularization": (0.01, 1)},
    ),
    "BPR": (
        BayesianPersonalizedRanking,
        {"factors": (100, 50), "learning_rate": (0.01, 0.05), "regularization": (0.01, 0.001)},
    ),
}


def run(name: str, split: Split, clock: Clock, _: Path) -> Lists:
    return bench.choose(split, clock, _candidates(name, split))


def _candidates(name: str, split: Split) -> Iterator[Lists]:
    make, grid = GRIDS[name]
    train = split.matrix(split.train)
    for values in product(*grid.values()):
        setting = dict(zip(grid, values, strict=True))
        model = make(**setting, num_threads=THREADS, random_state=0)
        model.fit(train, show_progress=False)
        items, scores = model.recommend(np.arange(split.n_users), train, N=split.width)
        yield np.where(scores > -1e30, items, -1)


if __name__ == "__main__":
    bench.main("implicit", run)
