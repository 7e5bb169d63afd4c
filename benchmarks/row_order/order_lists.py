"""Lists of what the command line built, judged by events that were in none of its files."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.sets.set import BenchmarkDataset
from benchmarks.row_order.order_files import EVENTS, ITEMS
from tastegraph.core.arrays import CSR, without
from tastegraph.core.config import CONFIG_FILE
from tastegraph.core.top_k import top_k
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.baselines import BASELINES
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TEST
from tastegraph.workspace import Workspace

METRICS = ("ndcg@10", "recall@20")
CUTOFFS = (10, 20)
REFERENCES = ("popularity", "itemknn", "ease")
"""With the settings of RecBole: what any order of rows leaves as it is."""
Values = Mapping[str, NDArray[np.float64]]


def held_out(dataset: BenchmarkDataset, n_users: int | None) -> tuple[Interactions, CSR]:
    """What the files hold, and bool CSR[U, I] of the test events that they do not.

    Args:
        dataset: the set in its published parts.
        n_users: the first so many users alone.
    """
    events = dataset.events
    chosen = events.users < (events.n_users if n_users is None else n_users)
    known = events.select(chosen & (dataset.parts != TEST))
    test = events.select(chosen & (dataset.parts == TEST))
    return known, without(test.user_items(), known.user_items())


def served_lists(
    folder: Path, known: Interactions, dataset: BenchmarkDataset, epochs: int
) -> tuple[NDArray[np.int32], dict[str, str]]:
    """int32[U, 20], everybody's list from a workspace of the command line; its files' hashes.

    Args:
        folder: has the files; its sub-folder ``workspace`` is made.
        known: whose lists are asked for.
        dataset: the set, whose items are numbered.
        epochs: upper bound of the network's.
    """
    workspace = folder / "workspace"
    _command("init", workspace)
    with (workspace / CONFIG_FILE).open("a", encoding="utf-8") as settings:
        settings.write(f"\n[model]\nepochs = {epochs}\n")
    _command("import", workspace, "--items", folder / ITEMS, "--events", folder / EVENTS)
    _command("build", workspace)
    opened, place = Workspace(workspace), {i: k for k, i in enumerate(dataset.graph.item_ids)}
    top = np.full((known.n_users, max(CUTOFFS)), -1, dtype=np.int32)
    for row in np.unique(known.users).tolist():
        answer = opened.engine.recommend(known.user_ids[row], max(CUTOFFS), reasons=0)
        items = [place[item.item_id] for item in answer.items]
        top[row, : len(items)] = items
    files: dict[str, str] = opened.snapshots.open().manifest["files"]
    opened.close()
    return top, files


def reference_lists(known: Interactions) -> dict[str, NDArray[np.int32]]:
    """Baseline → int32[U, 20], fitted on the same events."""
    likes, histories = known.user_items(), known.histories()
    return {
        name: top_k(
            BASELINES[name].fit(likes, *BASELINES[name].grid[0]).score(histories),
            likes, max(CUTOFFS),
        )
        for name in REFERENCES
    }  # fmt: skip


def judged(top: NDArray[np.int32], targets: CSR) -> Values:
    """Metric → float64[P], of the users who have something to find."""
    users = np.flatnonzero(np.diff(targets.indptr))
    nothing = np.zeros(targets.shape[1], dtype=np.int64)
    values = per_user(top[users], targets[users], CUTOFFS, nothing)
    return {metric: values[metric] for metric in METRICS}


def differences(one: Values, other: Values) -> dict[str, dict[str, Any]]:
    """Metric → mean of ``one`` less ``other``, its standard error, and whether it is within that.

    The error is that of the paired difference, which is less than either mean's. What is better by
    more is within it too.
    """
    results = {}
    for metric in METRICS:
        difference = one[metric] - other[metric]
        mean, error = float(difference.mean()), _standard_error(difference)
        results[metric] = {
            "mean": mean,
            "standard_error": error,
            "standard_error_of_random": _standard_error(other[metric]),
            "within": mean >= -error,
        }
    return results


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _command(verb: str, *arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "tastegraph", verb, *map(str, arguments)], check=True)
