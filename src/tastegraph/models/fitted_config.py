"""The configuration that a snapshot was made with: what serving goes by, whatever the file says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.store.snapshots import Snapshots

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "graph": ("items", "graph", "sources", "relations"),
    "text": ("text", "finetuning"),
    "model": ("events", "model", "evaluation"),
}
"""Stage → sections of the configuration that decide what it makes.

The others are of how a workspace is served and learns on, and follow the file.
"""
LEARNED = ("events", "model")
"""Sections that what was learned goes by."""
_NOT_FITTED: dict[str, Any] = {
    "relations": {"__all__": {"phrase", "phrase_zh", "subject", "object", "examples"}},
    "events": {"words"},
    "text": {"shared_cache"},
    "model": {"tune"},
}
"""How relations and events are worded, what texts are read for, where vectors are cached, and when
settings are chosen anew, follows the file too."""


@dataclass(frozen=True)
class FittedConfig:
    """What a snapshot was made with; it is in the manifest.

    Attributes:
        config: the sections of :data:`SECTIONS`; the others are the defaults.
        meaning: of the events that the model was fitted to, with the scale of their ratings.
    """

    config: Config
    meaning: EventMeaning

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> FittedConfig:
        """What a manifest says."""
        saved = manifest["fitted"]
        return cls(Config.model_validate(saved["config"]), EventMeaning.from_json(saved["meaning"]))

    @classmethod
    def of_snapshot_in_service(cls, snapshots: Snapshots) -> FittedConfig:
        """What the manifest of the snapshot in service says.

        Raises:
            NotFoundError: nothing has been built yet.
            SnapshotError: the manifest cannot be read, or is of another format.
        """
        version = snapshots.current()
        if version is None:
            directory = snapshots.directory.parent
            raise NotFoundError(f"{directory} has no snapshot: run 'tastegraph build'")
        return cls.of(snapshots.manifest(version))

    def as_json(self) -> dict[str, Any]:
        """What :meth:`of` reads as ``"fitted"``."""
        return {"config": _sections(self.config), "meaning": self.meaning.as_json()}

    @property
    def history(self) -> int:
        """Newest events of a user that are attended to."""
        return self.config.model.history

    def with_stages(
        self, stages: Collection[str], config: Config, meaning: EventMeaning
    ) -> FittedConfig:
        """The same after ``stages`` were built with ``config`` and ``meaning``."""
        sections = {section for stage in stages for section in SECTIONS[stage]}
        updated = self.config.model_copy(update={n: getattr(config, n) for n in sections})
        return FittedConfig(updated, meaning if "model" in stages else self.meaning)

    def changes(
        self, config: Config, sections: Collection[str] = sum(SECTIONS.values(), ())
    ) -> list[str]:
        """Keys of ``sections`` that ``config`` says something else of: ``events.weights.view``."""
        before, after = _sections(self.config), _sections(config)
        return [
            key
            for section in sections
            for key in _differing(section, before[section], after[section])
        ]


def _sections(config: Config) -> dict[str, Any]:
    names = {name for sections in SECTIONS.values() for name in sections}
    return config.model_dump(mode="json", include=names, exclude=_NOT_FITTED)


def _differing(key: str, before: object, after: object) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        names = dict.fromkeys([*before, *after])
        return [
            changed
            for name in names
            for changed in _differing(f"{key}.{name}", before.get(name), after.get(name))
        ]
    return [] if before == after else [key]
