"""Fitted recommenders on disk: a snapshot of arrays and JSON, with the data they answer from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import CONFIG_FILE, Config
from tastegraph.core.errors import ConfigError, NotFoundError, SnapshotError
from tastegraph.core.strings import pack_strings
from tastegraph.models.dataset import Dataset
from tastegraph.models.frame_interactions import Ids
from tastegraph.models.persistence import item_features_arrays, item_features_from
from tastegraph.models.recommender import Recommender
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.store.snapshots import Snapshot, Snapshots


def save(
    directory: Path,
    dataset: Dataset,
    manifest: dict[str, Any],
    arrays: dict[str, NDArray[Any]],
) -> None:
    """Write a model beside the data set that it was fitted on, and then delete an earlier one.

    Raises:
        ConfigError: ``directory`` is a file, a workspace, or holds something else.
    """
    if directory.exists() and not _is_ours(directory):
        raise ConfigError(f"{directory} holds something else than a saved model: name another one")
    snapshots = Snapshots(directory)
    earlier = snapshots.versions()
    snapshots.publish(
        {"recommender": manifest, "dataset": _dataset_manifest(dataset)},
        {**item_features_arrays(dataset.item_features), **_event_arrays(dataset), **arrays},
    )
    snapshots.prune(earlier, earlier)


def load(directory: str | Path) -> Recommender:
    """The model that :meth:`~tastegraph.models.recommender.Recommender.save` wrote.

    Raises:
        NotFoundError: there is none.
        SnapshotError: it is incomplete, altered, or of another format.
    """
    from tastegraph.models.estimators import ComponentRecommender, Hybrid

    path = Path(directory)
    if not path.is_dir() or Snapshots(path).current() is None:
        raise NotFoundError(f"{path} holds no saved model: model.save({str(path)!r}) writes one")
    snapshot = Snapshots(path).open()
    if "recommender" not in snapshot.manifest:
        raise SnapshotError(f"{path} holds the snapshots of a workspace: tastegraph.open_workspace")
    dataset = _dataset(snapshot)
    kind = Hybrid if snapshot.manifest["recommender"]["component"] is None else ComponentRecommender
    return kind.opened(snapshot, dataset)


def _is_ours(directory: Path) -> bool:
    """Whether ``directory`` is empty, or holds a saved model."""
    if not directory.is_dir() or (directory / CONFIG_FILE).exists():
        return False
    snapshots = Snapshots(directory)
    current = snapshots.current()
    if current is None:
        return not any(directory.iterdir())
    return "recommender" in snapshots.manifest(current)


def _dataset_manifest(dataset: Dataset) -> dict[str, Any]:
    return {
        "library": dataset.library,
        "integers": [dataset.users.integers, dataset.items.integers],
        "meaning": dataset.meaning.as_json(),
        "config": dataset.config.model_dump(mode="json"),
        "rows": asdict(dataset.report)["rows"],
    }


def _event_arrays(dataset: Dataset) -> dict[str, NDArray[Any]]:
    events = dataset.events
    timed = np.isfinite(events.times)
    return {
        **pack_strings("events.user_ids", events.user_ids),
        "events.users": events.users,
        "events.items": events.items,
        "events.times": np.where(timed, events.times, 0.0),
        "events.timed": timed,
        "events.weights": events.weights,
        "events.given": events.published_splits,
    }


def _dataset(snapshot: Snapshot) -> Dataset:
    arrays, saved = snapshot.arrays, snapshot.manifest["dataset"]
    item_features, user_ids = (
        item_features_from(snapshot),
        list(snapshot.strings("events.user_ids")),
    )
    graph = item_features.graph
    events = Interactions(
        user_ids=user_ids,
        n_items=graph.n_items,
        users=arrays["events.users"],
        items=arrays["events.items"],
        times=np.where(arrays["events.timed"], arrays["events.times"], np.nan),
        weights=arrays["events.weights"],
        published_splits=arrays["events.given"],
        n_entities=graph.n_items - graph.n_listed,
    )
    return Dataset(
        events=events,
        item_features=item_features,
        users=Ids(user_ids, saved["integers"][0]),
        items=Ids(graph.item_ids[: graph.n_listed], saved["integers"][1]),
        meaning=EventMeaning.from_json(saved["meaning"]),
        config=Config.model_validate(saved["config"]),
        library=saved["library"],
    )
