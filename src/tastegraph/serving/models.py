"""The models there are: which is in service, which were, and how good each was when it was made."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.errors import SnapshotError
from tastegraph.core.languages import DEFAULT, Language
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.store.snapshots import Snapshots


class ModelVersion(BaseModel):
    """One snapshot that can be put into service."""

    model_config = ConfigDict(frozen=True)

    version: str
    published: float = Field(description="seconds since 1970-01-01 UTC")
    in_service: bool
    model: str = Field(description="the version whose training made its model")
    graph: str = Field(description="the version that its graph was built for")
    valid: float | None = Field(description="NDCG@10 that its settings reached on validation data")
    ratings: str | None = Field(description="how it reads the values of ratings")
    gate: dict[str, Any] | None = Field(description="what was compared before it was promoted")
    fault: str | None = Field(default=None, description="why it cannot be served")


def model_versions(snapshots: Snapshots, language: Language = DEFAULT) -> list[ModelVersion]:
    """All of them, newest first; one whose manifest cannot be read says so in ``language``."""
    current = snapshots.current()
    return [
        _told(snapshots, version, current, language) for version in reversed(snapshots.versions())
    ]


def _told(
    snapshots: Snapshots, version: str, current: str | None, language: Language
) -> ModelVersion:
    published = (snapshots.directory / version).stat().st_mtime
    manifest: dict[str, Any] = {}
    fault = None
    try:
        manifest = snapshots.manifest(version)
    except SnapshotError as error:
        fault = error.text(language)
    return ModelVersion(
        version=version,
        published=published,
        in_service=version == current,
        model=manifest.get("model") or version,
        graph=manifest.get("graph") or version,
        valid=manifest.get("choice", {}).get("valid"),
        ratings=FittedConfig.of(manifest).meaning.scale.in_words() if manifest else None,
        gate=manifest.get("gate"),
        fault=fault,
    )
