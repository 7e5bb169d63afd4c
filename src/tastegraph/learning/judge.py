"""What is in service, judged on held-out events."""

from __future__ import annotations

from typing import Any

from tastegraph.config import Config
from tastegraph.errors import TastegraphError
from tastegraph.evaluation.report import evaluate
from tastegraph.learning.content import interactions_from_store
from tastegraph.learning.inputs import stale
from tastegraph.ranking.artefacts import choice_from, content_from
from tastegraph.ranking.fitted_config import FittedConfig
from tastegraph.storage.database import Database
from tastegraph.storage.snapshots import Snapshot


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
    content = content_from(snapshot)
    meaning = FittedConfig.of(snapshot.manifest).meaning
    events = interactions_from_store(database, content.graph.item_ids, meaning)
    # Where retraining weighed the blend anew, test events may have decided.
    choice = choice_from(snapshot) if snapshot.manifest["gate"] is None else None
    return evaluate(content, events, config, meaning, inputs, choice)
