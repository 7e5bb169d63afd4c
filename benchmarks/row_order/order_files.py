"""The same events as CSV, in one order or another, with items and without times."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.profiles.interactions import Interactions

SORTED, RANDOM = "sorted by item", "random"
ORDERS = (SORTED, RANDOM)
EVENTS, ITEMS = "events.csv", "items.csv"


def write_files(
    dataset: BenchmarkDataset, known: Interactions, folder: Path, order: str, seed: int
) -> Path:
    """``events.csv`` and ``items.csv`` in ``folder``, which is made; returned.

    An item without a name has its id as title.

    Args:
        dataset: the set.
        known: the events to write.
        folder: of the files.
        order: of :data:`ORDERS`.
        seed: of the random order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users, items = known.user_ids, dataset.graph.item_ids
    rows = _rows(known, order, seed)
    pairs = zip(known.users[rows].tolist(), known.items[rows].tolist(), strict=True)
    events = ((users[user], items[item], "like") for user, item in pairs)
    _write(folder / EVENTS, ("user_id", "item_id", "type"), events)
    titles = ((item.item_id, item.title or item.item_id) for item in dataset.items)
    _write(folder / ITEMS, ("item_id", "title"), titles)
    return folder


def _rows(known: Interactions, order: str, seed: int) -> NDArray[np.intp]:
    """int64[E], by item and then by user, or at random."""
    if order == SORTED:
        return np.lexsort((known.users, known.items))
    return np.random.default_rng(seed).permutation(len(known))


def _write(file: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(header)
        writer.writerows(rows)
