"""What choosing has tried, and how long it may go on: resumable, within a budget.

    with choosing(folder, key, seconds=600):
        ...            # each trial is recorded; what is recorded already is not tried again

Outside of :func:`choosing` nothing is recorded and there is no limit.
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.progress import say

KEY_FILE = "inputs"
NETWORK_SHARE, TRIALS_SHARE = 0.7, 0.9
"""Shares of a budget after which no further network, and no further trial on cold items, begins."""


class Trial(NamedTuple):
    """What was found.

    Attributes:
        values: what JSON holds.
        arrays: by name.
    """

    values: Any
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Trials:
    """Trials of one choice of hyperparameters.

    Attributes:
        folder: where they are recorded; ``None`` for nowhere.
        seconds: that choosing may take, by the clock; infinity for no limit.
    """

    folder: Path | None = None
    seconds: float = math.inf
    _began: float = field(default_factory=time.monotonic, repr=False)

    @property
    def limited(self) -> bool:
        """Whether there is a budget."""
        return math.isfinite(self.seconds)

    def seconds_left(self, share: float = 1.0) -> float:
        """Seconds until ``share`` of the budget is used; negative once it is."""
        return share * self.seconds - (time.monotonic() - self._began)

    def recorded(self, name: str) -> Trial | None:
        """The trial of that name; ``None`` where it was not made, or not written to its end."""
        file = self._file(name)
        if file is None or not file.exists():
            return None
        with np.load(file, allow_pickle=False) as arrays:
            values = json.loads(str(arrays["values"]))
            return Trial(values, {each: arrays[each] for each in arrays.files if each != "values"})

    def record(self, name: str, values: Any, arrays: dict[str, NDArray[Any]] | None = None) -> None:
        """Record a trial; after a crash it is there whole or not at all."""
        file = self._file(name)
        if file is None:
            return
        contents: dict[str, Any] = {"values": np.array(json.dumps(values)), **(arrays or {})}
        part = file.with_suffix(".part")
        with part.open("wb") as stream:
            np.savez(stream, **contents)
        part.replace(file)

    def _file(self, name: str) -> Path | None:
        digest = sha256(name.encode()).hexdigest()[:32]
        return None if self.folder is None else self.folder / f"{digest}.npz"


_trials: ContextVar[Trials] = ContextVar("trials", default=Trials())  # noqa: B039


def current_trials() -> Trials:
    """Those of the innermost :func:`choosing`."""
    return _trials.get()


@contextmanager
def choosing(folder: Path, key: str, seconds: float = math.inf) -> Iterator[Trials]:
    """Record the trials of the block in ``folder``, which is deleted once the block has ended well.

    Args:
        folder: of the trials; those of another key are deleted.
        key: of everything that the trials depend on.
        seconds: that choosing may take.
    """
    key_file = folder / KEY_FILE
    if key_file.exists() and key_file.read_text(encoding="utf-8") == key:
        say("choosing goes on where an earlier build was interrupted")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        key_file.write_text(key, encoding="utf-8")
    token = _trials.set(Trials(folder, seconds))
    try:
        yield current_trials()
    finally:
        _trials.reset(token)
    shutil.rmtree(folder)
