"""Progress and notices on standard error: bars where that is a terminal, else lines.

Inside :func:`announcing`, each stage of a job is a line when it begins. Where there is no terminal,
a line every 30 seconds says how far it has come, so that nothing long is silent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
Element = TypeVar("Element")
SECONDS_BETWEEN_LINES = 30.0
"""Without a terminal, so much time passes between two lines of one stage."""

_console = Console(stderr=True)


@dataclass
class _Job:
    """A job that is announced: where it is.

    Attributes:
        stages: names of the stages that have begun and not ended, outermost first.
        began: when each of them began, by the clock.
        counts: of each running progress its description, steps done and total.
        last_line: the newest line about a stage.
    """

    stages: list[str] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    counts: list[tuple[str, int, int | None]] = field(default_factory=list)
    last_line: str = ""

    def begin(self, name: str) -> None:
        self.stages.append(name)
        self.began.append(time.perf_counter())
        if name != self.last_line:
            self.last_line = name
            say(f"{name} …")

    def end(self) -> None:
        self.stages.pop()
        self.began.pop()

    def state(self) -> str:
        """Where the job is, in words; empty between two stages."""
        stages, began, counts = list(self.stages), list(self.began), list(self.counts)
        if not stages or not began:
            return ""
        seconds = f"{time.perf_counter() - began[-1]:.0f} s"
        if not counts:
            return f"{stages[-1]}: {seconds} so far"
        description, done, total = counts[-1]
        steps = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        return f"{stages[-1]}: {description}, {steps}, {seconds} so far"


_job: ContextVar[_Job | None] = ContextVar("job", default=None)


@contextmanager
def announcing() -> Iterator[None]:
    """Print a line for each stage of the block, and without a terminal one every 30 seconds."""
    if _job.get() is not None:
        yield
        return
    job, ended = _Job(), threading.Event()

    def repeat() -> None:
        while not ended.wait(SECONDS_BETWEEN_LINES):
            if state := job.state():
                say(state)

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    token = _job.set(job)
    if not _console.is_terminal:
        thread.start()
    try:
        yield
    finally:
        _job.reset(token)
        ended.set()


@contextmanager
def announced_stage(name: str) -> Iterator[None]:
    """A stage of the job that :func:`announcing` announces; nothing outside one."""
    job = _job.get()
    if job is None:
        yield
        return
    job.begin(name)
    try:
        yield
    finally:
        job.end()


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Advance]:
    """A progress bar, or without a total a running count, that the yielded function advances."""
    job = _job.get()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=_console,
        transient=True,
        disable=not _console.is_terminal,
    )
    place = 0
    if job is not None:
        place = len(job.counts)
        job.counts.append((description, 0, total))

    def advance(steps: int) -> None:
        bar.advance(task, steps)
        if job is not None:
            _, done, _ = job.counts[place]
            job.counts[place] = description, done + steps, total

    with bar:
        task = bar.add_task(description, total=total)
        try:
            yield advance
        finally:
            if job is not None:
                del job.counts[place:]


def counted(description: str, stream: Iterable[Element]) -> Iterator[Element]:
    """Yield the elements of ``stream`` and show the running count of records.

    A frame among the elements counts as many records as it has rows.
    """
    with progress(description) as advance:
        n_records = 0
        for element in stream:
            n_records += getattr(element, "height", 1)
            if n_records >= 1000:
                advance(n_records)
                n_records = 0
            yield element


def say(text: str) -> None:
    """Print a notice to standard error."""
    _console.print(text, markup=False, highlight=False, soft_wrap=True)
