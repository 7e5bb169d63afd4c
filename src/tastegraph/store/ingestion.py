"""Import of records into the store: all of them, or on any error none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from tastegraph.core.progress import counted
from tastegraph.core.records import ITEM, Fact, Item, Records
from tastegraph.store import catalogue, events, provenance, statements
from tastegraph.store.schema import CATALOGUE


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """How many records an import added.

    Attributes:
        withdrawn: facts and links that were deleted because no source states them any more.
    """

    items: int
    events: int
    duplicate_events: int
    facts: int
    links: int
    withdrawn: int = 0


def ingest(
    connection: Connection, records: Records, columns: Callable[[Item], Iterable[Fact]]
) -> ImportSummary:
    """Import ``records`` within the transaction of ``connection``.

    A source is replaced as a whole: facts and links that it stated before and does not state now
    are deleted, unless another source states them too.

    Args:
        connection: of a writer.
        records: the records.
        columns: function that returns the facts that an item's columns state.

    Raises:
        RowError: a record is wrong; the caller must roll the transaction back.
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
    appended = events.append(connection, counted("events", records.events))
    return ImportSummary(
        n_items, appended.accepted, appended.duplicates, n_facts, n_links, withdrawn
    )


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    stream = iter(items)
    while batch := list(islice(stream, statements.ROWS_PER_BATCH)):
        yield batch
