"""How long a block of code took, how much memory it held at most, and what it had reached when."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tastegraph.evaluation.memory import peak_mb, reset_peak


class Clock:
    """Seconds of a ``with`` block, and the most memory in MiB that the process held during it.

    ``seconds`` are the clock's on the wall; ``processor_seconds`` this process's on all processors,
    whatever else the machine has to do.
    """

    def __enter__(self) -> Clock:
        reset_peak()
        self._started, self._spent = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
        self.processor_seconds = time.process_time() - self._spent
        self.peak_mb = peak_mb()


class Course:
    """Seconds from its making at which each quality was first bettered."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self.steps: list[tuple[float, float]] = []

    def __call__(self, quality: float) -> None:
        """Note ``quality`` if there was none as good."""
        if not self.steps or quality > self.steps[-1][1]:
            self.steps.append((time.perf_counter() - self._started, quality))


def seconds_to(quality: float, course: Sequence[tuple[float, float]]) -> float | None:
    """Seconds until ``quality`` or better was reached; ``None`` where it never was."""
    return next((seconds for seconds, reached in course if reached >= quality), None)
