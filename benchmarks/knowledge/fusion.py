"""Fusion: film databases against their gold pairs, and duplicates planted in a film graph."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.knowledge.planted import planted
from benchmarks.knowledge.scores import scores
from benchmarks.knowledge.supervised_matching import match_with_labels
from tastegraph.kg.fusion.blocking import BLOCKING_NEIGHBOURS, pairs_across
from tastegraph.kg.fusion.matching import match_sources
from tastegraph.kg.fusion.profiles import EntityProfile
from tastegraph.kg.linking.candidates import NameIndex

SETS = {"imdb-tmdb": "D5", "imdb-tvdb": "D6", "tmdb-tvdb": "D7"}
SEEDS = range(1, 6)
KNOWN = 0.3
LISTS = ("genre_list", "primaryProfessions", "origin_country", "job")
Pair = tuple[str, str]


def run(data: Path) -> dict[str, Any]:
    results: dict[str, Any] = {"blocking": {}}
    for name, folder in SETS.items():
        left, right, gold = _read(data / "moviegraph/pyjedai" / folder, *name.split("-"))
        matches = [(m.left, m.right) for m in match_sources(left, right) if m.accepted]
        results[name] = scores(_units(matches, gold, {profile.id for profile in left}))
        results["blocking"][name] = _blocking(left, right, gold)
        if name == "imdb-tmdb":
            rows = [_supervised(left, right, gold, seed) for seed in SEEDS]
            results["imdb-tmdb-supervised"] = _over_seeds(rows)
    results["planted"] = _over_seeds([planted(data / "ml1m", seed) for seed in SEEDS])
    return results


def _read(
    folder: Path, one: str, other: str
) -> tuple[list[EntityProfile], list[EntityProfile], set[Pair]]:
    gold = pl.read_csv(folder / "gt.csv", separator="|", infer_schema=False)
    left, right = (_profiles(folder / f"{name}.csv") for name in (one, other))
    return left, right, {(a, b) for a, b in gold.iter_rows()}


def _profiles(path: Path) -> list[EntityProfile]:
    table = pl.read_csv(path, separator="|", infer_schema=False, quote_char=None)
    profiles = []
    for row in table.iter_rows(named=True):
        cells = {name.rpartition("/")[2]: cell for name, cell in row.items() if cell}
        kind = "title" if "title" in cells else "name"
        id_, name = cells.pop("id"), cells.pop(kind, "")
        attributes = {
            relation: tuple(part.strip() for part in cell.split(","))
            if relation in LISTS
            else (cell,)
            for relation, cell in cells.items()
        }
        profiles.append(EntityProfile(id_, (name,), frozenset({kind}), attributes))
    return profiles


def _units(
    matches: Iterable[Pair], gold: set[Pair], lefts: Iterable[str]
) -> list[tuple[int, int, int]]:
    """Right, wrong and missed pairs of each left entity."""
    pairs = set(matches)
    right, wrong, missed = (
        Counter(left for left, _ in those) for those in (pairs & gold, pairs - gold, gold - pairs)
    )
    return [(right[left], wrong[left], missed[left]) for left in sorted(lefts)]


def _supervised(
    left: list[EntityProfile], right: list[EntityProfile], gold: set[Pair], seed: int
) -> dict[str, Any]:
    """30 % of the left entities are judged; all that is said of the others is scored."""
    rng = np.random.default_rng(seed)
    known = {profile.id for profile in left if rng.random() < KNOWN}
    labels = {
        pair: pair in gold
        for a, b in pairs_across(left, right).tolist()
        if (pair := (left[a].id, right[b].id))[0] in known
    }
    rest = {profile.id for profile in left} - known
    matches = [
        (m.left, m.right)
        for m in match_with_labels(left, right, labels)
        if m.accepted and m.left in rest
    ]
    return scores(_units(matches, {pair for pair in gold if pair[0] in rest}, rest))


def _blocking(
    left: list[EntityProfile], right: list[EntityProfile], gold: set[Pair]
) -> dict[str, float]:
    candidates = {(left[a].id, right[b].id) for a, b in pairs_across(left, right).tolist()}
    index = NameIndex([profile.names[0] for profile in right])
    nearest, _ = index.nearest([profile.names[0] for profile in left], BLOCKING_NEIGHBOURS)
    ten = {
        (profile.id, right[b].id)
        for profile, row in zip(left, nearest.tolist(), strict=True)
        for b in row
        if b >= 0
    }
    return {
        "recall": round(len(gold & candidates) / len(gold), 4),
        "candidates": round(len(candidates) / len(left), 2),
        "recall by ten names": round(len(gold & ten) / len(gold), 4),
    }


def _over_seeds(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean of every figure over seeds, with Student's 95 % interval of the mean."""
    results: dict[str, Any] = {"seeds": len(rows)}
    for name in rows[0]:
        if name.endswith("_interval") or name in ("units", "gold"):
            continue
        values = np.array([row[name] for row in rows], dtype=float)
        half = 2.776 * values.std(ddof=1) / np.sqrt(len(values))
        results[name] = round(float(values.mean()), 4)
        results[f"{name}_interval"] = [round(float(values.mean() + s * half), 4) for s in (-1, 1)]
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    print(json.dumps(run(parser.parse_args().data), indent=2))
