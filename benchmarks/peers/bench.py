"""What all peers share: the clock they run against, the choice, and what they hand in."""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.peers.split import Lists, Split, read

STARTED = time.perf_counter()
PATIENCE = 50
"""Validations without a better one before training ends. With RecBole's own 10, LightGCN stops on
lastfm-lightkg at a Recall@10 of .174; with 50 it reaches .275, what is published being .270."""
MAX_EPOCHS = 10_000
"""So many that training ends by :data:`PATIENCE`: with RecBole's 300, LightGCN still gets better
on ml100k and lastfm-lightkg when it ends."""


class TimeUp(BaseException):
    """The time limit is reached; no library takes it for an error of its own."""


class Clock:
    """Times the choice of a model, and ends it at the limit, which may be infinite.

    Attributes:
        course: seconds and score of each validation; of earlier runs too, where this one goes on.
        stopped: whether the limit was reached.
        best, seconds_to_best: the best validation score, and when it was reached.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.course: list[tuple[float, float]] = []
        self.stopped = False
        self.best: float | None = None
        self.seconds_to_best: float | None = None
        self._began = STARTED
        self._before = 0.0

    def resume(self, course: list[tuple[float, float]]) -> None:
        """Continue from what earlier runs of the same training reached."""
        self._before = course[-1][0] if course else 0.0
        self.course = list(course)
        for seconds, valid in course:
            if self.best is None or valid > self.best:
                self.best, self.seconds_to_best = valid, seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count from here; at the limit leave the block, keeping what was found so far."""
        self._began = time.perf_counter()
        if math.isfinite(self.limit):
            signal.signal(signal.SIGALRM, _ring)
            left = self.limit - (self._began - STARTED)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), 1)
        try:
            yield
        except TimeUp:
            self.stopped = True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def better(self, valid: float) -> bool:
        """Note a validation score; whether it is the best so far."""
        seconds = self._before + time.perf_counter() - self._began
        valid = float(valid)  # some libraries count in NumPy's numbers
        self.course.append((seconds, valid))
        if self.best is not None and valid <= self.best:
            return False
        self.best, self.seconds_to_best = valid, seconds
        return True


def choose(split: Split, clock: Clock, candidates: Iterator[Lists]) -> Lists:
    """Return the lists that are best on validation, less the validation items; int32[U, k].

    Args:
        split: the set.
        clock: ends the search.
        candidates: fits one setting after another on train and gives its lists, int32[U, width],
            without train items.

    Raises:
        TimeoutError: not one setting was ready in time.
    """
    best = None
    with clock.running():
        for lists in candidates:
            if clock.better(split.ndcg(lists)):
                best = lists
    if best is None:
        raise TimeoutError(f"no model within {clock.limit:g} s")
    return split.unseen(best)


def main(library: str, run: Callable[[str, Split, Clock, Path], Lists]) -> None:
    """Run the model that the command line names; write ``lists.npy`` and ``peer.json``.

    ``run`` gets the model, the set, the clock, and the folder in which a training may leave where
    it is, so that the next run goes on from there.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--k", type=int, required=True)
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    clock, error = Clock(arguments.limit), None
    split = read(arguments.folder.resolve(), arguments.k)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # libraries leave logs where they stand
        try:
            np.save(out / "lists.npy", run(arguments.model, split, clock, out))
        except Exception as raised:
            text = str(raised).strip().splitlines()
            error = f"{type(raised).__name__}: {text[0] if text else ''}"
        os.chdir(out)
    report = {
        "library": library,
        "version": version(library),
        "model": arguments.model,
        "seconds_total": time.perf_counter() - STARTED,
        "seconds_to_best": clock.seconds_to_best,
        "best_valid": clock.best,
        "epochs": len(clock.course),
        "course": clock.course,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stopped": clock.stopped,
        "error": error,
    }
    (out / "peer.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


def _ring(signum: int, frame: object) -> None:
    raise TimeUp
