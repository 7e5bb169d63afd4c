"""RecBole: folders of atomic files (``NAME.inter``, ``.item``, ``.kg``, ``.link``) as records.

The format itself is one of those of :mod:`tastegraph.data.tables`; ``.kg`` and ``.link`` files
are read by :func:`~tastegraph.data.facts.read_facts` and
:func:`~tastegraph.data.links.read_links` as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.records import EVENT_TYPES, Event, Item, Split
from tastegraph.data.events import read_events
from tastegraph.data.items import item_from
from tastegraph.data.rejects import Rejects
from tastegraph.data.tables import Row, read_rows

TITLES = (
    "movie_title", "title", "name", "item_title", "item_name", "product_title", "product_name",
    "book_title", "artist_name",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AtomicFiles:
    """The files of one data set; ``None`` or empty where there is none.

    Attributes:
        inter: one ``NAME.inter``, or the parts of a published split (``NAME.train.inter``, …).
    """

    inter: tuple[Path, ...]
    item: Path | None
    kg: Path | None
    link: Path | None


def atomic_files(folder: Path) -> AtomicFiles:
    """Find the atomic files of a folder; where a split is published, its parts are used.

    Raises:
        NotFoundError: there is no such folder, or none of the files is in it.
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
    """Return the split that the name of an ``.inter`` file gives: ``NAME.train.inter``."""
    part = Path(path.stem).suffix.removeprefix(".")
    return cast("Split", part) if part in get_args(Split) else None


def read_atomic_events(
    files: AtomicFiles, rejects: Rejects, types: Collection[str] = EVENT_TYPES
) -> Iterator[Event]:
    """Yield the events of every ``.inter`` file; those of a part carry its split.

    Args:
        files: of one folder.
        rejects: what becomes of a bad row.
        types: what an event may be.

    Raises:
        RowError: a header is at fault (always), or a row is and ``rejects`` raises.
    """
    for path in files.inter:
        yield from read_events(path, rejects, split_of(path), types)


def read_atomic_items(path: Path, rejects: Rejects) -> Iterator[Item]:
    """Yield the items of an ``.item`` file.

    The title is the first column of :data:`TITLES` that has one, or else the item's id.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """

    def build(row: Row) -> Item:
        values = row.values
        found = next((name for name in TITLES if values.get(name)), None)
        title = values.pop(found) if found else None
        values["title"] = _joined(title) or values["item_id"]
        if "text" in values:
            values["text"] = _joined(values["text"])
        return item_from(values, str(path), row.line)

    return rejects.keep(read_rows(path, rejects, ("item_id",)), build)


def _joined(value: object) -> object:
    return " ".join(value) if isinstance(value, list) else value


def _only(folder: Path, ending: str) -> Path | None:
    paths = sorted(folder.glob(f"*{ending}"))
    if len(paths) > 1:
        found = ", ".join(path.name for path in paths)
        raise TastegraphError(f"{folder} holds more than one {ending} file: {found}")
    return paths[0] if paths else None
