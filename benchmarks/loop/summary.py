"""What a replay came to: means with intervals, tests, what retraining costs, new items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.loop.replay import ROWS, Slice
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p

PAIRS = (("fold_in", "frozen"), ("retrain", "fold_in"), ("retrain", "scratch"))
RESAMPLES = 10_000
AGES = ((0, 1), (1, 5), (5, 20), (20, 100))
"""From how many events of an item to how many."""
SOON = (1, 5, 20, 100)
"""Before which event of an item it is asked whether a list had it."""


def summary(slices: Sequence[Slice]) -> dict[str, Any]:
    """Means over users, and over all questions by slice and by age; tests, seconds."""
    played = [one.played for one in slices]
    everybody = {row: np.concatenate([p[row].values for p in played]) for row in ROWS}
    ages = np.concatenate([one.ages for one in slices])
    # The questions of one user in several slices are one observation.
    _, who = np.unique(np.concatenate([one.users for one in slices]), return_inverse=True)
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


def _of_age(
    everybody: Mapping[str, NDArray[np.float64]], ages: NDArray[np.int64], least: int, below: int
) -> dict[str, Any]:
    """What each row reaches on items that were new, when they had had so many events."""
    at = (ages >= least) & (ages < below)
    entry: dict[str, Any] = {"events": [least, below - 1], "asked": int(at.sum())}
    if at.any():
        entry["ndcg@10"] = {row: float(values[at].mean()) for row, values in everybody.items()}
    return entry


def _listed(slices: Sequence[Slice], event: int) -> dict[str, Any]:
    """Of the new items with so many events, the share that a list of each row had before that."""
    had = slices[-1].event_counts >= event
    entry: dict[str, Any] = {"before": event, "items": int(had.sum())}
    if had.any():
        entry["share"] = {
            row: float(
                np.mean(np.min([one.played[row].fewest[had] for one in slices], axis=0) < event)
            )
            for row in ROWS
        }
    return entry
