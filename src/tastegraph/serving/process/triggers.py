"""Triggers: a running service starts a command on new knowledge, new events, or drift."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, SnapshotError
from tastegraph.evaluation.feedback import MIN_NEWEST_LISTS, response_dropped
from tastegraph.serving.engine import Engine
from tastegraph.store import events as log
from tastegraph.store import jobs, revision, served_lists
from tastegraph.store.jobs import JobCause, JobKind
from tastegraph.store.snapshots import Snapshots

DRIFT_CHECK_SECONDS = 60.0
"""Seconds from one comparison of the lists to the next."""


def workspace_command(directory: Path, *words: str) -> list[str]:
    """A command line on a workspace; what the command imports never enters the service."""
    return [sys.executable, "-m", "tastegraph", words[0], str(directory), *words[1:]]


class Trigger(Protocol):
    """When a command is due.

    Attributes:
        command: run in a process of its own.
        long_running: whether the process stays, and others may run beside it.
        kind, cause: of the job that it starts.
    """

    command: Sequence[str]
    long_running: bool
    kind: JobKind
    cause: JobCause

    def due(self, engine: Engine) -> bool:
        """Whether it is time; called every few moments."""
        ...

    def on_start(self, engine: Engine) -> None:
        """Note that the command was started: it is not due again for the same reason."""
        ...

    def on_failure(self) -> bool:
        """Note that the command failed; returns whether it is due again for the same reason."""
        ...


class ManifestMaximum:
    """The largest value of a growing number in the manifests of all stored snapshots.

    The version in service may be a rolled back one. The number that the later version reached must
    not count as new again, or the same events would make that version once more.

    Args:
        key: of the number in manifests, such as ``"learned_until"``.
    """

    def __init__(self, key: str) -> None:
        self._key, self._values = key, dict[str, int]()

    def of(self, snapshots: Snapshots) -> int:
        """Over all snapshots that are stored now; each manifest is read once."""
        self._values = {
            version: self._values[version]
            if version in self._values
            else self._read(snapshots, version)
            for version in snapshots.versions()
        }
        return max(self._values.values(), default=0)

    def _read(self, snapshots: Snapshots, version: str) -> int:
        with suppress(NotFoundError, SnapshotError):
            return int(snapshots.manifest(version).get(self._key, 0))
        return 0


class KnowledgeTrigger:
    """Due when items, facts or links changed since any snapshot was made, in service or not.

    The process that it starts follows later changes by itself.
    """

    long_running = True
    kind: JobKind = "refresh"
    cause: JobCause = "knowledge"

    def __init__(self, command: Sequence[str]) -> None:
        self.command, self._started_at, self._maximum = command, 0, ManifestMaximum("changes")

    def due(self, engine: Engine) -> bool:
        """Whether there is a change that no snapshot holds and no process was started for."""
        known_changes = max(self._maximum.of(engine.snapshots), self._started_at)
        return self._count(engine) > known_changes

    def on_start(self, engine: Engine) -> None:
        """Changes from here on are followed by the process itself."""
        self._started_at = self._count(engine)

    def on_failure(self) -> bool:
        """Due until a snapshot holds the change."""
        self._started_at = 0
        return True

    def _count(self, engine: Engine) -> int:
        with engine.database.reading() as connection:
            return revision.change_count(connection)


class EventCountTrigger:
    """Due when so many events came since any model was fitted, in service or rolled back.

    Where a candidate was rejected, it is due after as many events again.

    Args:
        every: number of events.
        command: retrains.
    """

    long_running = False
    kind: JobKind = "retrain"
    cause: JobCause = "events"

    def __init__(self, every: int, command: Sequence[str]) -> None:
        self.command, self._every, self._started_at = command, every, 0
        self._maximum = ManifestMaximum("learned_until")

    def due(self, engine: Engine) -> bool:
        """Whether so many events came since then, and since the last process was started."""
        since = max(self._maximum.of(engine.snapshots), self._started_at)
        return self._count(engine) - since >= self._every

    def on_start(self, engine: Engine) -> None:
        """Count events from here."""
        self._started_at = self._count(engine)

    def on_failure(self) -> bool:
        """Not due again until as many events came once more."""
        return False

    def _count(self, engine: Engine) -> int:
        with engine.database.reading() as connection:
            return log.revision(connection)


class DriftTrigger:
    """Due when users respond to the lists of the model in service less often than they did.

    Lists from before the newest stored model was fitted do not count: after a rollback, only
    later lists do. Neither do lists that a variant of an experiment changed. Where a candidate was
    rejected, it is due after as many lists again.

    Args:
        max_drop: share of the lists with a response by which they may fall.
        settling_seconds: that users are given to respond to a list.
        rewarding: types of the events that are a response.
        command: retrains.
    """

    long_running = False
    kind: JobKind = "retrain"
    cause: JobCause = "drift"

    def __init__(
        self,
        max_drop: float,
        settling_seconds: float,
        rewarding: Sequence[str],
        command: Sequence[str],
    ) -> None:
        self.command, self._max_drop, self._settling = command, max_drop, settling_seconds
        self._rewarding = frozenset(rewarding)
        self._last_check, self._since = 0.0, 0.0
        self._maximum = ManifestMaximum("learned_until")

    def due(self, engine: Engine, now: float | None = None) -> bool:
        """Whether the responses have fallen; checked once a minute."""
        now = time.time() if now is None else now
        if now - self._last_check < DRIFT_CHECK_SECONDS:
            return False
        self._last_check = now
        model, _ = engine.versions()
        learned_until = self._maximum.of(engine.snapshots)
        likes = engine.meaning.likes
        with engine.database.reading() as connection:
            exposures = served_lists.exposures(
                connection, self._since, learned_until, model, likes, experiments="outside"
            )
            settled_places = (place for place in exposures if place.created <= now - self._settling)
            responses = [
                any(not self._rewarding.isdisjoint(place.events) for place in places)
                for _, places in itertools.groupby(
                    settled_places, key=lambda p: p.recommendation_id
                )
            ]
        enough = len(responses) >= 2 * MIN_NEWEST_LISTS
        return enough and response_dropped(responses, self._max_drop)

    def on_start(self, engine: Engine) -> None:
        """Compare later lists only."""
        self._since = time.time() - self._settling

    def on_failure(self) -> bool:
        """Not due again until as many lists were served once more."""
        return False


class RequestTrigger:
    """Due while a job of its kind waits in the store, which any process may have put there.

    Args:
        kind: of the jobs.
        command: does one.
    """

    long_running = False
    cause: JobCause = "request"

    def __init__(self, kind: JobKind, command: Sequence[str]) -> None:
        self.kind, self.command = kind, command

    def due(self, engine: Engine) -> bool:
        """Whether a job waits."""
        with engine.database.reading() as connection:
            return jobs.waiting_job(connection, self.kind) is not None

    def on_start(self, engine: Engine) -> None:
        """The job itself is noted to be running."""

    def on_failure(self) -> bool:
        """A job that failed does not wait any more."""
        return False


def request_triggers(directory: Path) -> list[RequestTrigger]:
    """The triggers of jobs that are requested."""
    refresh = workspace_command(directory, "build", "--only", "graph,text")
    retrain = workspace_command(directory, "retrain", "--wait", "10m")
    return [RequestTrigger("refresh", refresh), RequestTrigger("retrain", retrain)]


def configured_triggers(config: Config, directory: Path) -> list[Trigger]:
    """The triggers that ``[loop]`` switches on, the most urgent first."""
    loop, triggers = config.loop, list[Trigger]()
    if loop.refresh and find_spec("torch") is not None:
        triggers.append(KnowledgeTrigger(workspace_command(directory, "follow")))
    retrain = workspace_command(directory, "retrain", "--wait", "10m")
    if loop.every:
        triggers.append(EventCountTrigger(loop.every, retrain))
    if loop.drift:
        rewarding = [name for name, weight in config.events.weights.items() if weight > 0]
        triggers.append(DriftTrigger(loop.drift, loop.drift_delay, rewarding, retrain))
    return triggers
