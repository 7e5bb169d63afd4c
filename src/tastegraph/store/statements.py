"""Facts and links in the database: each statement once, with all the evidence for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.schema import CreateIndex, DropIndex

from tastegraph.core.records import ITEM, SAME_AS, Fact, Link, Span
from tastegraph.store import revision
from tastegraph.store.fact_rows import FactRow, fact_rows
from tastegraph.store.schema import BY_SUBJECT, evidence, facts

if TYPE_CHECKING:
    import polars as pl

ROWS_PER_BATCH = 10_000
MIN_FACTS_TO_REINDEX = 100_000
"""Imports of at least so many facts drop an index and build it again: that is faster."""
MAX_IDS_PER_QUERY = 500

MAX_FACTS_TO_REINDEX = 10
"""They do unless the database holds more than so many times as many facts."""


@dataclass(frozen=True, slots=True)
class StatementCounts:
    """What became of the facts, or the links, of one source.

    Attributes:
        read: how many were given.
        new: statements that the database did not hold before.
        known: statements that it held already, from this source or another.
        repeated: how many of those read were given before by the same source.
    """

    read: int = 0
    new: int = 0
    known: int = 0
    repeated: int = 0

    @property
    def distinct(self) -> int:
        """Number of distinct statements, which the source states afterwards."""
        return self.new + self.known

    def __add__(self, other: StatementCounts) -> StatementCounts:
        return StatementCounts(
            self.read + other.read,
            self.new + other.new,
            self.known + other.known,
            self.repeated + other.repeated,
        )


def fact_id(fact: Fact) -> int:
    """A stable id in [0, 2⁶³): the same statement has the same id in every workspace."""
    fields = (fact.subject, fact.relation, fact.object, fact.datatype, fact.language)
    text = "".join(f"{len(field)}:{field}" for field in (*fields, str(int(fact.literal))))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def link_fact(link: Link) -> Fact:
    """The fact that a link states: the item and the entity are the same thing."""
    return Fact(ITEM + link.item_id, SAME_AS, link.entity_id)


def put_facts(
    connection: Connection, new: Iterable[Fact | pl.DataFrame], source: str
) -> StatementCounts:
    """Add facts as stated by ``source``.

    They are sorted and then written in the order of their ids, so that the time depends on their
    number and hardly on the size of the database.

    Args:
        connection: of a writer.
        new: single facts, or frames of them (:mod:`tastegraph.core.fact_columns`).
        source: what states them.
    """
    # Imported here: the service reads facts, and polars is for many at once.
    from tastegraph.core.fact_columns import fact_frames

    return _put(connection, fact_frames(new), source)


def put_links(
    connection: Connection, new: Iterable[Link | pl.DataFrame], source: str
) -> StatementCounts:
    """Add links, or frames of them, as stated by ``source``."""
    from tastegraph.core.fact_columns import link_frames

    return _put(connection, link_frames(new), source)


def _put(connection: Connection, frames: Iterable[pl.DataFrame], source: str) -> StatementCounts:
    from tastegraph.store.staged_facts import FactSorter, write_facts

    with TemporaryDirectory(prefix="tastegraph-") as folder:
        sorter = FactSorter(Path(folder))
        for frame in frames:
            sorter.add(frame)
        if not sorter.n_rows:
            return StatementCounts()
        revision.record_change(connection, source)
        reindex = sorter.n_rows >= MIN_FACTS_TO_REINDEX and _has_fewer_facts(
            connection, MAX_FACTS_TO_REINDEX * sorter.n_rows
        )
        if reindex:
            connection.execute(DropIndex(BY_SUBJECT))
        n_statements = n_new = 0
        for batch in sorter.batches():
            n_of_batch, n_new_of_batch = write_facts(connection, batch, source)
            n_statements += n_of_batch
            n_new += n_new_of_batch
        if reindex:
            connection.execute(CreateIndex(BY_SUBJECT))
    return StatementCounts(sorter.n_rows, n_new, n_statements - n_new, sorter.n_rows - n_statements)


def _has_fewer_facts(connection: Connection, number: int) -> bool:
    return connection.execute(select(facts.c.fact_id).limit(1).offset(number)).first() is None


def withdraw(
    connection: Connection,
    subjects: Sequence[str],
    source: str,
    relations: Collection[str] | None = None,
) -> None:
    """Delete what ``source`` states about ``subjects``, and facts left without evidence.

    With ``relations`` only facts of these.
    """
    for start in range(0, len(subjects), MAX_IDS_PER_QUERY):
        about: ColumnElement[bool] = facts.c.subject.in_(
            subjects[start : start + MAX_IDS_PER_QUERY]
        )
        if relations is not None:
            about &= facts.c.relation.in_(relations)
        ids = select(facts.c.fact_id).where(about).scalar_subquery()
        connection.execute(
            delete(evidence).where(evidence.c.source == source, evidence.c.fact_id.in_(ids))
        )
        supported = select(evidence.c.fact_id).where(evidence.c.fact_id == facts.c.fact_id)
        connection.execute(delete(facts).where(about, ~supported.exists()))


def all_facts(
    connection: Connection,
    *,
    trust: Mapping[str, float] | None = None,
    without: Collection[str] = (),
    only: ColumnElement[bool] | None = None,
) -> Iterator[tuple[int, Fact]]:
    """Yield every fact that no reviewer has denied, with its id, in the order of ids.

    The confidence of a fact is the highest that any of its sources gives it.

    Args:
        connection: to the store.
        trust: source → factor in (0, 1] by which its confidences are multiplied; 1 for others.
        without: sources that are ignored; a fact that only they state is left out.
        only: a condition on the facts.
    """
    for row in fact_rows(connection, trust=trust, without=without, only=only):
        yield row[0], fact_of_row(row)


def literals_of(connection: Connection, relations: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Subject and value of every literal fact of some relations."""
    query = select(facts.c.subject, facts.c.object).where(
        facts.c.relation.in_(relations), facts.c.literal
    )
    yield from ((subject, value) for subject, value in connection.execute(query))


