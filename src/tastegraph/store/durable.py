"""Files that survive a crash, and locks that only one process holds at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tastegraph.core.errors import BusyError
from tastegraph.core.messages import Message

_FIRST_POLL_SECONDS, _POLL_SECONDS = 0.0002, 0.002


def flush(path: Path) -> None:
    """Write a file's content, or a folder's list of names, through to the disk (fsync)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_text(file: Path, text: str, mode: int = 0o644) -> None:
    """Replace the content of ``file``: after a crash it holds all of the old or all of the new.

    The new text is on disk when this returns. Nobody may read it whom ``mode`` does not let.
    """
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode)
    new.write_text(text, encoding="utf-8")
    flush(new)
    new.replace(file)
    flush(file.parent)


@contextmanager
def file_lock(file: Path, advice: Message, patience: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on ``file`` while a block runs; it is released when a process ends.

    Whoever waits holds a second lock, so that one who has just released the first cannot take it
    again before: processes take turns, however often one of them asks.

    Args:
        file: the lock file; it is created where it does not exist.
        advice: text of the error.
        patience: seconds to wait while another process holds the lock.

    Raises:
        BusyError: another process still holds it after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    lock = _open(file)
    try:
        turn = _open(file.with_name(f"{file.name}.turn"))
        try:
            _acquire(turn, advice, deadline)
            _acquire(lock, advice, deadline)
        finally:
            os.close(turn)
        yield
    finally:
        os.close(lock)


class HeldLock:
    """An exclusive lock that is held until it is released, or the process ends.

    Args:
        file: the lock file; it is created where it does not exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is held here."""
        return self._lock is not None

    def acquire(self) -> bool:
        """Take it, unless another process holds it. Returns whether it is held here now."""
        lock = _open(self._file)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None


def _open(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return os.open(file, os.O_CREAT | os.O_RDWR, 0o644)


def _acquire(lock: int, advice: Message, deadline: float) -> None:
    pause = _FIRST_POLL_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(advice) from None
            time.sleep(pause)
            pause = min(2 * pause, _POLL_SECONDS)
