"""Models of LensKit: their default setting and a few around it.

python lenskit_peer.py ItemKNN|EASE|ImplicitMF FOLDER OUT --limit SECONDS --k 20
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from lenskit.als import ImplicitMFScorer
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer
from lenskit.training import TrainingOptions

from benchmarks.peers import bench
from benchmarks.peers.bench import Clock
from benchmarks.peers.split import Lists, Split

GRIDS = {
    "ItemKNN": (ItemKNNScorer, {"feedback": ("implicit",), "max_nbrs": (20, 100, 500)}),
    "EASE": (EASEScorer, {"regularization": (1, 10, 50, 250)}),
    "ImplicitMF": (
        ImplicitMFScorer,
        {"embedding_size": (50, 100), "weight": (40, 10), "regularization": (0.1, 1)},
    ),
}


def run(name: str, split: Split, clock: Clock, _: Path) -> Lists:
    return bench.choose(split, clock, _candidates(name, split))


def _candidates(name: str, split: Split) -> Iterator[Lists]:
    make, grid = GRIDS[name]
    events = pd.DataFrame(split.train, columns=["user_id", "item_id"]).drop_duplicates()
    data = from_interactions_df(events)
    history = {
        user: ItemList(item_ids=rows.to_numpy())
        for user, rows in events.groupby("user_id")["item_id"]
    }
    for values in product(*grid.values()):
        scorer = make(**dict(zip(grid, values, strict=True)))
        scorer.train(data, TrainingOptions(rng=0))
        yield _lists(scorer, history, ItemList(item_ids=events["item_id"].unique()), split)


def _lists(scorer: object, history: dict[int, ItemList], items: ItemList, split: Split) -> Lists:
    lists = np.full((split.n_users, split.width), -1, dtype=np.int32)
    ids = items.ids()
    width = min(split.width, len(ids))
    for user, seen in history.items():
        predicted = scorer(RecQuery(user_id=user, user_items=seen), items).scores()
        scores = np.where(np.isnan(predicted) | np.isin(ids, seen.ids()), -np.inf, predicted)
        top = np.argpartition(-scores, width - 1)[:width]
        top = top[np.argsort(-scores[top], kind="stable")]
        lists[user, :width] = np.where(np.isfinite(scores[top]), ids[top], -1)
    return lists


if __name__ == "__main__":
    bench.main("lenskit", run)
