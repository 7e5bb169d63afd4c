"""Locks between processes: a file that one of them holds, given back when it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tastegraph.errors import BusyError


def hold(file: Path, advice: str) -> int:
    """Hold ``file`` until the descriptor that is returned is closed.

    Raises:
        BusyError: another process holds it; its text is ``advice``.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(file, os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise BusyError(advice) from None
    return lock


@contextmanager
def held(file: Path, advice: str) -> Iterator[None]:
    """Hold ``file`` for the length of a block; raises as :func:`hold` does."""
    lock = hold(file, advice)
    try:
        yield
    finally:
        os.close(lock)
