"""The files of one import, read as streams of records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Records, User
from tastegraph.data.event_tables import event_table
from tastegraph.data.facts import fact_columns, link_columns
from tastegraph.data.gorse_exports import read_gorse_exports
from tastegraph.data.items import read_items
from tastegraph.data.mapping.mapped_tables import Reading
from tastegraph.data.mapping.names import Kind
from tastegraph.data.mapping.readings import UNSAID, ReadingOptions, reading_of
from tastegraph.data.recbole import (
    AtomicFiles,
    atomic_event_tables,
    atomic_files,
    read_atomic_items,
)
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.archives import stored_file


@dataclass(frozen=True)
class Files:
    """Paths of the files of one import, by the kind of records that they contain.

    Attributes:
        items, events, facts, links: the files of each kind.
        atomic: RecBole's atomic files.
        gorse: exports of Gorse, or folders of them.
        options: what the caller says of how the files are read.
    """

    items: Sequence[Path]
    events: Sequence[Path]
    facts: Sequence[Path]
    links: Sequence[Path]
    atomic: AtomicFiles | None = None
    gorse: Sequence[Path] = ()
    options: ReadingOptions = UNSAID

    def reading(self, path: Path, kind: Kind, config: Config) -> Reading:
        """How one of the files is read.

        Raises:
            NotFoundError: the file cannot be opened.
            TastegraphError: there is no such format or encoding.
        """
        return reading_of(path, kind, config.imports, self.options)

    def with_atomic(self, folder: Path) -> Files:
        """These files and all RecBole atomic files of a folder.

        Raises:
            NotFoundError: the folder has no such file.
        """
        atomic = atomic_files(folder)
        facts = [*self.facts, *([atomic.kg] if atomic.kg else [])]
        links = [*self.links, *([atomic.link] if atomic.link else [])]
        return replace(self, facts=facts, links=links, atomic=atomic)

    def one_by_one(self) -> Iterator[tuple[Files, dict[str, str]]]:
        """Yield each file of facts or links by itself, with its source and SHA-256.

        Raises:
            TastegraphError: two files of facts or links have the same name.
            NotFoundError: a file cannot be read.
        """
        _check_names({*self.facts, *self.links})
        for path in dict.fromkeys([*self.facts, *self.links]):
            facts = [path] if path in self.facts else []
            links = [path] if path in self.links else []
            yield (
                replace(self, items=[], events=[], facts=facts, links=links, atomic=None, gorse=()),
                {path.name: _digest(path)},
            )

    def records(
        self,
        config: Config,
        rejects: RejectedRows,
        digests: Mapping[str, str] | None = None,
        report: ImportReport | None = None,
    ) -> Records:
        """All records of the files: events read, the others as streams that read when iterated.

        The source of events, facts and links is the name of their file without its folder.
        Iterating raises :class:`~tastegraph.core.errors.RowError` at the first bad row, unless
        ``rejects`` sets such rows aside.

        Args:
            config: how rows are read.
            rejects: what is done with a bad row.
            digests: source → a hash of its content.
            report: gets counts of rows, and what was noticed.

        Raises:
            TastegraphError: two files of events, or two of facts or links, have the same name.
            RowError: a row of events is wrong and ``rejects`` raises.
        """
        _check_names({*self.facts, *self.links})
        _check_names(self.events)
        items: list[tuple[str, Iterable[pl.DataFrame]]] = [
            (
                path.name,
                read_items(path, rejects, config, report, self.reading(path, "items", config)),
            )
            for path in self.items
        ]
        types, missing = tuple(config.events.weights), config.imports.missing
        events = {
            path.name: event_table(
                path, rejects, self.reading(path, "events", config), types, None, missing, report
            )
            for path in self.events
        }
        if self.atomic is not None:
            if self.atomic.item is not None:
                path = self.atomic.item
                items.append((path.name, read_atomic_items(path, rejects, config, report)))
            events |= atomic_event_tables(self.atomic, rejects, types, missing, report)
        users: list[User] = []
        if self.gorse:
            exports = read_gorse_exports(
                self.gorse, rejects, config, report or ImportReport(), self.options.types
            )
            users = exports.users
            items += [(name, [frame]) for name, frame in exports.items.items()]
            events |= exports.events
        return Records(
            item_files=items,
            users=users,
            event_files=events,
            facts={
                path.name: fact_columns(
                    path, rejects, self.reading(path, "facts", config), missing, report
                )
                for path in self.facts
            },
            links={
                path.name: link_columns(
                    path, rejects, self.reading(path, "links", config), missing, report
                )
                for path in self.links
            },
            digests=digests or {},
        )


def _digest(path: Path) -> str:
    try:
        with stored_file(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from None


def _check_names(paths: Iterable[Path]) -> None:
    named: dict[str, Path] = {}
    for path in sorted(paths):
        if path.name in named:
            raise TastegraphError(
                f"{named[path.name]} and {path} have the same name, which names the source of "
                "what they state: rename one of them"
            )
        named[path.name] = path


def rejects_file(directory: Path, on_error: str) -> RejectedRows:
    """A new list of rejected rows in ``directory``, in place of the one of the last import."""
    path = directory / "rejects.jsonl"
    path.unlink(missing_ok=True)
    return RejectedRows("skip" if on_error == "skip" else "raise", path)
