"""NDCG and recall of lists, and their means, intervals and tests over users and seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR
from tastegraph.core.top_k import top_k_blocks
from tastegraph.evaluation.metrics import per_user
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p
from tastegraph.models.kernels import Scores

CUTOFF = 20
METRICS = ("ndcg@20", "recall@20")
RESAMPLES = 10_000
SYSTEM = "system"
"""The row that others are compared with."""
UserValues = dict[str, NDArray[np.float64]]
"""Metric → float64[U], its value for each user."""
RowScorer = Callable[[NDArray[np.int64]], Scores]
"""(rows of users) → float32[B, I]."""


def list_metrics(scorer: RowScorer, seen: CSR, targets: CSR) -> UserValues:
    """The metrics of every user's list over all items that the user has not seen.

    Args:
        scorer: of the users.
        seen: bool CSR[U, I].
        targets: bool CSR[U, I], the test events.
    """
    n_users, n_items = targets.shape
    top = top_k_blocks(scorer, n_users, seen, CUTOFF)
    values = per_user(top, targets, (CUTOFF,), np.ones(n_items, dtype=np.int64))
    return {name: values[name] for name in METRICS}


def summary(
    values: Mapping[str, Sequence[UserValues]], reference: str = SYSTEM
) -> dict[str, dict[str, Any]]:
    """For each row the means, their intervals over users and seeds, the means by seed, and p.

    Args:
        values: row → one entry for each seed, over the same users in every row.
        reference: the row that p compares with, on NDCG@20; Holm-adjusted.
    """
    by_row = {name: pooled(seeds) for name, seeds in values.items()}
    p = {}
    if reference in by_row:
        p = holm(
            {
                name: paired_p(by_row[reference]["ndcg@20"], row["ndcg@20"], RESAMPLES, 1)
                for name, row in by_row.items()
                if name != reference
            }
        )
    rows: dict[str, dict[str, Any]] = {}
    for name, of_row in by_row.items():
        row: dict[str, Any] = {}
        for metric in METRICS:
            finite = of_row[metric][np.isfinite(of_row[metric])]
            row[metric] = round(float(finite.mean()), 4)
            row[f"{metric}_interval"] = [round(x, 4) for x in bootstrap_interval(finite, 1000, 1)]
            row[f"{metric}_by_seed"] = [
                round(float(np.nanmean(seed[metric])), 4) for seed in values[name]
            ]
        if name in p:
            row["p"] = round(p[name], 5)
        rows[name] = row
    return rows


def pooled(seeds: Sequence[UserValues]) -> UserValues:
    """The values of several seeds, one after another."""
    return {name: np.concatenate([values[name] for values in seeds]) for name in METRICS}
