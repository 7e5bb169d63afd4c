"""What all peers share: the split they read, the clock they run against, what they hand in."""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Lists = NDArray[np.int32]
"""int32[U, k]: item ids, best first, padded with −1."""
STARTED = time.perf_counter()


class TimeUp(BaseException):
    """The time limit is reached; no library takes it for an error of its own."""


@dataclass(frozen=True, slots=True)
class Split:
    """One set, and how many items to list for each of its people.

    Attributes:
        train, valid: int64[n, 2], rows of (user, item).
        order: float64[n], the third column of train: what came before what.
        n_users, n_items: one more than the largest id in any part.
    """

    folder: Path
    name: str
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    order: NDArray[np.float64]
    n_users: int
    n_items: int
    k: int

    def matrix(self, *parts: NDArray[np.int64]) -> sp.csr_matrix:
        """CSR float32[U, I], 1 where a pair is in one of ``parts``."""
        users, items = np.concatenate(parts).T
        ones = np.ones(len(users), dtype=np.float32)
        made = sp.csr_matrix((ones, (users, items)), shape=(self.n_users, self.n_items))
        made.data[:] = 1
        return made

    @property
    def width(self) -> int:
        """How many items to list so that ``k`` are left when the validation items go."""
        return self.k + int(np.bincount(self.valid[:, 0]).max(initial=0))

    def mrr(self, lists: Lists, cutoff: int = 10) -> float:
        """MRR over the people with validation items, by which RecBole chooses, and so do all."""
        people = np.unique(self.valid[:, 0])
        hit = _listed(lists[people, :cutoff], self.matrix(self.valid)[people])
        return float(np.where(hit.any(axis=1), 1 / (hit.argmax(axis=1) + 1), 0).mean())

    def unseen(self, lists: Lists) -> Lists:
        """The first ``k`` of each list, int32[U, width], that are no validation items."""
        known = _listed(lists, self.matrix(self.valid))
        order = np.argsort(known, axis=1, kind="stable")[:, : self.k]
        kept = np.take_along_axis(np.where(known, -1, lists), order, axis=1)
        return kept.astype(np.int32)


class Clock:
    """Times the choice of a model, and ends it at the limit."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.tried = 0
        self.stopped = False
        self.best: float | None = None
        self.seconds_to_best: float | None = None
        self._began = STARTED

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count from here; at the limit leave the block, keeping what was found so far."""
        self._began = time.perf_counter()
        signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, max(self.limit - (self._began - STARTED), 0.001), 1)
        try:
            yield
        except TimeUp:
            self.stopped = True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def better(self, valid: float) -> bool:
        """Note a validation score; whether it is the best so far."""
        self.tried += 1
        if self.best is not None and valid <= self.best:
            return False
        self.best, self.seconds_to_best = valid, time.perf_counter() - self._began
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
            if clock.better(split.mrr(lists)):
                best = lists
    if best is None:
        raise TimeoutError(f"no model within {clock.limit:g} s")
    return split.unseen(best)


def main(library: str, run: Callable[[str, Split, Clock], Lists]) -> None:
    """Run the model that the command line names; write ``lists.npy`` and ``peer.json``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--k", type=int, required=True)
    told = parser.parse_args()
    out = told.out.resolve()
    clock, error = Clock(told.limit), None
    split = _read(told.folder.resolve(), told.k)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)  # libraries leave logs where they stand
        try:
            np.save(out / "lists.npy", run(told.model, split, clock))
        except Exception as raised:
            text = str(raised).strip().splitlines()
            error = f"{type(raised).__name__}: {text[0] if text else ''}"
        os.chdir(out)
    report = {
        "library": library,
        "version": version(library),
        "model": told.model,
        "seconds_total": time.perf_counter() - STARTED,
        "seconds_to_best": clock.seconds_to_best,
        "best_valid": clock.best,
        "epochs": clock.tried,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stopped": clock.stopped,
        "error": error,
    }
    (out / "peer.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


def _listed(lists: Lists, items: sp.csr_matrix) -> NDArray[np.bool_]:
    rows = np.arange(len(lists))[:, None]
    return (items[rows, np.maximum(lists, 0)].toarray() > 0) & (lists >= 0)


def _ring(signum: int, frame: object) -> None:
    raise TimeUp


def _read(folder: Path, k: int) -> Split:
    (file,) = folder.glob("*.train.inter")
    name = file.name.removesuffix(".train.inter")
    train, valid, test = (
        np.loadtxt(folder / f"{name}.{part}.inter", skiprows=1, usecols=(0, 1, 2), ndmin=2)
        for part in ("train", "valid", "test")
    )
    n_users, n_items = np.concatenate([train, valid, test])[:, :2].max(axis=0).astype(int) + 1
    pairs = [part[:, :2].astype(np.int64) for part in (train, valid)]
    return Split(folder, name, *pairs, train[:, 2], int(n_users), int(n_items), k)
