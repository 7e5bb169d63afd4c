"""Facts and links in the database: each statement once, with all the evidence for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice

from sqlalchemy import ColumnElement, Connection, case, delete, func, literal, select
from sqlalchemy.schema import CreateIndex, DropIndex

from tastegraph.core.records import ITEM, SAME_AS, Fact, Link, Span
from tastegraph.store import revision
from tastegraph.store.decision_log import denied
from tastegraph.store.schema import BY_SUBJECT, evidence, facts

ROWS_PER_BATCH = 10_000
MIN_FACTS_TO_REINDEX = 100_000
"""Imports of at least so many facts drop an index and build it again: that is faster."""
MAX_IDS_PER_QUERY = 500

_FACT, _SUPPORT = ", ".join(facts.c.keys()), ", ".join(evidence.c.keys())
_STAGED = tuple(dict.fromkeys([*facts.c.keys(), *evidence.c.keys()]))


def fact_id(fact: Fact) -> int:
    """A stable id in [0, 2⁶³): the same statement has the same id in every workspace."""
    fields = (fact.subject, fact.relation, fact.object, fact.datatype, fact.language)
    text = "".join(f"{len(field)}:{field}" for field in (*fields, str(int(fact.literal))))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def link_fact(link: Link) -> Fact:
    """The fact that a link states: the item and the entity are the same thing."""
    return Fact(ITEM + link.item_id, SAME_AS, link.entity_id)


def put_facts(connection: Connection, new: Iterable[Fact], source: str) -> int:
    """Add facts as stated by ``source``. Returns how many there were.

    They are collected in a temporary table and then written in the order of their ids, so that the
    time depends on their number and hardly on the size of the database.
    """
    run = connection.exec_driver_sql
    run(f"CREATE TEMP TABLE IF NOT EXISTS staged ({', '.join(_STAGED)})")
    run("DELETE FROM staged")
    total = 0
    stream = iter(new)
    while batch := [_row(fact, source) for fact in islice(stream, ROWS_PER_BATCH)]:
        total += len(batch)
        run(f"INSERT INTO staged VALUES ({', '.join('?' * len(_STAGED))})", batch)
    if not total:
        return 0
    revision.record_change(connection)
    reindex = total >= MIN_FACTS_TO_REINDEX
    if reindex:
        connection.execute(DropIndex(BY_SUBJECT))
    run(f"INSERT OR IGNORE INTO facts SELECT {_FACT} FROM staged ORDER BY fact_id")
    run(
        f"INSERT OR REPLACE INTO evidence SELECT {_SUPPORT} FROM staged "
        "ORDER BY fact_id, document, start, confidence, extractor, end, rowid"
    )
    if reindex:
        connection.execute(CreateIndex(BY_SUBJECT))
    run("DELETE FROM staged")
    return total


def put_links(connection: Connection, new: Iterable[Link], source: str) -> int:
    """Add links as stated by ``source``. Returns how many there were."""
    return put_facts(connection, map(link_fact, new), source)


def withdraw(connection: Connection, subjects: Sequence[str], source: str) -> None:
    """Delete what ``source`` states about ``subjects``, and facts left without evidence."""
    for start in range(0, len(subjects), MAX_IDS_PER_QUERY):
        about = facts.c.subject.in_(subjects[start : start + MAX_IDS_PER_QUERY])
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
    trusted = case(dict(trust), value=evidence.c.source, else_=1.0) if trust else literal(1.0)
    query = (
        select(*facts.c, func.max(evidence.c.confidence * trusted))
        .join(evidence, evidence.c.fact_id == facts.c.fact_id)
        .group_by(facts.c.fact_id)
        .order_by(facts.c.fact_id)
    )
    if without:
        query = query.where(evidence.c.source.not_in(list(without)))
    if only is not None:
        query = query.where(only)
    rejected = denied(connection)
    for key, *fields in connection.execution_options(yield_per=ROWS_PER_BATCH).execute(query):
        if key not in rejected:
            yield key, Fact(*fields)


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


def _row(fact: Fact, source: str) -> tuple[object, ...]:
    """The values of :data:`_STAGED`."""
    span = fact.span or Span("", 0, 0, "")
    return (
        fact_id(fact), fact.subject, fact.relation, fact.object, fact.literal, fact.datatype,
        fact.language, source, span.document, span.start, span.end, span.extractor,
        fact.confidence,
    )  # fmt: skip
