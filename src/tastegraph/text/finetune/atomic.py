"""A folder that is there whole or not at all, whatever ends the writing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tastegraph.store.snapshots import flush


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of ``folder`` once all of it is on disk.

    Where writing fails, what was there stays. A process killed between the two renames leaves both
    folders whole, under the names :func:`places` tells.
    """
    _, new, old = places(folder)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    for path in (*new.rglob("*"), new):
        flush(path)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def places(folder: Path) -> tuple[Path, Path, Path]:
    """Where a whole folder may lie after a kill, the likeliest first."""
    return folder, folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")


def remove(folder: Path) -> None:
    """Remove ``folder`` and what a kill may have left of it."""
    for place in places(folder):
        shutil.rmtree(place, ignore_errors=True)
