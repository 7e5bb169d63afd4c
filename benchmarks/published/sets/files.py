"""How the published files are read: tables, gzipped lines, lists of numbers by user."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import Event, Split


def folder_of(data: Path, name: str) -> Path:
    """The folder of one source.

    Raises:
        NotFoundError: ``data`` does not hold it.
    """
    folder = data / name
    if not folder.is_dir():
        raise NotFoundError(f"{data} holds no folder {name}: put the published files there")
    return folder


def tsv(file: Path) -> Iterator[dict[str, str]]:
    """Rows of a table whose cells are parted by tabs."""
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)


def comma_separated(file: Path) -> Iterator[dict[str, str]]:
    """Rows of a table whose cells are parted by commas."""
    with file.open(encoding="utf-8", newline="") as opened:
        yield from csv.DictReader(opened)


def lines(file: Path) -> list[str]:
    """Lines of a gzipped text."""
    with gzip.open(file, "rt", encoding="utf-8") as opened:
        return opened.read().splitlines()


def by_user(file: Path, split: Split) -> Iterator[Event]:
    """Events of lines ``user item item …`` (KGAT, LightGCN): no time, no order."""
    with file.open(encoding="utf-8") as opened:
        for line in opened:
            user, *items = line.split()
            for item in items:
                yield Event(f"{user}-{item}", user, item, "like", None, None, split)
