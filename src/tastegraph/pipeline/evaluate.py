"""Evaluate published snapshots: against baselines on held-out events, and against one another."""

from __future__ import annotations

import numpy as np

from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.evaluation.report import EvaluationReport, evaluation_report
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.persistence import hyperparameters_from, item_features_from, model_from
from tastegraph.pipeline.gate import GateVerdict, SharedItemsModel, check_models, shared_items
from tastegraph.pipeline.gate_samples import earlier_likes, newest_likes
from tastegraph.pipeline.stages import stale_stages
from tastegraph.pipeline.training_events import interactions_from_store
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions
from tastegraph.store.database import Database
from tastegraph.store.event_columns import read_columns
from tastegraph.store.snapshots import Snapshot


def evaluate_snapshot(
    snapshot: Snapshot, database: Database, config: Config, inputs: str
) -> EvaluationReport:
    """Compare the system, with the settings of ``snapshot``, with its controls and the baselines.

    Args:
        snapshot: with the settings.
        database: of the workspace, with the events.
        config: configuration of the workspace.
        inputs: fingerprint of what the snapshot should have been built from.

    Raises:
        TastegraphError: it was built from something else, or there are too few events to hold any
            out.
    """
    if stages := stale_stages(snapshot, inputs):
        raise TastegraphError(
            f"{snapshot.path.parent.parent} has changed since its {', '.join(stages)} was built: "
            "run 'tastegraph build' first"
        )
    item_features = item_features_from(snapshot)
    meaning = FittedConfig.of(snapshot.manifest).meaning
    events = interactions_from_store(database, item_features.graph.rows, meaning)
    # Retraining may have fitted the blend weights on test events: then settings are chosen anew.
    hyperparameters = hyperparameters_from(snapshot) if snapshot.manifest["gate"] is None else None
    return evaluation_report(item_features, events, config, meaning, inputs, hyperparameters)


def compare_snapshots(
    snapshot: Snapshot, other: Snapshot, database: Database, config: Config
) -> GateVerdict:
    """Compare the model of ``snapshot``, as a candidate, with that of ``other``.

    Over the items that both know, on what users liked since the later of the two was fitted, and
    on the last fifth of what they liked before, which at least one of them was fitted on.

    Args:
        snapshot, other: published snapshots.
        database: with the events.
        config: how events count, and what a candidate may lose.
    """
    item_ids, other_ids = snapshot.strings("graph.items"), other.strings("graph.items")
    rows, other_rows = shared_items(item_ids, other_ids)
    index = {item_ids[row]: place for place, row in enumerate(rows.tolist())}
    candidate = SharedItemsModel(model_from(snapshot, whole=True), rows)
    incumbent = SharedItemsModel(model_from(other, whole=True), other_rows)
    revision = max(int(s.manifest["learned_until"]) for s in (snapshot, other))
    with database.reading() as connection:
        meaning = EventMeaning.stored(connection, config.events)
        after = interactions(read_columns(connection), index, meaning)
        before = interactions(read_columns(connection, revision), index, meaning)
    history, all_users = config.model.history, np.ones(after.n_users, dtype=np.bool_)
    samples = {
        "newest": newest_likes(before, after, all_users, history),
        "earlier": earlier_likes(before, history),
    }
    n_facts = int(snapshot.manifest["counts"]["edges"]), int(other.manifest["counts"]["edges"])
    return check_models(candidate, incumbent, n_facts, samples, config.loop)
