"""A researcher compares her own model with Tastegraph's, on one split and with one set of metrics.

    python examples/compare_models.py                        # MovieLens-100K
    python examples/compare_models.py events.csv --hybrid    # user_id, item_id, timestamp, …

Her model needs two methods, ``fit`` and ``score``, and nothing of Tastegraph's. With
``--plot FILE`` the figures are drawn as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

import tastegraph
from tastegraph.data import downloads
from tastegraph.evaluation.comparison_result import ComparisonResult


class MarkovChain:
    """What is liked next after the last liked item: a first-order Markov chain.

    Args:
        smoothing: weight of an item's popularity beside the transitions to it.
    """

    name = "Markov chain"

    def __init__(self, smoothing: float = 0.1) -> None:
        self.smoothing = smoothing

    def fit(self, dataset: tastegraph.Dataset) -> MarkovChain:
        """Count transitions between successive likes of each user."""
        likes = dataset.to_frame().filter(pl.col("weight") > 0).sort("user_id", "timestamp")
        row = {item: place for place, item in enumerate(dataset.item_ids)}
        items = np.array([row[item] for item in likes["item_id"]])
        users = likes["user_id"].to_numpy()
        same = users[1:] == users[:-1]
        cells = items[:-1][same], items[1:][same]
        shape = dataset.n_items, dataset.n_items
        counts = sparse.csr_array((np.ones(int(same.sum())), cells), shape=shape)
        self.transitions = counts.multiply(1 / np.maximum(counts.sum(axis=1), 1)[:, None]).tocsr()
        popularity = np.bincount(items, minlength=dataset.n_items)
        self.prior = self.smoothing * popularity / popularity.sum()
        self.last_item = dict(zip(users.tolist(), items.tolist(), strict=True))
        return self

    def score(self, users: Sequence[object]) -> NDArray[np.float64]:
        """Scores of all items for ``users``: one row for each, the items as in ``item_ids``."""
        scores = np.tile(self.prior, (len(users), 1))
        known = [place for place, user in enumerate(users) if user in self.last_item]
        last = [self.last_item[users[place]] for place in known]
        scores[known] += self.transitions[last].toarray()
        return scores


def compare(events: pl.DataFrame, *, hybrid: bool = False, seed: int = 1) -> ComparisonResult:
    """Fit all models on the older events of every user, and test them on the newest."""
    models = [
        MarkovChain(),
        tastegraph.models.Popularity(),
        tastegraph.models.ItemKNN(neighbours=100),
        tastegraph.models.EASE(regularization=250, half_life=10),
    ]
    if hybrid:
        models.append(tastegraph.Hybrid(seed=seed))
    return tastegraph.evaluate(
        models, events, split="user-temporal", metrics=["ndcg", "recall", "coverage"], k=10,
        seed=seed,
    )  # fmt: skip


def movielens() -> pl.DataFrame:
    """The ratings of MovieLens-100K, downloaded on first use."""
    file = downloads.find("ml-100k") / "ml-100k.inter"
    columns = ["user_id", "item_id", "rating", "timestamp"]
    return pl.read_csv(file, separator="\t", new_columns=columns)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparison, and the users for whom the own model is best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("events", nargs="?", help="a CSV file; by default MovieLens-100K")
    parser.add_argument("--hybrid", action="store_true", help="compare with the whole model too")
    parser.add_argument("--plot", metavar="FILE", help="draw NDCG@10 by slice")
    options = parser.parse_args(arguments)
    events = movielens() if options.events is None else pl.read_csv(options.events)
    comparison = compare(events, hybrid=options.hybrid)
    print(comparison)
    by_user = comparison.per_user.filter(pl.col("metric") == "ndcg@10").pivot(
        "model", index="user_id", values="value"
    )
    ahead = by_user.filter(pl.col("Markov chain") > pl.col("EASE"))
    print(f"The Markov chain is ahead of EASE for {len(ahead)} of {len(by_user)} users.")
    if options.plot:
        comparison.plot("slices", "ndcg@10").figure.savefig(options.plot)


if __name__ == "__main__":
    main()