def fact_of_row(row: FactRow) -> Fact:
    """The fact of a row."""
    _, subject, relation, value, literal, datatype, language, confidence = row
    return Fact(subject, relation, value, literal == 1, datatype, language, confidence)


def all_links(connection: Connection) -> Iterator[Link]:
    """Yield every link once, in the order of items, however many sources state it."""
    facts_of_links = all_facts(connection, only=is_link())
    pairs = ((fact.subject.removeprefix(ITEM), fact.object) for _, fact in facts_of_links)
    return (Link(*pair) for pair in sorted(pairs))


def is_link() -> ColumnElement[bool]:
    """The SQL condition that a fact is a link: an item is the same thing as an entity."""
    return (
        (facts.c.relation == SAME_AS)
        & facts.c.subject.startswith(ITEM, autoescape=True)
        & ~facts.c.object.startswith(ITEM, autoescape=True)
    )


def stated_by(connection: Connection, source: str) -> dict[int, float]:
    """Fact id → confidence, of all facts that ``source`` states."""
    query = select(evidence.c.fact_id, evidence.c.confidence).where(evidence.c.source == source)
    return {row.fact_id: row.confidence for row in connection.execute(query)}


def supports(connection: Connection, key: int) -> list[tuple[str, float, Span | None]]:
    """The evidence for one fact: source, confidence and, if read in a text, where it stands."""
    rows = connection.execute(
        select(evidence).where(evidence.c.fact_id == key).order_by(*evidence.primary_key.columns)
    )
    return [
        (row.source, row.confidence, _span(row.document, row.start, row.end, row.extractor))
        for row in rows
    ]


def _span(document: str, start: int, end: int, extractor: str) -> Span | None:
    return Span(document, start, end, extractor) if extractor else None
