"""What a measurement depends on, as one name: the same name, the same figures."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np

import tastegraph
from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.core.config import ModelConfig
from tastegraph.models.item_features import ItemFeatures

SOURCE = Path(tastegraph.__file__).parent
CODE = (
    SOURCE / "core/arrays.py",
    SOURCE / "core/top_k.py",
    SOURCE / "profiles",
    SOURCE / "models",
    *(SOURCE / "evaluation" / f"{name}.py" for name in ("comparison", "evaluator", "metrics")),
    *(Path(__file__).parent / f"{name}.py" for name in ("click_model", "clicks", "field", "lists")),
)
"""What may change a figure and is not seen in the set or its content.

How sets are read shows in what they hold; how figures are tested, cut into slices and shown is done
anew each time.
"""


def fingerprint(dataset: BenchmarkDataset, item_features: ItemFeatures, config: ModelConfig) -> str:
    """Changes with events, split, graph, vectors, settings and code."""
    events, graph = dataset.events, item_features.graph
    arrays = [events.users, events.items, events.times, events.weights, dataset.parts]
    arrays += [
        graph.heads,
        graph.relation,
        graph.tails,
        item_features.text,
        item_features.words.data,
    ]
    if dataset.pairs is not None:
        arrays += [
            dataset.pairs.users,
            dataset.pairs.items,
            dataset.pairs.labels,
            dataset.pairs.parts,
        ]
    for lists in (dataset.candidates, dataset.offered):
        if lists is not None:
            arrays += [lists.indptr, lists.indices]
    if dataset.cold is not None:
        arrays.append(dataset.cold)
    state = sha256(config.model_dump_json(exclude={"seed"}).encode())
    for array in arrays:
        state.update(np.ascontiguousarray(array).tobytes())
    for place in CODE:
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            state.update(file.read_bytes())
    return state.hexdigest()[:16]
