"""Facts at rest: each statement once, with every support it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice

from sqlalchemy import ColumnElement, Connection, case, delete, func, literal, select
from sqlalchemy.schema import CreateIndex, DropIndex

from tastegraph.core.records import ITEM, SAME_AS, Fact, Link, Span
from tastegraph.store import changes
from tastegraph.store.schema import BY_SUBJECT, evidence, facts
from tastegraph.store.verdicts import denied

BATCH = 10_000
MANY = 100_000
"""Facts from which it pays to make an index anew rather than to extend it."""

_FACT = "fact_id, subject, relation, object, literal, datatype, language"
_SUPPORT = "fact_id, source, document, start, end, extractor, confidence"


def fact_id(fact: Fact) -> int:
    """A stable id in [0, 2⁶³): the same statement has the same id in every workspace."""
    parts = (fact.subject, fact.relation, fact.object, fact.datatype, fact.language)
    whole = "".join(f"{len(part)}:{part}" for part in (*parts, str(int(fact.literal))))
    digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def link_fact(link: Link) -> Fact:
    """The statement that a link makes: the item and the entity are one thing."""
    return Fact(ITEM + link.item_id, SAME_AS, link.entity_id)


def put_facts(connection: Connection, new: Iterable[Fact], source: str) -> int:
    """Add facts with ``source`` as their support. Returns how many were given.

    They are staged, and written in the order of their ids: so the time this takes grows with
    their number and hardly with what is there already.
    """
    run = connection.exec_driver_sql
    run(
        "CREATE TEMP TABLE IF NOT EXISTS staged "
        f"({_FACT}, source, document, start, end, extractor, confidence)"
    )
    run("DELETE FROM staged")
    total = 0
    stream = iter(new)
    while batch := [_row(fact, source) for fact in islice(stream, BATCH)]:
        total += len(batch)
        run(f"INSERT INTO staged VALUES ({', '.join('?' * 13)})", batch)
    if not total:
        return 0
    changes.touch(connection)
    anew = total >= MANY
    if anew:
        connection.execute(DropIndex(BY_SUBJECT))
    run(f"INSERT OR IGNORE INTO facts SELECT {_FACT} FROM staged ORDER BY fact_id")
    run(
        f"INSERT OR REPLACE INTO evidence SELECT {_SUPPORT} FROM staged "
        "ORDER BY fact_id, document, start, confidence, extractor, end, rowid"
    )
    if anew:
        connection.execute(CreateIndex(BY_SUBJECT))
    run("DELETE FROM staged")
    return total


def put_links(connection: Connection, new: Iterable[Link], source: str) -> int:
    """Add links with ``source`` as their support. Returns how many were given."""
    return put_facts(connection, map(link_fact, new), source)


def withdraw(connection: Connection, subjects: Sequence[str], source: str) -> None:
    """Take ``source``'s support from every fact about ``subjects``; facts without any go."""
    for start in range(0, len(subjects), 500):
        about = facts.c.subject.in_(subjects[start : start + 500])
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
    """Every fact that nobody has denied with its id, in a fixed order.

    Args:
        trust: source → factor in (0, 1] of the confidence of what it states; 1 for the others.
            A fact is as sure as its best support.
        without: sources whose support does not count; a fact that has no other is left out.
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
    for key, *fields in connection.execution_options(yield_per=BATCH).execute(query):
        if key not in rejected:
            yield key, Fact(*fields)


def all_links(connection: Connection) -> Iterator[Link]:
    """Every link, by item; once, however many sources state it."""
    found = all_facts(connection, only=is_link())
    pairs = ((fact.subject.removeprefix(ITEM), fact.object) for _, fact in found)
    return (Link(*pair) for pair in sorted(pairs))


def is_link() -> ColumnElement[bool]:
    """The condition on a fact that it says which entity an item is."""
    return (
        (facts.c.relation == SAME_AS)
        & facts.c.subject.startswith(ITEM, autoescape=True)
        & ~facts.c.object.startswith(ITEM, autoescape=True)
    )


def stated_by(connection: Connection, source: str) -> dict[int, float]:
    """Fact id → confidence, of all that ``source`` states."""
    told = select(evidence.c.fact_id, evidence.c.confidence).where(evidence.c.source == source)
    return {row.fact_id: row.confidence for row in connection.execute(told)}


def supports(connection: Connection, key: int) -> list[tuple[str, float, Span | None]]:
    """What one fact stands on: source, confidence and, where it was read in a text, the words."""
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
    span = fact.span or Span("", 0, 0, "")
    return (
        fact_id(fact), fact.subject, fact.relation, fact.object, fact.literal, fact.datatype,
        fact.language, source, span.document, span.start, span.end, span.extractor,
        fact.confidence,
    )  # fmt: skip
