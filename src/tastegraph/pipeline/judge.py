"""What is in service, judged on held-out events."""

from __future__ import annotations

from typing import Any

from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.evaluation.report import evaluation_report
from tastegraph.models.artefacts import hyperparameters_from, item_features_from
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.pipeline.content import interactions_from_store
from tastegraph.pipeline.inputs import stale
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot


def judge(snapshot: Snapshot, database: Database, config: Config, inputs: str) -> dict[str, Any]:
    """Compare the system with its controls and the baselines.

    Args:
        snapshot: with the settings that are judged.
        database: with the events.
        config: the workspace's.
        inputs: fingerprint of what the snapshot should have been made from.

    Returns:
        ``{"dataset", "protocol", "audit", "results"}``.

    Raises:
        TastegraphError: it was made from something else, or there are too few events to hold any
            out.
    """
    if old := stale(snapshot, inputs):
        raise TastegraphError(
            f"{snapshot.path.parent.parent} has changed since its {', '.join(old)} was built: "
            "run 'tastegraph build' first"
        )
    item_features = item_features_from(snapshot)
    meaning = FittedConfig.of(snapshot.manifest).meaning
    events = interactions_from_store(database, item_features.graph.item_ids, meaning)
    # Where retraining weighed the blend anew, test events may have decided.
    hyperparameters = hyperparameters_from(snapshot) if snapshot.manifest["gate"] is None else None
    return evaluation_report(item_features, events, config, meaning, inputs, hyperparameters)
