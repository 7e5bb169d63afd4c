"""The stages of a build, what each depends on, and when one must be built again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from tastegraph import __version__
from tastegraph.core.config import Config
from tastegraph.core.errors import (
    BusyError,
    ConfigError,
    NotFoundError,
    SnapshotError,
    TastegraphError,
)
from tastegraph.core.progress import say
from tastegraph.core.stages import profiled, stage
from tastegraph.store import catalogue, erasure, revision
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.snapshots import FORMAT, Snapshot, Snapshots

Stage = Literal["graph", "text", "model"]
STAGES: tuple[Stage, ...] = ("graph", "text", "model")
Tune = str | None
"""How a build chooses settings: a value of ``[model] tune``; ``None`` for the configured one."""
Published = Literal["full", "first and full", "first"]
"""What a build puts into service: the full model; before or instead of it, where nothing is in
service yet, first lists by closed forms."""
_IGNORED_SETTINGS: Any = {
    **dict.fromkeys(
        ("llm", "extraction", "serving", "surfaces", "experiments", "loop", "gorse"), True
    ),
    "events": {"words"},
    "relations": {"__all__": {"phrase_zh", "subject", "object", "examples"}},
    "text": {"shared_cache"},
    "model": {"tune"},
}
"""Settings that no stage depends on."""


def require_torch() -> None:
    """Check that torch is installed; to be called before a module that trains is imported.

    Raises:
        TastegraphError: torch or torch-geometric is not installed.
    """
    if find_spec("torch") is None or find_spec("torch_geometric") is None:
        raise TastegraphError("building needs torch: pip install 'tastegraph[train]'")
    # Before torch is loaded: threads that wait by spinning starve every other process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def check_stages(stages: Collection[str]) -> None:
    """Check the names of stages.

    Raises:
        ConfigError: one is unknown, or there is none.
    """
    unknown = set(stages) - set(STAGES)
    if unknown or not stages:
        names = ", ".join(sorted(unknown)) or "none given"
        raise ConfigError(f"no such stage: {names}; there are {', '.join(STAGES)}")


def fingerprint(database: Database, config: Config, directory: Path) -> str:
    """A hash of everything that a build depends on: version, settings and stored data.

    Args:
        database: events, items, facts and links.
        config: configuration of the workspace.
        directory: folder that a relative path of the file of descriptions starts at.
    """
    with database.reading() as connection:
        revisions = (
            log.revision(connection),
            erasure.erasure_count(connection),
            revision.knowledge_digest(connection),
        )
        if n_withdrawals := revision.withdrawal_count(connection):
            revisions = (*revisions, n_withdrawals)  # type: ignore[assignment]
    inputs = (
        __version__,
        FORMAT,
        config.model_dump_json(exclude=_IGNORED_SETTINGS),
        (config.loop.min_co_likes, config.loop.half_life),
        revisions,
        _descriptions_digest(config, directory),
    )
    return sha256(repr(inputs).encode("utf-8", "backslashreplace")).hexdigest()


def stale_stages(
    snapshot: Snapshot, inputs: str, stages: Collection[Stage] = STAGES
) -> list[Stage]:
    """Those of ``stages`` that ``snapshot`` holds as built from other inputs.

    Args:
        snapshot: a published snapshot.
        inputs: :func:`fingerprint` of the inputs now.
        stages: those to look at.
    """
    return [stage for stage in stages if snapshot.manifest["inputs"][stage] != inputs]


def stage_inputs(
    rebuilt: Collection[Stage], inputs: str, previous: Snapshot | None
) -> dict[Stage, str]:
    """Fingerprint of the inputs of every stage, for a manifest.

    That is ``inputs`` for stages in ``rebuilt``, else what ``previous`` says.
    """
    if previous is None:
        return dict.fromkeys(STAGES, inputs)
    before = previous.manifest["inputs"]
    return {stage: inputs if stage in rebuilt else before[stage] for stage in STAGES}


def build_stale_stages(
    directory: Path,
    config: Config,
    database: Database,
    snapshots: Snapshots,
    stages: Collection[Stage],
    publish: Published = "full",
    tune: Tune = None,
) -> str:
    """Build ``stages`` unless the snapshot in service has them, and return the version in service.

    Args:
        directory, config, database, snapshots: of the workspace.
        stages: some of :data:`STAGES`.
        publish: which models; "first" leaves a snapshot that is in service as it is.
        tune: how settings are chosen; with a duration they are, whatever has been built.

    Raises:
        NotFoundError: as :meth:`tastegraph.pipeline.build.Builder.build` does.
        TastegraphError: the workspace holds neither items nor events.
    """
    with database.reading() as connection:
        if not catalogue.item_count(connection) and not log.count(connection):
            raise TastegraphError(f"{directory} holds no items: run 'tastegraph import' first")
    from tastegraph.pipeline.text_encoder import export_for_serving, snapshot_reading

    inputs, snapshot = fingerprint(database, config, directory), _readable_snapshot(snapshots)
    if snapshot is not None and publish == "first":
        say(f"snapshot {snapshot.version} is in service: none are made beside it")
        return snapshot.version
    chosen_anew = tune not in (None, "off", "auto")
    if snapshot is not None and not chosen_anew and not stale_stages(snapshot, inputs, stages):
        folder = directory / snapshot.manifest["encoder_folder"]
        export_for_serving(folder, snapshot_reading(snapshot))
        return snapshot.version
    require_torch()
    with profiled():
        with stage("loading torch"):
            from tastegraph.pipeline.build import Builder
            from tastegraph.pipeline.new_items import add_new_items
        if snapshot is not None and "model" not in stages:
            add_new_items(directory, config, database, snapshots)
        builder = Builder(directory, config, database, snapshots)
        return builder.build(stages, inputs, publish, tune)


def follow(
    database: Database, build: Callable[[], object], n_changes: int, idle: float, pause: float
) -> None:
    """Call ``build`` whenever the stored data change, until they have not for ``idle`` seconds.

    It also ends when the parent process ends. Where another process is building, it tries again.

    Args:
        database: of the workspace.
        build: builds graph and texts.
        n_changes: how often the data had changed when they were last built.
        idle: seconds without a change after which it ends.
        pause: seconds between two looks.
    """
    parent, last_change = os.getppid(), time.monotonic()
    while time.monotonic() - last_change < idle and os.getppid() == parent:
        with database.reading() as connection:
            current = revision.change_count(connection)
        if current != n_changes:
            with suppress(BusyError):
                build()
                n_changes = current
            last_change = time.monotonic()
        time.sleep(pause)


def _readable_snapshot(snapshots: Snapshots) -> Snapshot | None:
    """The snapshot in service; ``None`` where there is none, or it cannot be read."""
    if snapshots.current() is None:
        return None
    try:
        return snapshots.open()
    except (SnapshotError, NotFoundError) as error:
        say(f"the snapshot in service cannot be read, another is built ({error})")
        return None


def _descriptions_digest(config: Config, directory: Path) -> str:
    name = config.text.descriptions
    file = directory / name if name is not None else None
    return sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""
