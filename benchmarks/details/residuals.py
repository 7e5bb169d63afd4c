"""What the lists miss: for each wanted item its rank, by how popular it is and how much is known.

The whole system under seed 1, with the settings that the benchmark chose where it was run before. A
wanted item's popularity is its number of known likes, a user's history theirs; both are parted at
their quartiles over the wanted items. `misses_listed_by` is the share of what our lists miss that
the lists of a simpler model hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.fingerprint import fingerprint
from benchmarks.published.lists import EVALUATION
from benchmarks.published.measured import Store
from benchmarks.published.reading import item_features_of
from tastegraph.core.arrays import CSR, Ints
from tastegraph.core.config import ModelConfig
from tastegraph.core.top_k import top_k_blocks
from tastegraph.data.downloads import cache_root
from tastegraph.evaluation.comparison import baseline_runs, system_runs
from tastegraph.evaluation.evaluator import (
    FITTED_ON,
    TRAIN_ONLY,
    EvaluationData,
    Evaluator,
    Run,
    histories_for,
)
from tastegraph.evaluation.tables import REFERENCE

DEPTH = 100
PEERS = ("popularity", "itemknn")


def residuals(name: str, data: Path) -> dict[str, Any]:
    """Of the system's lists on one set."""
    benchmark, config = BENCHMARKS[name], ModelConfig(seed=1)
    dataset = benchmark.load(data, 1)
    item_features, history = item_features_of(dataset), benchmark.histories[0]
    events = EvaluationData(dataset.events, dataset.parts, item_features)
    judge = Evaluator.of(events, EVALUATION, config)
    cutoff = int(benchmark.metrics[0].partition("@")[2])

    folder = cache_root() / "benchmark" / name / fingerprint(dataset, item_features, config)
    before = Store(folder).get(REFERENCE, history, config.seed)
    hyperparameters = None if before is None else before.choice
    fitted_on = FITTED_ON[history]
    runs = system_runs(REFERENCE, item_features, events, config, hyperparameters, [fitted_on])
    ours = _knowing(history, runs)
    ranks = _ranks(judge, ours)
    targets, popularity = judge.targets, judge.popularity[history]
    user = np.repeat(np.arange(targets.shape[0]), np.diff(targets.indptr))
    length = np.diff(
        (events.train if history == TRAIN_ONLY else events.train_and_valid).user_items().indptr
    )
    missed = ranks >= cutoff
    results: dict[str, Any] = {
        "history": history,
        "cutoff": cutoff,
        "wanted": len(ranks),
        "listed": float(np.mean(~missed)),
        "just_missed": float(np.mean((ranks >= cutoff) & (ranks < DEPTH))),
        "beyond": float(np.mean(ranks >= DEPTH)),
        "by_popularity": _by_quartile(popularity[targets.indices], ranks, cutoff),
        "by_history": _by_quartile(length[judge.user_rows[user]], ranks, cutoff),
        "misses_listed_by": {},
    }
    for peer in PEERS:
        run = _knowing(history, baseline_runs(peer, events, config))
        listed = _ranks(judge, run) < cutoff
        results["misses_listed_by"][peer] = float(listed[missed].mean())
    return results


def _knowing(history: str, runs: Iterable[Run]) -> Run:
    """The one that is fitted for ``history``."""
    run = next(e for e in runs if e.history == FITTED_ON[history])
    return replace(run, history=history)


def _ranks(judge: Evaluator, run: Run) -> NDArray[np.int64]:
    """Rank from 0 of every cell of ``judge.targets``; ``DEPTH`` where it is not among so many."""
    events = judge.data.train if run.history == TRAIN_ONLY else judge.data.train_and_valid
    everyone = histories_for(run.scorer, events, judge.config)
    top = top_k_blocks(
        lambda rows: run.scorer.score([everyone[judge.user_rows[row]] for row in rows]),
        len(judge.user_rows), judge.masked, DEPTH,
    )  # fmt: skip
    return ranks_of(top, judge.targets)


def ranks_of(top: NDArray[np.int32], targets: CSR) -> NDArray[np.int64]:
    """int64[nnz]: where each wanted item stands in int32[U, k], k where nowhere."""
    user = np.repeat(np.arange(targets.shape[0]), np.diff(targets.indptr))
    hits = top[user] == targets.indices[:, None]
    ranks = np.where(hits.any(axis=1), hits.argmax(axis=1), top.shape[1])
    return np.asarray(ranks, dtype=np.int64)


def _by_quartile(values: Ints, ranks: Ints, cutoff: int) -> list[dict[str, float]]:
    edges = np.quantile(values, (0.25, 0.5, 0.75))
    quarter = np.searchsorted(edges, values, side="left")
    return [
        {
            "from": int(values[quarter == q].min()),
            "to": int(values[quarter == q].max()),
            "share": float(np.mean(quarter == q)),
            "listed": float(np.mean(ranks[quarter == q] < cutoff)),
            "beyond": float(np.mean(ranks[quarter == q] >= DEPTH)),
        }
        for q in range(4)
        if (quarter == q).any()
    ]
