"""A small built workspace whose people and items are those of the simulated world."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from truth import RELATIONS, Truth

from tastegraph.records import Event, Fact, Item
from tastegraph.workspace import Workspace

PEOPLE, ITEMS, SHOWN = 200, 200, 60
SETTINGS = {"model": {"epochs": 20, "dimensions": 32}}


def made(directory: Path, seed: int = 1) -> Workspace:
    """The workspace in ``directory``, built where it is not yet."""
    if (directory / "tastegraph.toml").exists():
        return Workspace(directory)
    truth, rng = Truth.of(PEOPLE, ITEMS, seed), np.random.default_rng(seed)
    names = [f"{r}:{k}" for r, size in RELATIONS.items() for k in range(size)]
    facts = [
        Fact(f"item:{i}", names[e].partition(":")[0], names[e])
        for i, e in zip(*np.nonzero(truth.ties), strict=True)
    ]
    pleases = truth.pleases()
    workspace = Workspace.init(directory, SETTINGS)
    workspace.ingest(
        items=[Item(str(i), f"Item {i}") for i in range(ITEMS)],
        facts={"truth": facts},
        events=[
            Event(f"{u}-{i}", str(u), str(i), "like", None, float(n))
            for u in range(PEOPLE)
            for n, i in enumerate(rng.permutation(ITEMS)[:SHOWN].tolist())
            if rng.random() < pleases[u, i]
        ],
    )
    workspace.build()
    return workspace
