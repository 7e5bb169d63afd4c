"""Occasions on which a running service has a process do something: when, and what."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from tastegraph.core.config import Config
from tastegraph.evaluation.feedback import MIN_NEWEST_LISTS, response_dropped
from tastegraph.serving.engine import Engine
from tastegraph.serving.highest import Highest
from tastegraph.store import changes, lists
from tastegraph.store import events as log


def command(directory: Path, *words: str) -> list[str]:
    """A command on a workspace; what it imports never enters the service."""
    return [sys.executable, "-m", "tastegraph", words[0], str(directory), *words[1:]]


class Trigger(Protocol):
    """When something is due, and the command that does it.

    Attributes:
        command: run in a process of its own.
        stays: whether that process stays, and others may run beside it.
    """

    command: Sequence[str]
    stays: bool

    def due(self, engine: Engine) -> bool:
        """Whether it is time; asked every few moments."""
        ...

    def begun(self, engine: Engine) -> None:
        """Note that it is under way: for the same reason it is not due again."""
        ...

    def failed(self) -> bool:
        """Note that nothing came of it; whether it may be due again for the same reason."""
        ...


class Changed:
    """What is known has changed since any snapshot was made, in service or rolled back.

    The process that it starts follows what changes next by itself.
    """

    stays = True

    def __init__(self, command: Sequence[str]) -> None:
        self.command, self._tried, self._highest = command, 0, Highest("changes")

    def due(self, engine: Engine) -> bool:
        """Whether anything was written that no snapshot holds and no process was started for."""
        return self._now(engine) > max(self._highest.among(engine.snapshots), self._tried)

    def begun(self, engine: Engine) -> None:
        """Changes from here on are followed by the process itself."""
        self._tried = self._now(engine)

    def failed(self) -> bool:
        """Due until a snapshot holds what has changed."""
        self._tried = 0
        return True

    def _now(self, engine: Engine) -> int:
        with engine.database.reading() as connection:
            return changes.count(connection)


class Grown:
    """So many events came since any model was learned, in service or rolled back.

    Where a candidate was refused, as many must come again.
    """

    stays = False

    def __init__(self, every: int, command: Sequence[str]) -> None:
        self.command, self._every, self._tried = command, every, 0
        self._highest = Highest("learned_until")

    def due(self, engine: Engine) -> bool:
        """Whether as many came since then, and since the last process was started."""
        since = max(self._highest.among(engine.snapshots), self._tried)
        return self._now(engine) - since >= self._every

    def begun(self, engine: Engine) -> None:
        """Count from here."""
        self._tried = self._now(engine)

    def failed(self) -> bool:
        """As many must come again."""
        return False

    def _now(self, engine: Engine) -> int:
        with engine.database.reading() as connection:
            return log.revision(connection)


LOOKING = 60.0
"""Seconds from one look at the lists to the next."""


class Drifted:
    """Lists of the model in service are answered less often than they were.

    Those from before any model was learned that is kept say nothing: what has been rolled back to
    is judged by its lists since. Where a candidate was refused, as many lists must be shown again
    as are compared.

    Args:
        tolerated: share of the answered lists by which they may fall.
        settled: seconds that a list is given to be answered.
        rewarding: types of the events that answer.
    """

    stays = False

    def __init__(
        self, tolerated: float, settled: float, rewarding: Sequence[str], command: Sequence[str]
    ) -> None:
        self.command = command
        self._tolerated, self._settled, self._rewarding = tolerated, settled, frozenset(rewarding)
        self._looked, self._since = 0.0, 0.0
        self._highest = Highest("learned_until")

    def due(self, engine: Engine, now: float | None = None) -> bool:
        """Whether they have fallen; looked at once a minute."""
        now = time.time() if now is None else now
        if now - self._looked < LOOKING:
            return False
        self._looked = now
        model, _ = engine.versions()
        highest = self._highest.among(engine.snapshots)
        likes = engine.meaning.likes
        with engine.database.reading() as connection:
            shown = lists.exposures(connection, self._since, highest, model, likes)
            settled = (one for one in shown if one.made <= now - self._settled)
            answered = [
                any(not self._rewarding.isdisjoint(one.events) for one in places)
                for _, places in itertools.groupby(settled, key=lambda one: one.recommendation_id)
            ]
        return len(answered) >= 2 * MIN_NEWEST_LISTS and response_dropped(answered, self._tolerated)

    def begun(self, engine: Engine) -> None:
        """Look at later lists alone."""
        self._since = time.time() - self._settled

    def failed(self) -> bool:
        """As many lists must be shown again."""
        return False


def occasions(config: Config, directory: Path) -> list[Trigger]:
    """Those that ``[loop]`` names, the most pressing first."""
    loop, found = config.loop, list[Trigger]()
    if loop.refresh and find_spec("torch") is not None:
        found.append(Changed(command(directory, "follow")))
    retrain = command(directory, "retrain", "--wait", "10m")
    if loop.every:
        found.append(Grown(loop.every, retrain))
    if loop.drift:
        rewarding = [name for name, weight in config.events.weights.items() if weight > 0]
        found.append(Drifted(loop.drift, loop.settled, rewarding, retrain))
    return found
