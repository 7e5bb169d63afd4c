"""Whether a build chooses settings anew, or uses those of an earlier one again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tastegraph.core.config import Config
from tastegraph.core.durations import seconds
from tastegraph.core.progress import say
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.fitted_model import (
    Hyperparameters,
    default_hyperparameters,
    hyperparameters_from_json,
)
from tastegraph.pipeline.retention import readable_manifests
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.store.snapshots import Snapshots

MAX_CHANGE = 0.3
"""With this share more or fewer events, users or items, settings are chosen anew."""
CHOOSING_SECTIONS = ("events", "model", "evaluation", "text", "finetuning")
"""Sections of the configuration that settings were chosen under."""


@dataclass(frozen=True)
class ChoosingPlan:
    """Settings to use again, or how long choosing may take.

    Attributes:
        hyperparameters: to use again; ``None`` where they are chosen anew.
        origin: what the manifest says of where they were chosen; ``None`` where they are now.
        seconds: that choosing may take.
    """

    hyperparameters: Hyperparameters | None = None
    origin: dict[str, Any] | None = None
    seconds: float = math.inf


def decide(
    snapshots: Snapshots,
    events: Interactions,
    config: Config,
    meaning: EventMeaning,
    erasures: int,
    forgotten: int,
    tune: str | None,
) -> ChoosingPlan:
    """Decide it, and say why.

    Args:
        snapshots: of the workspace.
        events: those to learn from.
        config: configuration of the workspace.
        meaning: of the events.
        erasures: how many users and items were erased: what was chosen by them must be forgotten.
        forgotten: how many files of events were forgotten: the same holds for these.
        tune: as ``[model] tune``, for this build alone.
    """
    wish = tune or config.model.tune
    latest = latest_choice(snapshots)
    if wish not in ("auto", "off"):
        return ChoosingPlan(seconds=seconds(wish))
    if latest is not None and latest[1]["erasures"] != erasures:
        say(f"users or items were erased: the settings of snapshot {latest[0]} are forgotten")
        latest = None
    elif latest is not None and latest[1].get("forgotten", 0) != forgotten:
        say(f"a file of events was forgotten: so are the settings of snapshot {latest[0]}")
        latest = None
    if latest is None:
        if wish == "off":
            say("no settings were chosen: the defaults are used")
            return ChoosingPlan(default_hyperparameters(ordered=events.ordered), {"version": None})
        return ChoosingPlan()
    version, manifest = latest
    reasons = differences(manifest, events, config, meaning)
    if reasons and wish == "auto":
        say(f"settings are chosen anew: {'; '.join(reasons)} since snapshot {version}")
        return ChoosingPlan()
    origin = {**manifest["chosen"], "version": manifest["chosen"]["version"] or version}
    say(f"settings are those of snapshot {origin['version']}; 'build --tune 10m' chooses anew")
    return ChoosingPlan(hyperparameters_from_json(manifest["choice"]), origin)


def latest_choice(snapshots: Snapshots) -> tuple[str, dict[str, Any]] | None:
    """Version and manifest of the newest snapshot whose settings a build has chosen.

    After a retraining the weights of the blend may follow from events that are to be evaluated on.
    """
    manifests = readable_manifests(snapshots)
    for version in sorted(manifests, reverse=True):
        manifest = manifests[version]
        if manifest.get("chosen") and manifest["gate"] is None and not manifest["first_lists"]:
            return version, manifest
    return None


def chosen_now(events: Interactions) -> dict[str, Any]:
    """What a manifest says of settings that were chosen for its snapshot."""
    return {"version": None, **sizes(events)}


def sizes(events: Interactions) -> dict[str, int]:
    """What decides whether data differ much."""
    return {"events": len(events), "users": events.n_users, "items": events.n_items}


def differences(
    manifest: Mapping[str, Any],
    events: Interactions,
    config: Config,
    meaning: EventMeaning,
) -> list[str]:
    """What is much different from when the settings of ``manifest`` were chosen, in words."""
    fitted_config = FittedConfig.of(manifest)
    reasons = []
    for name, now in sizes(events).items():
        before = manifest["chosen"].get(name) or 0
        if abs(now - before) > MAX_CHANGE * before:
            reasons.append(f"{before:,} {name} became {now:,}")
    if keys := fitted_config.changes(config, CHOOSING_SECTIONS):
        reasons.append(f"{', '.join(keys)} changed in tastegraph.toml")
    if not meaning.agrees(fitted_config.meaning):
        reasons.append("ratings are on another scale")
    return reasons
