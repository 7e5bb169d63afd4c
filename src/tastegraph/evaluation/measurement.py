"""What an experiment cost: seconds, peak memory, the quality reached over time, and the machine."""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Sequence
from pathlib import Path

_PEAK_RESET_FILE = Path("/proc/self/clear_refs")
_STATUS_FILE = Path("/proc/self/status")
_CPU_FILE = Path("/proc/cpuinfo")


class Stopwatch:
    """Context manager that measures the time and the peak memory of its block.

    Attributes:
        seconds: wall-clock time.
        processor_seconds: time of this process on all processors, whatever else the machine does.
        peak_mb: most resident memory that the process held during the block, MiB.
    """

    def __enter__(self) -> Stopwatch:
        reset_peak_memory()
        self._wall_start, self._processor_start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._wall_start
        self.processor_seconds = time.process_time() - self._processor_start
        self.peak_mb = peak_memory_mb()


class QualityCurve:
    """The best quality so far over time.

    Attributes:
        steps: (seconds since construction, quality) of every improvement.
    """

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.steps: list[tuple[float, float]] = []

    def __call__(self, quality: float) -> None:
        """Add a step if ``quality`` is better than all before."""
        if not self.steps or quality > self.steps[-1][1]:
            self.steps.append((time.perf_counter() - self._start, quality))


def seconds_to_quality(quality: float, steps: Sequence[tuple[float, float]]) -> float | None:
    """Seconds until ``quality`` or better was reached; ``None`` if it never was."""
    return next((seconds for seconds, reached in steps if reached >= quality), None)


def reset_peak_memory() -> None:
    """Measure the peak from now on; where the system cannot, it stays that of the process."""
    try:
        _PEAK_RESET_FILE.write_text("5")
    except OSError:
        return


def peak_memory_mb() -> float:
    """Most resident memory since :func:`reset_peak_memory`, MiB."""
    try:
        for line in _STATUS_FILE.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> dict[str, str]:
    """Version of Python, and number and name of the processors."""
    lines = _CPU_FILE.read_text(encoding="utf-8").splitlines() if _CPU_FILE.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    cpu = f"{len(names)} × {names[0]}" if names else platform.processor()
    return {"python": platform.python_version(), "cpu": cpu}
