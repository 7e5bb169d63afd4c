"""A set as RecBole's atomic files: the very split we are judged on, for anybody else to train on.

Tokens are row numbers: of users and items in ``Set.events``, of nodes in ``Set.graph``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.sets.set import SPLITS, BenchmarkDataset, Pairs
from tastegraph.core.arrays import Bools

ORDER = "timestamp:float"
LABEL = "label:float"


def export_atomic(dataset: BenchmarkDataset, folder: Path) -> None:
    """Write ``NAME.{train,valid,test}.inter``, and where facts are known ``NAME.kg`` and ``.link``.

    Events against an item are left out. ``timestamp`` is the place of an event among its user's,
    which every set has, whether or not its source tells the time. A set of labelled pairs has
    ``label`` instead. Of an item without a fact one more relation states that it is itself.

    Args:
        dataset: the set.
        folder: made where it is not there; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part, name in enumerate(SPLITS):
        file = folder / f"{dataset.name}.{name}.inter"
        if dataset.pairs is not None:
            _write(file, ("user_id:token", "item_id:token", LABEL), _labelled(dataset.pairs, part))
        else:
            at = (dataset.parts == part) & (dataset.events.weights > 0)
            _write(file, ("user_id:token", "item_id:token", ORDER), _events(dataset, at))
    graph = dataset.graph
    if len(graph.heads):
        edges = zip(
            graph.heads.tolist(), graph.relation.tolist(), graph.tails.tolist(), strict=True
        )
        # RecBole stops at a link of an item that has no event, and at one to what has no fact.
        linked = _occurring(dataset)
        known = np.union1d(graph.heads, graph.tails)
        itself = ((row, len(graph.relations), row) for row in np.setdiff1d(linked, known))
        _write(
            folder / f"{dataset.name}.kg",
            ("head_id:token", "relation_id:token", "tail_id:token"),
            chain(edges, itself),
        )
        same = ((row, row) for row in linked)
        _write(folder / f"{dataset.name}.link", ("item_id:token", "entity_id:token"), same)


def _occurring(dataset: BenchmarkDataset) -> NDArray[np.integer]:
    """The items that some file of events has."""
    pairs, events = dataset.pairs, dataset.events
    return np.unique(events.items[events.weights > 0] if pairs is None else pairs.items)


def _events(dataset: BenchmarkDataset, at: Bools) -> Iterable[tuple[int, ...]]:
    users = dataset.events.users
    place = np.arange(len(users)) - np.searchsorted(users, users)
    return zip(
        users[at].tolist(), dataset.events.items[at].tolist(), place[at].tolist(), strict=True
    )


def _labelled(pairs: Pairs, part: int) -> Iterable[tuple[int, ...]]:
    chosen = pairs.select(part)
    labels = chosen.labels.astype(np.int64)
    return zip(chosen.users.tolist(), chosen.items.tolist(), labels.tolist(), strict=True)


def _write(file: Path, header: tuple[str, ...], rows: Iterable[tuple[int, ...]]) -> None:
    with file.open("w", encoding="utf-8") as opened:
        opened.write("\t".join(header) + "\n")
        opened.writelines("\t".join(map(str, row)) + "\n" for row in rows)
