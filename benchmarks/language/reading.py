"""Whole texts against vectors of tokens: how much faster it is, and what is lost.

    reading.SET.cold.ROW.{ndcg@20, recall@20}
    reading_system.SET.{cold, warm}.ROW.{ndcg@20, recall@20}
    reading_speed.{distillation_seconds, tokens, readers.READER.{texts, texts_per_second}}

``cold``: lists of cold items, as in :mod:`benchmarks.language.cold_items`; ``warm``: lists of all
items, with every event before the test split. p compares with the same ranker of whole texts.
Speed is processor time on one thread, the readers in turn in one run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from benchmarks.growth.shop import write_shop
from benchmarks.language.cold_rankers import neighbours, ridge_rankers
from benchmarks.language.cold_task import MAX_HISTORY, ColdItemTask
from benchmarks.language.encoders import ENCODER, CachedEncoders, item_texts_of
from benchmarks.language.measures import RowScorer, UserValues, list_metrics, summary
from benchmarks.language.sets import BenchmarkDataset
from benchmarks.language.warm import fitted_system, row_scorer
from tastegraph.core.arrays import without
from tastegraph.core.progress import say
from tastegraph.data import downloads
from tastegraph.models.text import centred_rows
from tastegraph.profiles.splits import TEST, TRAIN, VALID
from tastegraph.text.batching import encode_in_batches
from tastegraph.text.distillation import distil
from tastegraph.text.encoder import ensure_distilled
from tastegraph.text.static import StaticEncoder, read_distillation
from tastegraph.text.torch_model import TorchModel

READERS = ("whole", "tokens")
SEEDS = (1, 2, 3)
SYSTEM_SEED = 1
RIDGE_RANK, RIDGE_PENALTY = 256, 1.0
"""Of the ridge regression to collaborative factors: in the middle of those of cold items."""
SHOP_ITEMS, WHOLE_TEXTS = 10_000, 256
"""Texts that the tokens' vectors read, and how many of them the model reads itself."""
SPEED_MAX_TOKENS = 128


class TokenEncoders(CachedEncoders):
    """Encodes texts by the vectors of a model's tokens."""

    def vectors(self, model: Path, texts: Sequence[str], max_tokens: int) -> NDArray[np.float32]:
        """float32[n, d], rows of length 1, or of 0 for an empty text."""
        ensure_distilled(model)
        return StaticEncoder(model, max_tokens).encode(texts)


def measure(
    dataset: BenchmarkDataset,
    readers: Mapping[str, CachedEncoders],
    seeds: tuple[int, ...] = SEEDS,
) -> dict[str, Any]:
    """Lists of cold items by texts alone, without and with what users like, by both readers."""
    texts = item_texts_of(dataset)
    rows: dict[str, list[UserValues]] = {}
    for seed in seeds:
        task = ColdItemTask.of(dataset, seed)
        for reader, encoders in readers.items():
            say(f"{dataset.name}, seed {seed}: {reader}")
            vectors = centred_rows(encoders.of(dataset.name)(encoders.frozen, texts))
            scorers = {"neighbours": neighbours(task, vectors), "ridge": _ridge(task, vectors)}
            for ranker, scorer in scorers.items():
                rows.setdefault(f"{ranker}, {reader}", []).append(task.cold_metrics(scorer))
    return {"seeds": list(seeds), "cold": _compared(rows)}


def measure_system(
    dataset: BenchmarkDataset, readers: Mapping[str, CachedEncoders]
) -> dict[str, Any]:
    """Lists of cold items and of all items by the whole system, by both readers."""
    task = ColdItemTask.of(dataset, SYSTEM_SEED)
    rows: dict[str, list[UserValues]] = {}
    for reader, encoders in readers.items():
        say(f"{dataset.name}, cold items: {reader}")
        features = encoders.item_features(dataset, encoders.frozen, item_texts_of(dataset))
        model = fitted_system(features, task.training, task.valid, task.known, task.seed)
        scorer = row_scorer(model.score, task.histories)
        rows[f"system, {reader}"] = [task.cold_metrics(scorer)]
    return {"cold": _compared(rows), "warm": _compared(_warm(dataset, readers))}


def measure_speed() -> dict[str, Any]:
    """Texts of a shop that each reader reads in a second of processor time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _speed(downloads.find(ENCODER))
    finally:
        torch.set_num_threads(threads)


def _speed(model: Path) -> dict[str, Any]:
    start = time.process_time()
    distil(model)
    seconds = time.process_time() - start
    with tempfile.TemporaryDirectory() as folder:
        write_shop(SHOP_ITEMS, Path(folder))
        shop = pl.read_csv(Path(folder) / "items.csv")
    texts = (shop["title"] + ". " + shop["text"]).to_list()
    few = texts[:WHOLE_TEXTS]
    readers: dict[str, dict[str, Any]] = {}
    for precision in ("float32", "bfloat16"):
        whole = TorchModel(model, SPEED_MAX_TOKENS, precision)
        encode_in_batches(whole, few[:8])
        start = time.process_time()
        encode_in_batches(whole, few)
        readers[f"whole texts, {precision}"] = _rate(len(few), time.process_time() - start)
    static = StaticEncoder(model, SPEED_MAX_TOKENS)
    start = time.process_time()
    static.encode(texts)
    readers["vectors of tokens"] = _rate(len(texts), time.process_time() - start)
    return {
        "distillation_seconds": round(seconds, 1),
        "tokens": read_distillation(model).tokens,
        "readers": readers,
    }


def _rate(n_texts: int, seconds: float) -> dict[str, Any]:
    return {"texts": n_texts, "texts_per_second": round(n_texts / seconds, 1)}


def _ridge(task: ColdItemTask, vectors: NDArray[np.float32]) -> RowScorer:
    """Vectors mapped to collaborative factors, with one penalty for both readers."""
    ((_, scorer),) = ridge_rankers(task, vectors, (RIDGE_RANK,), (RIDGE_PENALTY,))
    return scorer


def _warm(
    dataset: BenchmarkDataset, readers: Mapping[str, CachedEncoders]
) -> dict[str, list[UserValues]]:
    events, parts = dataset.events, dataset.parts
    before, liked = np.isin(parts, (TRAIN, VALID)), events.weights > 0
    known = events.select(before)
    seen = known.user_items()
    targets = without(events.select((parts == TEST) & liked).user_items(), seen)
    users = np.flatnonzero(np.diff(targets.indptr) > 0)
    all_histories = known.histories(MAX_HISTORY)
    histories = [all_histories[user] for user in users]
    training = events.select(parts == TRAIN)
    valid = events.select((parts == VALID) & liked).user_items()
    rows = {}
    for reader, encoders in readers.items():
        say(f"{dataset.name}, warm lists: {reader}")
        features = encoders.item_features(dataset, encoders.frozen, item_texts_of(dataset))
        model = fitted_system(features, training, valid, known, SYSTEM_SEED)
        scorer = row_scorer(model.score, histories)
        rows[f"system, {reader}"] = [list_metrics(scorer, seen[users], targets[users])]
    return rows


def _compared(values: Mapping[str, list[UserValues]]) -> dict[str, Any]:
    """The summary of each ranker, p of vectors of tokens against whole texts."""
    rows: dict[str, Any] = {}
    for ranker in ("neighbours", "ridge", "system"):
        pair = {row: seeds for row, seeds in values.items() if row.startswith(ranker)}
        rows |= summary(pair, reference=f"{ranker}, whole")
    return rows
