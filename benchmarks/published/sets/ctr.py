"""The click-through tables of KGCN, CKAN and MCCLK: labelled pairs, split 6 : 2 : 2 at random.

Every record is a click; for each the authors drew one item that the user left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.sets.files import folder_of
from benchmarks.published.sets.lastfm import artists
from benchmarks.published.sets.set import GIVEN, SPLITS, BenchmarkDataset, Pairs, assembled
from tastegraph.core.config import Config
from tastegraph.core.records import Event, Fact, Item, Link
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TEST, TRAIN, VALID

SHARES = (0.6, 0.8)
"""Where the training part ends, and the validation part."""


def lastfm_ctr(data: Path, seed: int = 1) -> BenchmarkDataset:
    """Last.fm, artists named by HetRec."""
    folder = folder_of(data, "lastfm_ctr") / "mcclk"
    ratings = np.loadtxt(folder / "ratings_final.txt", dtype=np.int64, ndmin=2)
    with (folder / "item_index2entity_id.txt").open(encoding="utf-8") as file:
        artist_of = {item: artist for artist, item in map(str.split, file)}
    names = artists(data)
    titles = {item: names.get(artist, "") for item, artist in artist_of.items()}
    return _set("lastfm-ctr", ratings, titles, _facts(folder / "kg.txt"), seed)


def bookcrossing_ctr(data: Path, seed: int = 1) -> BenchmarkDataset:
    """Book-Crossing, ids alone."""
    folder = folder_of(data, "bookcrossing_ctr") / "mcclk"
    ratings = np.load(folder / "ratings_final.npy", allow_pickle=False).astype(np.int64)
    return _set("bookcrossing-ctr", ratings, {}, _facts(folder / "kg_final.txt"), seed)


def parts_of_pairs(
    users: NDArray[np.int64], labels: NDArray[np.bool_], seed: int
) -> NDArray[np.int8]:
    """int8[P]: 6 : 2 : 2 over all pairs; -1 for a user without a click in the training part."""
    drawn = np.random.default_rng(seed).permutation(len(users))
    first, second = (round(share * len(users)) for share in SHARES)
    parts = np.full(len(users), TEST, dtype=np.int8)
    parts[drawn[:first]], parts[drawn[first:second]] = TRAIN, VALID
    known = np.unique(users[(parts == TRAIN) & labels])
    parts[~np.isin(users, known)] = -1
    return parts


def _set(
    name: str,
    ratings: NDArray[np.int64],
    titles: Mapping[str, str],
    facts: Iterable[Fact],
    seed: int,
) -> BenchmarkDataset:
    users, items, labels = ratings[:, 0], ratings[:, 1], ratings[:, 2] > 0
    parts = parts_of_pairs(users, labels, seed)
    known = parts >= 0
    numbers = [str(item) for item in range(int(items.max()) + 1)]
    clicks = np.flatnonzero(known & labels)
    columns = (column[clicks].tolist() for column in (users, items, parts))
    dataset = assembled(
        name,
        [Item(item, titles.get(item, "")) for item in numbers],
        facts,
        [Link(item, f"entity:{item}") for item in numbers],
        [
            Event(f"{user}-{item}", str(user), str(item), "like", None, None, SPLITS[part])
            for user, item, part in zip(*columns, strict=True)
        ],
        Config(evaluation=GIVEN),
    )
    events = _of_everybody(dataset.events, [str(user) for user in np.unique(users)])
    pairs = Pairs(
        users=_places(events.user_ids, users[known]),
        items=_places(dataset.graph.item_ids, items[known]),
        labels=labels[known],
        parts=parts[known],
    )
    return replace(dataset, events=events, pairs=pairs)


def _of_everybody(events: Interactions, ids: list[str]) -> Interactions:
    """The same events with the users ``ids``: a user has one number however pairs are split."""
    user_ids = sorted(ids)
    place = {user: row for row, user in enumerate(user_ids)}
    rows = np.array([place[user] for user in events.user_ids], dtype=np.int32)
    return replace(events, user_ids=user_ids, users=rows[events.users])


def _places(names: list[str], numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    place = {name: row for row, name in enumerate(names)}
    return np.array([place[str(number)] for number in numbers.tolist()], dtype=np.int32)


def _facts(file: Path) -> list[Fact]:
    with file.open(encoding="utf-8") as opened:
        triples = (line.split() for line in opened)
        return [Fact(f"entity:{head}", kind, f"entity:{tail}") for head, kind, tail in triples]
