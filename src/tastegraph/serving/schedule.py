"""What a running service has done by itself, in processes of its own, each on its occasion."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from tastegraph.serving.engine import Engine
from tastegraph.serving.occasions import Trigger
from tastegraph.serving.process import Process
from tastegraph.serving.watch import Watch

_log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two looks."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0
"""Seconds after which what failed is tried again; twice as many each time, up to the longest."""


class WorkerSlot:
    """Occasions that take turns: of these, one process runs at a time.

    Args:
        engine: whose log and snapshots are looked at.
        occasions: the most pressing first.
    """

    def __init__(self, engine: Engine, occasions: Sequence[Trigger]) -> None:
        self._engine, self._occasions = engine, occasions
        self._running: tuple[Trigger, Process] | None = None
        self._wait, self._not_before = FIRST_WAIT, 0.0

    def look(self) -> None:
        """See how what runs is doing; where nothing does, run the command of what is due."""
        if self._running is not None:
            self._see_to(*self._running)
        if self._running is None and time.monotonic() >= self._not_before:
            due = next((one for one in self._occasions if one.due(self._engine)), None)
            if due is not None:
                self._begin(due)

    def end(self) -> None:
        """Have what runs end."""
        if self._running is not None:
            self._running[1].end()

    def _begin(self, due: Trigger) -> None:
        due.begun(self._engine)
        try:
            self._running = due, Process(due.command)
        except OSError as error:
            self._failed(due, f"could not be run: {error}")

    def _see_to(self, occasion: Trigger, process: Process) -> None:
        code = process.ended()
        if code is None:
            return
        self._running = None
        if code == 0 or process.seconds() > LONGEST_WAIT:
            self._wait = FIRST_WAIT
        if code == 0:
            _log.info("%s is done", occasion.command)
        else:
            self._failed(occasion, f"ended with {code}: {process.said()}")

    def _failed(self, occasion: Trigger, how: str) -> None:
        _log.warning("%s %s", occasion.command, how)
        if occasion.failed():
            self._not_before = time.monotonic() + self._wait
            self._wait = min(2 * self._wait, LONGEST_WAIT)


class Schedule:
    """Looks for occasions, and runs the command of each that is due.

    What stays is started once, runs beside the others and ends with the service, if not by itself.
    Of the others one runs at a time.

    Args:
        engine: whose log and snapshots are looked at.
        occasions: the most pressing first.
        pause: seconds between two looks.
    """

    def __init__(self, engine: Engine, occasions: Sequence[Trigger], pause: float = PAUSE) -> None:
        self._pause, self._watches = pause, list[Watch]()
        alone = [[one] for one in occasions if one.stays]
        together = [one for one in occasions if not one.stays]
        self._turns = [WorkerSlot(engine, each) for each in (*alone, together)]

    def start(self) -> None:
        """Begin to look."""
        self._watches = [Watch(turn.look, self._pause) for turn in self._turns]

    def close(self) -> None:
        """Stop looking; processes that were started are ended."""
        for watch in self._watches:
            watch.close()
        for turn in self._turns:
            turn.end()
