"""How long a block of code took, and how much memory it held at most."""

from __future__ import annotations

import time

from tastegraph.evaluation.memory import peak_mb, reset_peak


class Clock:
    """Seconds of a ``with`` block, and the most memory in MiB that the process held during it."""

    def __enter__(self) -> Clock:
        reset_peak()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
        self.peak_mb = peak_mb()
