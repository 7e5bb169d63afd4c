"""What a build depends on, and which of its stages are out of date."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from tastegraph import __version__
from tastegraph.core.config import Config
from tastegraph.core.errors import ConfigError
from tastegraph.store import erasure
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.revision import knowledge_digest
from tastegraph.store.snapshots import FORMAT, Snapshot

Stage = Literal["graph", "text", "model"]
STAGES: tuple[Stage, ...] = ("graph", "text", "model")
_ONLY_SAID: Any = {
    **dict.fromkeys(("llm", "extraction", "serving", "loop"), True),
    "events": {"words"},
    "relations": {"__all__": {"phrase_zh"}},
}
"""Settings that no build depends on."""


def fingerprint(database: Database, config: Config, directory: Path) -> str:
    """Changes whenever anything changes that a build depends on.

    Args:
        database: events, items, facts and links.
        config: the workspace's.
        directory: where its file of descriptions is looked for.
    """
    with database.reading() as connection:
        state = (
            log.revision(connection),
            erasure.erasure_count(connection),
            knowledge_digest(connection),
        )
    told = (
        __version__,
        FORMAT,
        config.model_dump_json(exclude=_ONLY_SAID),
        (config.loop.support, config.loop.half_life),
        state,
        _descriptions_digest(config, directory),
    )
    return sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()


def check_stages(stages: Collection[str]) -> None:
    """Raise ConfigError where one is none, or there is none."""
    unknown = set(stages) - set(STAGES)
    if unknown or not stages:
        named = ", ".join(sorted(unknown)) or "none given"
        raise ConfigError(f"no such stage: {named}; there are {', '.join(STAGES)}")


def stale(snapshot: Snapshot, inputs: str, stages: Collection[Stage] = STAGES) -> list[Stage]:
    """Those of ``stages`` that ``snapshot`` holds as something other than ``inputs`` made them."""
    return [stage for stage in stages if snapshot.manifest["inputs"][stage] != inputs]


def stamps(made: Collection[Stage], inputs: str, old: Snapshot | None) -> dict[Stage, str]:
    """What a manifest says that each stage was made from: ``inputs``, or what ``old`` says."""
    return {
        stage: inputs if old is None or stage in made else old.manifest["inputs"][stage]
        for stage in STAGES
    }


def _descriptions_digest(config: Config, directory: Path) -> str:
    told = config.text.descriptions
    file = directory / told if told is not None else None
    return sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""
