"""Strict cold items: every row of the table, over the seeds.

    cold_items.SET.rows.ROW.{ndcg@20, recall@20}

with intervals beside them, ranked among the cold items. ``among_all`` has the same rows ranked
among all items, ``same_period`` those of text alone for what people did with cold items before the
test part. ``ridge_best`` is, on the test data themselves, the best representation mapped to
64 or 256 collaborative factors: an oracle that no rival would have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.language.scores import told
from benchmarks.language.sets import SETS, BenchmarkDataset
from benchmarks.language.simple import (
    Ranker,
    by_maker,
    by_ridge,
    chance,
    neighbours,
    representations,
)
from benchmarks.language.system import fitted, ranker
from benchmarks.language.task import Task, Values
from benchmarks.language.taught import Reader, chain, learned, plain, with_facts
from tastegraph.core.config import FinetuningConfig
from tastegraph.core.progress import say
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.knowledge import unit_rows
from tastegraph.models.text import text_features
from tastegraph.profiles.association import associate
from tastegraph.text.words import word_features

SEEDS = (1, 2, 3)
TEACHING = FinetuningConfig(pretraining_steps=30, steps=30, batch_size=32)
"""Less than by default: three models for each of nine tasks, on two cores."""
TAUGHT_SYSTEM = ("ml100k",)
"""Where the whole system is measured with the taught model too."""
TAUGHT = ("frozen", "facts", "pretrained", "aligned", "co_engagement")
Found = dict[str, list[Values]]


def of_set(
    told_set: BenchmarkDataset, reader: Reader, seeds: tuple[int, ...] = SEEDS
) -> dict[str, Any]:
    """All rows of one set."""
    views: dict[str, Found] = {"cold": {}, "all": {}, "same": {}}
    ridges: Found = {}
    lessons = []
    for seed in seeds:
        say(f"{told_set.name}, seed {seed}")
        task = Task.of(told_set, seed)
        for row, rank in _rankers(task, reader, lessons):
            if row.startswith("ridge "):
                ridges.setdefault(row, []).append(task.among_cold(rank))
                views["all"].setdefault(row, []).append(task.among_all(rank))
                continue
            views["cold"].setdefault(row, []).append(task.among_cold(rank))
            views["all"].setdefault(row, []).append(task.among_all(rank))
            if row in TAUGHT:
                views["same"].setdefault(row, []).append(task.same_period(rank))
    best = _best(ridges)
    views["cold"]["ridge_best"] = ridges[best]
    views["all"] = {k: v for k, v in views["all"].items() if not k.startswith("ridge ")} | {
        "ridge_best": views["all"][best]
    }
    return {
        "seeds": list(seeds),
        "people": len(views["cold"]["system"][0]["ndcg@20"]),
        "cold_items": int(Task.of(told_set, seeds[0]).cold.sum()),
        "ridge_best": best.removeprefix("ridge "),
        "rows": told(views["cold"]),
        "among_all": {"rows": told(views["all"])},
        "same_period": {"rows": told(views["same"], reference="frozen")},
        "ridges": {
            name: round(float(np.mean([v["ndcg@20"].mean() for v in values])), 4)
            for name, values in ridges.items()
        },
        "lessons": lessons,
    }


def _rankers(
    task: Task, reader: Reader, lessons: list[dict[str, Any]]
) -> Iterator[tuple[str, Ranker]]:
    told_set = task.set
    associations = associate(told_set.graph)
    words = word_features(plain(told_set))
    read = reader.of(told_set.name)
    frozen = read(reader.frozen, plain(told_set))
    yield "random", chance(task)
    yield "popularity", by_maker(task, associations)
    yield "tfidf", neighbours(task, words)
    yield "frozen", neighbours(task, _centred(frozen))
    yield "kg_tfidf", neighbours(task, unit_rows(associations.strength))
    for name, features in representations(associations, words, frozen).items():
        for how, rank in by_ridge(task, features):
            yield f"ridge {name}, {how}", rank
    if told_set.name in SETS:
        yield from _taught(task, reader, lessons)
    item_features = reader.item_features(told_set, reader.frozen, plain(told_set))
    yield "system", _system(task, item_features)


def _taught(
    task: Task, reader: Reader, lessons: list[dict[str, Any]]
) -> Iterator[tuple[str, Ranker]]:
    told_set, read = task.set, reader.of(task.set.name)
    facts = with_facts(told_set)
    yield "facts", neighbours(task, _centred(read(reader.frozen, facts)))
    models = chain(reader, task, TEACHING)
    lessons.append(learned(models))
    for row, model in models.items():
        yield row, neighbours(task, _centred(read(model, facts)))
    if told_set.name in TAUGHT_SYSTEM:
        item_features = reader.item_features(told_set, models["co_engagement"], facts, taught=True)
        yield "system_taught", _system(task, item_features)


def _system(task: Task, item_features: ItemFeatures) -> Ranker:
    model = fitted(item_features, task.training, task.valid, task.known, task.seed)
    return ranker(model, task.histories)


def _best(ridges: Mapping[str, list[Values]]) -> str:
    return max(ridges, key=lambda row: np.mean([v["ndcg@20"].mean() for v in ridges[row]]))


def _centred(vectors: np.ndarray) -> np.ndarray:
    return text_features(vectors, word_features([""] * len(vectors)))
