"""Which snapshots and fine-tuned language models are retained after a build."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tastegraph.core.errors import SnapshotError
from tastegraph.core.progress import say
from tastegraph.store.snapshots import Snapshots

RETAINED_MODELS = 5
"""So many models can be rolled back to, with the newest graph and texts of each."""
RETAINED_PER_MODEL = 3
"""So many snapshots of the model in service are retained, each with its own graph and texts."""
RETAINED_ENCODERS = 4
"""Fine-tuned language models retained beside those of snapshots: two builds, each pre-trained,
then fine-tuned."""

_MODEL_NAME = re.compile(r"[0-9a-f]{32}")


def readable_manifests(snapshots: Snapshots) -> dict[str, dict[str, Any]]:
    """Version → manifest of every snapshot that can be put into service."""
    manifests = {}
    for version in snapshots.versions():
        with suppress(SnapshotError):
            manifests[version] = snapshots.manifest(version)
    return manifests


def prune_snapshots(
    snapshots: Snapshots, erasures: int, items_erased: int, named: Mapping[str, str]
) -> None:
    """Delete snapshots that are superseded, or hold users or items that were erased since.

    A snapshot that cannot be read counts as one of a model of its own. One that an experiment
    names is retained, and it is reported where it holds users or items that were erased.

    Args:
        snapshots: of the workspace.
        erasures: number of users and items erased before the newest snapshot was built.
        items_erased: number of items among them.
        named: version that an experiment names → where.
    """
    manifests = readable_manifests(snapshots)
    models = {
        version: manifests.get(version, {}).get("model") or version
        for version in snapshots.versions()
    }
    outdated = {
        version
        for version, manifest in manifests.items()
        if manifest["erasures"] < erasures or manifest["items_erased"] < items_erased
    }
    for version in sorted(outdated & named.keys()):
        say(
            f"warning: snapshot {version} learned from users or items that were erased since; it "
            f"is retained because {named[version]} names it in tastegraph.toml. Remove it there, "
            "and the next build deletes it"
        )
    superseded = superseded_versions(models, snapshots.current())
    snapshots.prune(superseded - named.keys(), outdated - named.keys())


def superseded_versions(models: Mapping[str, str], current: str | None) -> set[str]:
    """The versions of snapshots that need not be retained.

    Args:
        models: version of every snapshot → version of the snapshot that its model was fitted for.
        current: version in service.
    """
    newest = {models[version]: version for version in sorted(models)}
    retained = {newest[model] for model in sorted(newest)[-RETAINED_MODELS:]}
    model = models.get(current or "")
    same_model = [version for version in sorted(models) if models[version] == model]
    retained.update(same_model[-RETAINED_PER_MODEL:])
    return set(models) - retained


def prune_encoders(folder: Path, in_use: Collection[str], n_retained: int) -> None:
    """Delete fine-tuned language models, but the ``n_retained`` last used and those ``in_use``.

    What interrupted runs left is deleted too, so none may be running. Other folders are not
    touched.

    Args:
        folder: with the models, each beside a report ``NAME.json``.
        in_use: names of models.
        n_retained: how many others are retained.
    """
    reports = sorted(folder.glob("*.json"), key=lambda file: -file.stat().st_mtime_ns)
    names = [file.stem for file in reports if _MODEL_NAME.fullmatch(file.stem)]
    retained = {*in_use, *names[:n_retained]}
    for path in folder.glob("*"):
        name, _, suffix = path.name.partition(".")
        if _MODEL_NAME.fullmatch(name) and (name not in retained or suffix not in ("", "json")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
