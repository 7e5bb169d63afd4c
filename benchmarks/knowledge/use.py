"""Whether facts read from plots better the demo's lists: MovieLens-100K with them and without.

    python -m benchmarks.knowledge.use DATA

Two pairs, each chosen on validation data, fitted on train and validation part and judged on the
test part: beside all the facts that are published, and in place of them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tastegraph.data import downloads as assets
from tastegraph.data.public_datasets import PublicDataset
from tastegraph.evaluation.evaluator import (
    TRAIN_AND_VALID,
    EvaluationData,
    Evaluator,
    Run,
    UserMetrics,
)
from tastegraph.evaluation.significance import bootstrap_interval, paired_p
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.fit import assemble, fit
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.tuning import choose
from tastegraph.pipeline.item_features import encode_item_features, node_texts
from tastegraph.pipeline.training_events import interactions_from_store
from tastegraph.profiles.association import associate
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.splits import VALID, assign_splits, resolve_split
from tastegraph.store import caches, statements
from tastegraph.store.database import Database
from tastegraph.store.schema import MENTIONED, PATTERNS
from tastegraph.text.encoder import Encoder
from tastegraph.workspace import Workspace

NAME = "ml-100k"
RESAMPLES = 10_000


def run(data: Path) -> dict[str, Any]:
    """NDCG@10 of both pairs, their difference with its interval, and p."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = _workspace(Path(folder) / "demo", data)
        without = _content(workspace)
        read = {step: workspace.knowledge.derive(step) for step in (MENTIONED, PATTERNS)}
        whole = _content(workspace)
        derived = _facts_of(workspace, (MENTIONED, PATTERNS))
        judged = {
            "published": _judged(workspace, without),
            "published and read": _judged(workspace, whole),
            "none": _judged(workspace, without.graph_off()),
            "read": _judged(workspace, replace(whole, graph=_only(whole.graph, derived))),
        }
        workspace.close()
    return {
        "facts_read": read,
        "beside_published": _difference(judged, "published and read", "published"),
        "in_place_of_published": _difference(judged, "read", "none"),
    }


def _workspace(directory: Path, data: Path) -> Workspace:
    dataset = PublicDataset(NAME, data / "ml100k")
    columns = {name: c.model_dump(exclude_defaults=True) for name, c in dataset.columns.items()}
    phrases = {name: {"phrase": phrase} for name, phrase in dataset.relations.items()}
    settings = {"name": NAME, "items": {"facts": columns}, "relations": phrases}
    workspace = Workspace.init(directory, settings)
    workspace.ingest(
        items=dataset.items(),
        events=dataset.events(),
        facts={NAME: dataset.facts()},
        links={NAME: dataset.links()},
    )
    return workspace


def _content(workspace: Workspace) -> ItemFeatures:
    config = workspace.config.text
    cache = Database(workspace.directory / "vectors.db", caches.vector_metadata)
    encoder = Encoder(assets.find(config.encoder), config.max_tokens, cache)
    graph = graph_from_store(workspace.database, workspace.config)
    texts = node_texts(
        workspace.database, graph, associate(graph), workspace.config, workspace.directory
    )
    return encode_item_features(graph, texts, encoder)


def _facts_of(workspace: Workspace, sources: tuple[str, ...]) -> set[int]:
    """Ids of the facts that no other source states."""
    with workspace.database.reading() as connection:
        every = {key for key, _ in statements.all_facts(connection)}
        others = {key for key, _ in statements.all_facts(connection, without=sources)}
    return every - others


def _only(graph: KnowledgeGraph, facts: set[int]) -> KnowledgeGraph:
    return graph.with_edges(np.flatnonzero(np.isin(graph.facts, list(facts))))


def _judged(workspace: Workspace, item_features: ItemFeatures) -> UserMetrics:
    config = workspace.config
    with workspace.database.reading() as connection:
        meaning = EventMeaning.stored(connection, config.events)
    events = interactions_from_store(workspace.database, item_features.graph.rows, meaning)
    evaluation = resolve_split(events, config.evaluation)
    splits = assign_splits(events, evaluation, config.model.seed)
    data = EvaluationData(events, splits, item_features)
    fitted_model = choose(item_features, data.train, data.targets(VALID), config.model)
    fitted = fit(item_features, data.train_and_valid, fitted_model.hyperparameters, config.model)
    model = assemble(item_features, data.train_and_valid.user_items(), fitted)
    evaluator = Evaluator.of(data, evaluation, config.model)
    return evaluator.evaluate(Run("system", TRAIN_AND_VALID, model))


def _difference(judged: Mapping[str, UserMetrics], one: str, other: str) -> dict[str, Any]:
    a, b = (judged[name].values["ndcg@10"] for name in (one, other))
    return {
        "people": len(a),
        "with": round(float(np.nanmean(a)), 4),
        "without": round(float(np.nanmean(b)), 4),
        "difference": round(float(np.nanmean(a - b)), 5),
        "difference_interval": [round(x, 5) for x in bootstrap_interval(a - b, RESAMPLES, 1)],
        "p": round(paired_p(a, b, RESAMPLES, 1), 4),
    }


def main() -> None:
    """Print the result as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    print(json.dumps(run(parser.parse_args().data), indent=1))


if __name__ == "__main__":
    main()
