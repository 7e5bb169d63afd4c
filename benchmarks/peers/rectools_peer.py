"""Models of RecTools: EASE over a few settings, SASRec stopped early on validation.

python rectools_peer.py EASE|SASRec|SASRec-sampled FOLDER OUT --limit SECONDS --k 20
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import EASEModel, SASRecModel
from rectools.models.base import ModelBase

from benchmarks.peers import bench
from benchmarks.peers.bench import Clock
from benchmarks.peers.split import Lists, Split

THREADS = int(os.environ["OMP_NUM_THREADS"])
REGULARIZATION = (500, 250, 100, 50, 10)
NEGATIVES = 256
"""Of the sampled softmax, as in RecTools' own benchmark; its default is a single one."""


def run(name: str, split: Split, clock: Clock, _: Path) -> Lists:
    candidates = {
        "EASE": _ease,
        "SASRec": _sasrec,
        "SASRec-sampled": partial(_sasrec, loss="sampled_softmax", n_negatives=NEGATIVES),
    }[name]
    return bench.choose(split, clock, candidates(split, _data(split), clock))


def _ease(split: Split, data: Dataset, clock: Clock) -> Iterator[Lists]:
    for strength in REGULARIZATION:
        model = EASEModel(regularization=strength, recommend_n_threads=THREADS)
        yield _lists(model.fit(data), data, split)


def _sasrec(split: Split, data: Dataset, clock: Clock, **loss: Any) -> Iterator[Lists]:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.set_num_threads(THREADS)
    seed_everything(0)
    model = SASRecModel(**loss, deterministic=True, recommend_torch_device="cpu")
    best, since = clock.best, 0
    for _ in range(bench.MAX_EPOCHS):
        model.fit_partial(data, min_epochs=1, max_epochs=1)
        yield _lists(model, data, split)
        best, since = clock.best, 0 if clock.best != best else since + 1
        if since == bench.PATIENCE:
            return


def _data(split: Split) -> Dataset:
    events = pd.DataFrame(split.train, columns=[Columns.User, Columns.Item])
    events[Columns.Weight] = 1
    events[Columns.Datetime] = pd.to_datetime(split.order, unit="s")
    return Dataset.construct(events)


def _lists(model: ModelBase, data: Dataset, split: Split) -> Lists:
    users = data.user_id_map.external_ids
    frame = model.recommend(
        users, data, k=split.width, filter_viewed=True, on_unsupported_targets="ignore"
    )
    lists = np.full((split.n_users, split.width), -1, dtype=np.int32)
    lists[frame[Columns.User], frame[Columns.Rank] - 1] = frame[Columns.Item]
    return lists


if __name__ == "__main__":
    bench.main("rectools", run)
