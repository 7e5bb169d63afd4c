"""Sparse data: everybody's events before the test part thinned to 50, 20 and 10 %.

sparse.SET.SHARE.rows.ROW.{ndcg@20, recall@20}
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.language.scores import told
from benchmarks.language.sets import BenchmarkDataset
from benchmarks.language.task import NEWEST, Values
from benchmarks.language.taught import Reader, plain
from benchmarks.language.warm import ROWS, judged, scorers
from tastegraph.core.arrays import without
from tastegraph.core.progress import say
from tastegraph.profiles.splits import TEST, TRAIN, VALID

SEEDS = {"ml100k": (1, 2, 3)}
ONE = (1,)
"""Of the larger sets, whose many people make their intervals narrow."""
SHARES = (0.5, 0.2, 0.1)


def of_set(told_set: BenchmarkDataset, reader: Reader) -> dict[str, Any]:
    """One table for each share of the events."""
    item_features = reader.item_features(told_set, reader.frozen, plain(told_set))
    events, parts = told_set.events, told_set.parts
    before = np.isin(parts, (TRAIN, VALID))
    whole = events.select(before).user_items()
    wanted = without(events.select((parts == TEST) & (events.weights > 0)).user_items(), whole)
    people = np.flatnonzero(np.diff(wanted.indptr) > 0)
    found: dict[float, dict[str, list[Values]]] = {s: {row: [] for row in ROWS} for s in SHARES}
    for share in SHARES:
        for seed in SEEDS.get(told_set.name, ONE):
            say(f"{told_set.name}, {share:.0%} of the events, seed {seed}")
            kept = np.random.default_rng(seed).random(len(events)) < share
            known = events.select(before & kept)
            histories = known.histories(NEWEST)
            for row, scorer in scorers(
                item_features,
                events.select(kept & (parts == TRAIN)),
                events.select(kept & (parts == VALID) & (events.weights > 0)).user_items(),
                known,
                seed,
            ):
                asked = [histories[person] for person in people]
                found[share][row].append(judged(scorer, asked, whole[people], wanted[people]))
    return {f"{share:g}": {"rows": told(rows)} for share, rows in found.items()}
