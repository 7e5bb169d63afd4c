"""Records into the store: all that are handed over, or on any error none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from tastegraph.core.progress import counted
from tastegraph.core.records import ITEM, Event, Fact, Item, Link
from tastegraph.store import catalogue, events, provenance, statements
from tastegraph.store.provenance import CATALOGUE


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added.

    Attributes:
        withdrawn: facts and links that went because their sources do not state them any more.
    """

    items: int
    events: int
    duplicate_events: int
    facts: int
    links: int
    withdrawn: int = 0


@dataclass(frozen=True)
class Records:
    """What is imported at once.

    Attributes:
        items: replace those of the same id, and what their columns stated.
        events: those whose id is known already change nothing.
        facts: what each source states, by the source's name.
        links: which entity an item is, by the source's name.
        digests: what tells this state of a source from others.
    """

    items: Iterable[Item] = ()
    events: Iterable[Event] = ()
    facts: Mapping[str, Iterable[Fact]] = field(default_factory=dict)
    links: Mapping[str, Iterable[Link]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """Names of all that state anything, each once."""
        return list({**self.facts, **self.links})


def ingest(
    connection: Connection, records: Records, columns: Callable[[Item], Iterable[Fact]]
) -> Imported:
    """Import ``records`` within the transaction of ``connection``.

    A source is replaced whole: what it stated before, facts and links alike, and does not state
    now loses its support, and what no other source supports goes.

    Args:
        connection: of a writer.
        records: all of them.
        columns: what an item's columns state.

    Raises:
        RowError: a record is wrong; the transaction is to be given up.
    """
    n_items = n_facts = n_links = 0
    for batch in _batches(counted("items", records.items)):
        n_items += catalogue.put_items(connection, batch)
        statements.withdraw(connection, [ITEM + item.item_id for item in batch], CATALOGUE)
        stated = (fact for item in batch for fact in columns(item))
        n_facts += statements.put_facts(connection, stated, CATALOGUE)
    replaced = [provenance.withdraw_source(connection, source) for source in records.sources]
    for source, facts in records.facts.items():
        n_facts += statements.put_facts(connection, counted(source, facts), source)
    for source, links in records.links.items():
        n_links += statements.put_links(connection, links, source)
    for source in records.sources:
        provenance.stamp(connection, source, records.digests.get(source, ""))
    withdrawn = provenance.drop_unsupported(connection) if any(replaced) else 0
    receipt = events.append(connection, counted("events", records.events))
    return Imported(n_items, receipt.accepted, receipt.duplicates, n_facts, n_links, withdrawn)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    stream = iter(items)
    while batch := list(islice(stream, statements.BATCH)):
        yield batch
