"""New people: a fifth of everybody is in no training signal; their history is cut to 1, 3, 5.

new_people.SET.N.rows.ROW.{ndcg@20, recall@20}
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.language.scores import told
from benchmarks.language.sets import BenchmarkDataset
from benchmarks.language.task import EVERY, NEWEST, Values
from benchmarks.language.taught import Reader, plain
from benchmarks.language.warm import ROWS, judged, scorers
from tastegraph.core.arrays import without
from tastegraph.core.progress import say
from tastegraph.profiles.splits import TEST, TRAIN, VALID

SEEDS = {"ml100k": (1, 2, 3)}
ONE = (1,)
"""Of the larger sets, whose many people make their intervals narrow."""
EVENTS = (1, 3, 5)


def of_set(told_set: BenchmarkDataset, reader: Reader) -> dict[str, Any]:
    """One table for each length of history."""
    item_features = reader.item_features(told_set, reader.frozen, plain(told_set))
    found: dict[int, dict[str, list[Values]]] = {n: {row: [] for row in ROWS} for n in EVENTS}
    events, parts = told_set.events, told_set.parts
    for seed in SEEDS.get(told_set.name, ONE):
        say(f"{told_set.name}, new people, seed {seed}")
        drawn = np.random.default_rng(seed).permutation(events.n_users)[: events.n_users // EVERY]
        new = np.zeros(events.n_users, dtype=np.bool_)
        new[drawn] = True
        others = ~new[events.users]
        before = np.isin(parts, (TRAIN, VALID))
        wanted = without(
            events.select((parts == TEST) & (events.weights > 0)).user_items(),
            events.select(before).user_items(),
        )
        liked = events.select(before & (events.weights > 0)).histories(NEWEST)
        people = np.flatnonzero(new & (np.diff(wanted.indptr) > 0))
        people = people[[len(liked[person]) > 0 for person in people]]
        seen = events.select(before).user_items()[people]
        for row, scorer in scorers(
            item_features,
            events.select(others & (parts == TRAIN)),
            events.select(others & (parts == VALID) & (events.weights > 0)).user_items(),
            events.select(others & before),
            seed,
        ):
            for n in EVENTS:
                histories = [liked[person].newest(n) for person in people]
                found[n][row].append(judged(scorer, histories, seen, wanted[people]))
    return {str(n): {"rows": told(rows)} for n, rows in found.items()}
