"""The language model that encodes a workspace's texts: where it is, and how a snapshot names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tastegraph.core.config import Config, Reading
from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import say
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot
from tastegraph.text.encoder import Encoder, ensure_distilled
from tastegraph.text.folders import find_model
from tastegraph.text.onnx import read_export

MODELS_FOLDER = "models"
"""Folder of a workspace with the language models that were fine-tuned for it."""
MANIFEST_KEYS = ("encoder", "encoder_folder", "max_tokens", "asked", "reading")
"""In a manifest: name of the model, its folder relative to the workspace, length at which texts
are cut, the settings that it follows from, and whether it reads texts or tokens."""
EXPORT_PACKAGES: Mapping[Reading, tuple[str, ...]] = {
    "whole": ("onnx", "onnxruntime", "tokenizers", "torch"),
    "tokens": ("tokenizers", "torch"),
}


@dataclass(frozen=True)
class WorkspaceEncoder:
    """A language model that encodes texts.

    Attributes:
        name: as configured; of a model that was fine-tuned here, the name of its folder.
        folder: where its files are.
        max_tokens: longer texts are cut.
        settings: the settings that it follows from, see :func:`encoder_settings`; ``None`` where
            a manifest does not say.
        reading: whether it reads whole texts, or its tokens once, see ``[text] reading``.
    """

    name: str
    folder: Path
    max_tokens: int
    settings: Mapping[str, Any] | None
    reading: Reading

    @classmethod
    def configured(cls, config: Config, directory: Path) -> WorkspaceEncoder:
        """The configured model, before fine-tuning.

        Raises:
            NotFoundError, AssetError: as :func:`find_model` does.
        """
        settings, text = encoder_settings(config), config.text
        return cls._located(text.encoder, settings, config, directory, text.reading)

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot, config: Config, directory: Path) -> WorkspaceEncoder:
        """The model that encoded the texts of ``snapshot``.

        Raises:
            NotFoundError, AssetError: as :func:`find_model` does.
        """
        manifest = snapshot.manifest
        settings, reading = manifest.get("asked"), snapshot_reading(snapshot)
        return cls._located(manifest["encoder"], settings, config, directory, reading)

    @classmethod
    def _located(
        cls,
        name: str,
        settings: Mapping[str, Any] | None,
        config: Config,
        directory: Path,
        reading: Reading,
    ) -> WorkspaceEncoder:
        models = directory / MODELS_FOLDER
        folder = models / name if (models / name).is_dir() else find_model(name, directory)
        name = folder.name if folder.parent == models else name
        return cls(name, folder, config.text.max_tokens, settings, reading)

    def finetuned(self, folder: Path) -> WorkspaceEncoder:
        """The model in ``folder``, which this one became by fine-tuning; itself if the same."""
        return self if folder == self.folder else replace(self, name=folder.name, folder=folder)

    def encoder(self, cache: Database, shared: Database | None = None) -> Encoder:
        """The model as an encoder that caches vectors in ``cache``, and in ``shared``."""
        return Encoder(self.folder, self.max_tokens, cache, shared, self.reading)

    def manifest(self, directory: Path) -> dict[str, Any]:
        """Entries for a manifest; a folder inside the workspace's ``directory`` is relative."""
        inside = self.folder.is_relative_to(directory)
        folder = self.folder.relative_to(directory) if inside else self.folder.absolute()
        values = (self.name, str(folder), self.max_tokens, self.settings, self.reading)
        return dict(zip(MANIFEST_KEYS, values, strict=True))


def encoder_settings(config: Config) -> dict[str, Any]:
    """The settings that decide which model encodes the texts, as a manifest keeps them."""
    finetuning = config.finetuning.model_dump(mode="json")
    # Manifests have the first names of these settings, so that older snapshots compare equal.
    finetuning["lessons"] = finetuning.pop("objectives")
    settings = {"encoder": config.text.encoder, "teaching": finetuning}
    # Older manifests do not say how texts are read: whole.
    return settings if config.text.reading == "whole" else settings | {"reading": "tokens"}


def encoder_manifest(snapshot: Snapshot) -> dict[str, Any]:
    """What the manifest of ``snapshot`` says of its encoder."""
    return {key: snapshot.manifest.get(key) for key in MANIFEST_KEYS}


def snapshot_reading(snapshot: Snapshot) -> Reading:
    """How the texts of ``snapshot`` were read; earlier versions read whole ones alone."""
    return "tokens" if snapshot.manifest.get("reading") == "tokens" else "whole"


def export_for_serving(folder: Path, reading: Reading = "whole") -> None:
    """Make what the service reads texts with, unless that has been done.

    Nothing is done without the packages that it takes; a failure is only a warning.

    Args:
        folder: of the model; the export is written below it.
        reading: whole texts, for which the model is exported to ONNX, or tokens, whose vectors
            are made.
    """
    if any(find_spec(package) is None for package in EXPORT_PACKAGES[reading]):
        return
    try:
        _export(folder, reading)
    except Exception as error:  # An exporter fails in as many ways as there are models.
        say(
            f"warning: {folder} cannot be exported for the service ({error}): it recommends, but "
            "associates no texts"
        )


def _export(folder: Path, reading: Reading) -> None:
    if reading == "tokens":
        ensure_distilled(folder)
        return
    try:
        read_export(folder)
    except TastegraphError:
        from tastegraph.text.onnx_export import export_onnx

        export_onnx(folder)
