"""The files of one import, as streams of records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypedDict

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.records import Event, Fact, Item, Link
from tastegraph.data.events import read_events
from tastegraph.data.facts import read_facts
from tastegraph.data.items import read_items
from tastegraph.data.links import read_links
from tastegraph.data.recbole import AtomicFiles, atomic_files, read_atomic_events, read_atomic_items
from tastegraph.data.rejects import Rejects


class Records(TypedDict):
    """What :meth:`tastegraph.workspace.Workspace.ingest` takes."""

    items: Iterator[Item]
    events: Iterator[Event]
    facts: dict[str, Iterator[Fact]]
    links: dict[str, Iterator[Link]]


@dataclass(frozen=True)
class Files:
    """Paths by what they hold; read when the records are asked for."""

    items: Sequence[Path]
    events: Sequence[Path]
    facts: Sequence[Path]
    links: Sequence[Path]
    atomic: AtomicFiles | None = None

    def with_atomic(self, folder: Path) -> Files:
        """Further a folder of RecBole atomic files, whole.

        Raises:
            NotFoundError: it holds none.
        """
        found = atomic_files(folder)
        facts = [*self.facts, *([found.kg] if found.kg else [])]
        links = [*self.links, *([found.link] if found.link else [])]
        return replace(self, facts=facts, links=links, atomic=found)

    def one_by_one(self) -> Iterator[tuple[Files, dict[str, str]]]:
        """Each file of facts or links by itself, with the SHA-256 of its source.

        Raises:
            TastegraphError: two files of facts or links have one name.
            NotFoundError: a file cannot be read.
        """
        _check_names({*self.facts, *self.links})
        for path in dict.fromkeys([*self.facts, *self.links]):
            facts = [path] if path in self.facts else []
            links = [path] if path in self.links else []
            yield Files([], [], facts, links), {path.name: _digest(path)}

    def records(self, config: Config, rejects: Rejects) -> Records:
        """Everything, as streams; the first bad row that ``rejects`` does not take is raised.

        Facts and links come by source, which is the name of their file without its folder.

        Raises:
            TastegraphError: two files of facts or links have one name.
        """
        _check_names({*self.facts, *self.links})
        items = [read_items(path, rejects, config.items.facts) for path in self.items]
        types = config.events.weights
        events = [read_events(path, rejects, types=types) for path in self.events]
        if self.atomic is not None:
            if self.atomic.item is not None:
                items.append(read_atomic_items(self.atomic.item, rejects))
            events.append(read_atomic_events(self.atomic, rejects, types))
        return Records(
            items=chain.from_iterable(items),
            events=chain.from_iterable(events),
            facts={path.name: read_facts(path, rejects) for path in self.facts},
            links={path.name: read_links(path, rejects) for path in self.links},
        )


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from None


def _check_names(paths: Iterable[Path]) -> None:
    named: dict[str, Path] = {}
    for path in sorted(paths):
        if path.name in named:
            raise TastegraphError(
                f"{named[path.name]} and {path} have one name, by which facts and links know "
                "their source: rename one"
            )
        named[path.name] = path


def rejects_file(directory: Path, on_error: str) -> Rejects:
    """Where a workspace keeps the rows that its last import left out."""
    path = directory / "rejects.jsonl"
    path.unlink(missing_ok=True)
    return Rejects("skip" if on_error == "skip" else "raise", path)
