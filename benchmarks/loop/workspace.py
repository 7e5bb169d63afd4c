"""A small built workspace whose users and items are those of the simulated world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.loop.truth import RELATIONS, Truth
from tastegraph.core.records import Event, Fact, Item
from tastegraph.workspace import Workspace

USERS, ITEMS, ITEMS_AT_START, SEED = 200, 200, 60, 1
NAMES = [f"{relation}:{k}" for relation, size in RELATIONS.items() for k in range(size)]
SETTINGS = {
    "model": {"epochs": 20, "dimensions": 32},
    "items": {"facts": {relation: {"relation": relation} for relation in RELATIONS}},
}


def most_pleasing() -> dict[str, dict[str, list[str]]]:
    """User → what is stated of the item that would please them most."""
    truth = Truth.of(USERS, ITEMS, SEED)
    best = truth.pleases().argmax(axis=1)
    return {str(user): _stated(truth, int(item)) for user, item in enumerate(best)}


def _stated(truth: Truth, item: int) -> dict[str, list[str]]:
    """Relation → values."""
    values: dict[str, list[str]] = {relation: [] for relation in RELATIONS}
    for entity in np.flatnonzero(truth.ties[item]):
        relation, _, value = NAMES[entity].partition(":")
        values[relation].append(value)
    return values


def workspace_at(directory: Path, seed: int = SEED) -> Workspace:
    """The workspace in ``directory``, built where it is not yet."""
    if (directory / "tastegraph.toml").exists():
        return Workspace(directory)
    truth, rng = Truth.of(USERS, ITEMS, seed), np.random.default_rng(seed)
    facts = [
        Fact(f"item:{i}", NAMES[e].partition(":")[0], NAMES[e])
        for i, e in zip(*np.nonzero(truth.ties), strict=True)
    ]
    pleases = truth.pleases()
    workspace = Workspace.init(directory, SETTINGS)
    workspace.ingest(
        items=[Item(str(i), f"Item {i}") for i in range(ITEMS)],
        facts={"truth": facts},
        events=[
            Event(f"{u}-{i}", str(u), str(i), "like", None, float(n))
            for u in range(USERS)
            for n, i in enumerate(rng.permutation(ITEMS)[:ITEMS_AT_START].tolist())
            if rng.random() < pleases[u, i]
        ],
    )
    workspace.build()
    return workspace
