"""Lists of all items for new users with short histories, and where events are sparse.

new_people.SET.N.rows.ROW.{ndcg@20, recall@20}    a fifth of the users is in no training signal;
                                                  their histories are cut to 1, 3, 5 events
sparse.SET.SHARE.rows.ROW.{ndcg@20, recall@20}    events before the test split thinned to 50, 20
                                                  and 10 %
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.language.cold_task import MAX_HISTORY
from benchmarks.language.encoders import CachedEncoders, item_texts_of
from benchmarks.language.measures import RowScorer, UserValues, list_metrics, summary
from benchmarks.language.sets import BenchmarkDataset
from tastegraph.core.arrays import CSR, without
from tastegraph.core.config import ModelConfig
from tastegraph.core.progress import say
from tastegraph.models.baselines import BASELINES
from tastegraph.models.fit import assemble, fit
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.kernels import Scores
from tastegraph.models.tuning import choose
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.profiles.splits import TEST, TRAIN, VALID

ROWS = ("system", "system_no_text", "ease", "popularity")
SEEDS = {"ml100k": (1, 2, 3)}
ONE_SEED = (1,)
"""Of the larger data sets, whose many users make the intervals narrow."""
HISTORY_LENGTHS = (1, 3, 5)
EVENT_SHARES = (0.5, 0.2, 0.1)
EASE_REGULARISATION = 250.0
ONE_IN = 5
"""Every fifth user is new."""
EPOCHS = 1
"""Most epochs of the graph network, which does not rank cold items."""
HistoryScorer = Callable[[Sequence[History]], Scores]


def measure_new_users(dataset: BenchmarkDataset, encoders: CachedEncoders) -> dict[str, Any]:
    """One table for each length of history."""
    item_features = encoders.item_features(dataset, encoders.frozen, item_texts_of(dataset))
    values: dict[int, dict[str, list[UserValues]]]
    values = {length: {row: [] for row in ROWS} for length in HISTORY_LENGTHS}
    events, parts = dataset.events, dataset.parts
    before, liked = np.isin(parts, (TRAIN, VALID)), events.weights > 0
    known = events.select(before).user_items()
    targets = without(events.select((parts == TEST) & liked).user_items(), known)
    for seed in SEEDS.get(dataset.name, ONE_SEED):
        say(f"{dataset.name}, new users, seed {seed}")
        drawn = np.random.default_rng(seed).permutation(events.n_users)[: events.n_users // ONE_IN]
        is_new = np.zeros(events.n_users, dtype=np.bool_)
        is_new[drawn] = True
        others = ~is_new[events.users]
        likes = events.select(before & liked).histories(MAX_HISTORY)
        users = np.flatnonzero(is_new & (np.diff(targets.indptr) > 0))
        users = users[[len(likes[user]) > 0 for user in users]]
        for row, scorer in _scorers(
            item_features,
            events.select(others & (parts == TRAIN)),
            events.select(others & (parts == VALID) & liked).user_items(),
            events.select(others & before),
            seed,
        ):
            for length in HISTORY_LENGTHS:
                histories = [likes[user].newest(length) for user in users]
                metrics = list_metrics(row_scorer(scorer, histories), known[users], targets[users])
                values[length][row].append(metrics)
    return {str(length): {"rows": summary(rows)} for length, rows in values.items()}


def measure_sparse_data(dataset: BenchmarkDataset, encoders: CachedEncoders) -> dict[str, Any]:
    """One table for each share of the events."""
    item_features = encoders.item_features(dataset, encoders.frozen, item_texts_of(dataset))
    events, parts = dataset.events, dataset.parts
    before, liked = np.isin(parts, (TRAIN, VALID)), events.weights > 0
    seen = events.select(before).user_items()
    targets = without(events.select((parts == TEST) & liked).user_items(), seen)
    users = np.flatnonzero(np.diff(targets.indptr) > 0)
    values: dict[float, dict[str, list[UserValues]]]
    values = {share: {row: [] for row in ROWS} for share in EVENT_SHARES}
    for share in EVENT_SHARES:
        for seed in SEEDS.get(dataset.name, ONE_SEED):
            say(f"{dataset.name}, {share:.0%} of the events, seed {seed}")
            sampled = np.random.default_rng(seed).random(len(events)) < share
            known = events.select(before & sampled)
            all_histories = known.histories(MAX_HISTORY)
            histories = [all_histories[user] for user in users]
            for row, scorer in _scorers(
                item_features,
                events.select(sampled & (parts == TRAIN)),
                events.select(sampled & (parts == VALID) & liked).user_items(),
                known,
                seed,
            ):
                metrics = list_metrics(row_scorer(scorer, histories), seen[users], targets[users])
                values[share][row].append(metrics)
    return {f"{share:g}": {"rows": summary(rows)} for share, rows in values.items()}


def fitted_system(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    known: Interactions,
    seed: int,
) -> HybridModel:
    """The whole system: tuned on ``valid`` after ``training``, then fitted on ``known``."""
    config = ModelConfig(seed=seed, epochs=EPOCHS, history=MAX_HISTORY)
    hyperparameters = choose(item_features, training, valid, config).hyperparameters
    return assemble(
        item_features, known.user_items(), fit(item_features, known, hyperparameters, config)
    )


def row_scorer(scorer: HistoryScorer, histories: Sequence[History]) -> RowScorer:
    """``scorer`` of ``histories`` by their rows."""
    return lambda rows: scorer([histories[row] for row in rows])


def _scorers(
    item_features: ItemFeatures, training: Interactions, valid: CSR, known: Interactions, seed: int
) -> Iterator[tuple[str, HistoryScorer]]:
    """(row, its scorer), fitted on ``known`` with hyperparameters tuned on ``valid``."""
    without_text = item_features.text_off()
    for row, features in (("system", item_features), ("system_no_text", without_text)):
        yield row, fitted_system(features, training, valid, known, seed).score
    likes = known.user_items()
    yield "ease", BASELINES["ease"].fit(likes, EASE_REGULARISATION).score
    yield "popularity", BASELINES["popularity"].fit(likes).score
