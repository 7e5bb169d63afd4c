"""The language model that reads a workspace's texts, and how a snapshot tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tastegraph.core.config import Config
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot
from tastegraph.text.encoder import Encoder
from tastegraph.text.folders import find_model

MODELS = "models"
"""The folder of a workspace that holds language models as they were taught there."""
TOLD = ("encoder", "encoder_folder", "max_tokens", "asked")
"""What a manifest says of it: its name, where it lies seen from the workspace, its cut, and the
settings that it was made by."""


@dataclass(frozen=True)
class Reader:
    """A language model in its place.

    Attributes:
        name: as configured; of a model that was taught here, its own.
        folder: where it lies.
        max_tokens: longer texts are cut.
        asked: the settings that it was made by; ``None`` where a manifest does not say.
    """

    name: str
    folder: Path
    max_tokens: int
    asked: Mapping[str, Any] | None

    @classmethod
    def configured(cls, config: Config, directory: Path) -> Reader:
        """The model that is asked for, before it is taught.

        Raises:
            NotFoundError, AssetError: as :func:`located` does.
        """
        return cls._called(config.text.encoder, asked_for(config), config, directory)

    @classmethod
    def before(cls, snapshot: Snapshot, config: Config, directory: Path) -> Reader:
        """The model that read what ``snapshot`` holds.

        Raises:
            NotFoundError, AssetError: as :func:`located` does.
        """
        told = snapshot.manifest
        return cls._called(told["encoder"], told.get("asked"), config, directory)

    @classmethod
    def _called(
        cls, name: str, asked: Mapping[str, Any] | None, config: Config, directory: Path
    ) -> Reader:
        models = directory / MODELS
        folder = models / name if (models / name).is_dir() else find_model(name, directory)
        name = folder.name if folder.parent == models else name
        return cls(name, folder, config.text.max_tokens, asked)

    def taught(self, folder: Path) -> Reader:
        """What teaching made of it: itself where there was nothing to teach."""
        return self if folder == self.folder else replace(self, name=folder.name, folder=folder)

    def encoder(self, cache: Database) -> Encoder:
        """It, reading."""
        return Encoder(self.folder, self.max_tokens, cache)

    def told(self, directory: Path) -> dict[str, Any]:
        """For a manifest; what lies in ``directory`` moves with it."""
        within = self.folder.is_relative_to(directory)
        place = self.folder.relative_to(directory) if within else self.folder.absolute()
        return dict(zip(TOLD, (self.name, str(place), self.max_tokens, self.asked), strict=True))


def asked_for(config: Config) -> dict[str, Any]:
    """The settings that decide which model reads, as a manifest keeps them."""
    teaching = config.teaching.model_dump(mode="json")
    return {"encoder": config.text.encoder, "teaching": teaching}


def told_before(snapshot: Snapshot) -> dict[str, Any]:
    """What the manifest of ``snapshot`` says of its reader."""
    return {key: snapshot.manifest.get(key) for key in TOLD}
