"""Strict cold items: every row of the table, over the seeds.

    cold_items.SET.rows.ROW.{ndcg@20, recall@20}

with intervals, of lists of cold items. ``among_all`` has the same rows with lists of all items,
``same_period`` those of text alone with the events on cold items before the test split as targets.
``ridge_best`` is the best of the mapped representations on the test data themselves: an upper bound
that no competitor would reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.language.cold_rankers import (
    maker_popularity,
    neighbours,
    random_scores,
    representations,
    ridge_rankers,
)
from benchmarks.language.cold_task import ColdItemTask
from benchmarks.language.encoders import (
    CachedEncoders,
    finetuned_models,
    finetuning_summary,
    item_texts_of,
    item_texts_with_facts,
)
from benchmarks.language.measures import RowScorer, UserValues, summary
from benchmarks.language.sets import SETS, BenchmarkDataset
from benchmarks.language.warm import fitted_system, row_scorer
from tastegraph.core.config import FinetuningConfig
from tastegraph.core.progress import say
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.knowledge import unit_rows
from tastegraph.models.text import text_features
from tastegraph.profiles.association import associate
from tastegraph.text.words import word_features

SEEDS = (1, 2, 3)
FINETUNING = FinetuningConfig(pretraining_steps=30, steps=30, batch_size=32)
"""Shorter than by default: three models for each of nine tasks, on two cores."""
SYSTEM_FINETUNED_SETS = ("ml100k",)
"""Data sets on which the whole system is measured with the fine-tuned model too."""
TEXT_ROWS = ("frozen", "facts", "pretrained", "aligned", "co_engagement")
"""Rows that are measured on the same period too."""
RowValues = dict[str, list[UserValues]]
"""Row → one entry for each seed."""


def measure(
    dataset: BenchmarkDataset, encoders: CachedEncoders, seeds: tuple[int, ...] = SEEDS
) -> dict[str, Any]:
    """All rows of one data set."""
    cold: RowValues = {}
    of_all: RowValues = {}
    same_period: RowValues = {}
    ridges: RowValues = {}
    finetunings: list[dict[str, Any]] = []
    for seed in seeds:
        say(f"{dataset.name}, seed {seed}")
        task = ColdItemTask.of(dataset, seed)
        for row, scorer in _scorers(task, encoders, finetunings):
            of_all.setdefault(row, []).append(task.all_metrics(scorer))
            values = ridges if row.startswith("ridge ") else cold
            values.setdefault(row, []).append(task.cold_metrics(scorer))
            if row in TEXT_ROWS:
                same_period.setdefault(row, []).append(task.same_period_metrics(scorer))
    best = _best(ridges)
    cold["ridge_best"] = ridges[best]
    of_all["ridge_best"] = of_all[best]
    of_all = {row: values for row, values in of_all.items() if row not in ridges}
    return {
        "seeds": list(seeds),
        "people": len(cold["system"][0]["ndcg@20"]),
        "cold_items": int(ColdItemTask.of(dataset, seeds[0]).cold.sum()),
        "ridge_best": best.removeprefix("ridge "),
        "rows": summary(cold),
        "among_all": {"rows": summary(of_all)},
        "same_period": {"rows": summary(same_period, reference="frozen")},
        "ridges": {
            name: round(float(np.mean([v["ndcg@20"].mean() for v in values])), 4)
            for name, values in ridges.items()
        },
        "lessons": finetunings,
    }


def _scorers(
    task: ColdItemTask, encoders: CachedEncoders, finetunings: list[dict[str, Any]]
) -> Iterator[tuple[str, RowScorer]]:
    """(row, its scorer); a summary of each fine-tuning is appended to ``finetunings``."""
    dataset = task.dataset
    associations = associate(dataset.graph)
    texts = item_texts_of(dataset)
    words = word_features(texts)
    frozen = encoders.of(dataset.name)(encoders.frozen, texts)
    yield "random", random_scores(task)
    yield "popularity", maker_popularity(task, associations)
    yield "tfidf", neighbours(task, words)
    yield "frozen", neighbours(task, _centred(frozen))
    yield "kg_tfidf", neighbours(task, unit_rows(associations.strength))
    for name, features in representations(associations, words, frozen).items():
        for settings, scorer in ridge_rankers(task, features):
            yield f"ridge {name}, {settings}", scorer
    if dataset.name in SETS:
        yield from _finetuned_scorers(task, encoders, finetunings)
    yield "system", _system(task, encoders.item_features(dataset, encoders.frozen, texts))


def _finetuned_scorers(
    task: ColdItemTask, encoders: CachedEncoders, finetunings: list[dict[str, Any]]
) -> Iterator[tuple[str, RowScorer]]:
    dataset, encode = task.dataset, encoders.of(task.dataset.name)
    texts = item_texts_with_facts(dataset)
    yield "facts", neighbours(task, _centred(encode(encoders.frozen, texts)))
    models = finetuned_models(encoders, task, FINETUNING)
    finetunings.append(finetuning_summary(models))
    for row, model in models.items():
        yield row, neighbours(task, _centred(encode(model, texts)))
    if dataset.name in SYSTEM_FINETUNED_SETS:
        model = models["co_engagement"]
        item_features = encoders.item_features(dataset, model, texts, finetuned=True)
        yield "system_taught", _system(task, item_features)


def _system(task: ColdItemTask, item_features: ItemFeatures) -> RowScorer:
    model = fitted_system(item_features, task.training, task.valid, task.known, task.seed)
    return row_scorer(model.score, task.histories)


def _best(ridges: Mapping[str, list[UserValues]]) -> str:
    return max(ridges, key=lambda row: np.mean([v["ndcg@20"].mean() for v in ridges[row]]))


def _centred(vectors: np.ndarray) -> np.ndarray:
    return text_features(vectors, word_features([""] * len(vectors)))
