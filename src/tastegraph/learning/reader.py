"""The language model that reads a workspace's texts, and how a snapshot tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tastegraph.language.encoder import Encoder
from tastegraph.language.folders import located
from tastegraph.storage.database import Database
from tastegraph.storage.snapshots import Snapshot

MODELS = "models"
"""The folder of a workspace that holds language models as they were taught there."""
TOLD = ("encoder", "encoder_folder", "max_tokens")
"""What a manifest says of it: its name, where it lies seen from the workspace, its cut."""


@dataclass(frozen=True)
class Reader:
    """A language model in its place.

    Attributes:
        name: as configured; of a model that was taught here, its own.
        folder: where it lies.
        max_tokens: longer texts are cut.
    """

    name: str
    folder: Path
    max_tokens: int

    @classmethod
    def called(cls, name: str, directory: Path, max_tokens: int) -> Reader:
        """The model of that name: taught in ``directory``, or found as it is configured.

        Raises:
            NotFoundError, AssetError: as :func:`located` does.
        """
        models = directory / MODELS
        folder = models / name if (models / name).is_dir() else located(name, directory)
        return cls(folder.name if folder.parent == models else name, folder, max_tokens)

    def taught(self, folder: Path) -> Reader:
        """What teaching made of it: itself where there was nothing to teach."""
        return self if folder == self.folder else Reader(folder.name, folder, self.max_tokens)

    def encoder(self, cache: Database) -> Encoder:
        """It, reading."""
        return Encoder(self.folder, self.max_tokens, cache)

    def told(self, directory: Path) -> dict[str, Any]:
        """For a manifest; what lies in ``directory`` moves with it."""
        within = self.folder.is_relative_to(directory)
        place = self.folder.relative_to(directory) if within else self.folder.absolute()
        return dict(zip(TOLD, (self.name, str(place), self.max_tokens), strict=True))


def told_before(snapshot: Snapshot) -> dict[str, Any]:
    """What the manifest of ``snapshot`` says of its reader."""
    return {key: snapshot.manifest[key] for key in TOLD}
