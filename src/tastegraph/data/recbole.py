"""RecBole's atomic files (``NAME.inter``, ``.item``, ``.kg``, ``.link``) read as records.

The format itself is one of those of :mod:`tastegraph.data.tables.reader`; ``.kg`` and ``.link``
files are read by :func:`~tastegraph.data.facts.read_facts` and
:func:`~tastegraph.data.facts.read_links` as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import polars as pl

from tastegraph.core.config import Config
from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import EVENT_TYPES, Split
from tastegraph.data.event_tables import event_table
from tastegraph.data.items import read_items
from tastegraph.data.mapping.mapped_tables import PLAIN, Reading
from tastegraph.data.rejected_rows import RejectedRows

TITLE_COLUMNS = (
    "movie_title", "title", "name", "item_title", "item_name", "product_title", "product_name",
    "book_title", "artist_name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AtomicFiles:
    """The files of one data set; ``None`` or empty for those that do not exist.

    Attributes:
        inter: one ``NAME.inter``, or the files of a published split (``NAME.train.inter``, …).
    """

    inter: tuple[Path, ...]
    item: Path | None
    kg: Path | None
    link: Path | None


def atomic_files(folder: Path) -> AtomicFiles:
    """Find the atomic files of a folder; if a split is published, its files are used.

    Raises:
        NotFoundError: there is no such folder, or it has none of these files.
        TastegraphError: there are files of more than one data set.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder} is not a folder")
    inter = sorted(folder.glob("*.inter"))
    inter = [path for path in inter if split_of(path)] or inter
    names = {path.stem.removesuffix(f".{split_of(path)}") for path in inter}
    if len(names) > 1:
        raise TastegraphError(f"{folder} holds more than one data set: {', '.join(sorted(names))}")
    files = AtomicFiles(
        tuple(inter), _only(folder, ".item"), _only(folder, ".kg"), _only(folder, ".link")
    )
    if files == AtomicFiles((), None, None, None):
        raise NotFoundError(f"{folder} holds no RecBole files (.inter, .item, .kg, .link)")
    return files


def split_of(path: Path) -> Split | None:
    """Return the split in the name of an ``.inter`` file, such as ``NAME.train.inter``."""
    name = Path(path.stem).suffix.removeprefix(".")
    return cast("Split", name) if name in get_args(Split) else None


def atomic_event_tables(
    files: AtomicFiles,
    rejects: RejectedRows,
    types: Collection[str] = EVENT_TYPES,
    missing: Collection[str] = MISSING_MARKERS,
    report: ImportReport | None = None,
) -> dict[str, pl.DataFrame]:
    """Name of each ``.inter`` file → its events; those of a published split carry its name.

    Arguments are those of :func:`~tastegraph.data.event_tables.event_table`.

    Raises:
        RowError: a header is at fault (always), or a row is and ``rejects`` raises.
    """
    return {
        path.name: event_table(path, rejects, PLAIN, types, split_of(path), missing, report)
        for path in files.inter
    }


def read_atomic_items(
    path: Path,
    rejects: RejectedRows,
    config: Config | None = None,
    report: ImportReport | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the items of an ``.item`` file, a frame at a time.

    The title is the first of :data:`TITLE_COLUMNS` that the file has. Columns that state facts
    need not be there.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    titled = Reading(columns={"title": TITLE_COLUMNS})
    return read_items(path, rejects, config, report, titled, required=("item_id",))


def _only(folder: Path, ending: str) -> Path | None:
    paths = sorted(folder.glob(f"*{ending}"))
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise TastegraphError(f"{folder} holds more than one {ending} file: {names}")
    return paths[0] if paths else None
