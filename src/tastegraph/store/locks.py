"""Locks between processes: a file that one of them holds, given back when it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tastegraph.core.errors import BusyError
from tastegraph.core.messages import Message

POLL = 0.01


@contextmanager
def held(file: Path, advice: Message, patience: float = 0.0) -> Iterator[None]:
    """Hold ``file`` for the length of a block.

    Args:
        file: made where it is not there yet.
        advice: what the error says.
        patience: seconds to wait for another process to give it back.

    Raises:
        BusyError: another process holds it still.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(file, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        _acquire(lock, advice, time.monotonic() + patience)
        yield
    finally:
        os.close(lock)


def _acquire(lock: int, advice: Message, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(advice) from None
            time.sleep(POLL)
