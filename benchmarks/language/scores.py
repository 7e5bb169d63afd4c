"""Means, intervals and tests over people and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.language.task import METRICS, Values, pooled
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p

RESAMPLES = 10_000
SYSTEM = "system"


def told(
    found: Mapping[str, Sequence[Values]], reference: str = SYSTEM
) -> dict[str, dict[str, Any]]:
    """For each row its means, intervals over people and seeds, the seeds' own means, and p.

    Args:
        found: row → one entry for each seed, over the same people in every row.
        reference: the row that p compares with, on NDCG@20; Holm-adjusted.
    """
    together = {name: pooled(values) for name, values in found.items()}
    p = {}
    if reference in together:
        p = holm(
            {
                name: paired_p(together[reference]["ndcg@20"], values["ndcg@20"], RESAMPLES, 1)
                for name, values in together.items()
                if name != reference
            }
        )
    rows: dict[str, dict[str, Any]] = {}
    for name, values in together.items():
        row: dict[str, Any] = {}
        for metric in METRICS:
            known = values[metric][np.isfinite(values[metric])]
            row[metric] = round(float(known.mean()), 4)
            row[f"{metric}_interval"] = [round(x, 4) for x in bootstrap_interval(known, 1000, 1)]
            row[f"{metric}_by_seed"] = [
                round(float(np.nanmean(seed[metric])), 4) for seed in found[name]
            ]
        if name in p:
            row["p"] = round(p[name], 5)
        rows[name] = row
    return rows
