"""Items, the facts known about them, and the entities that they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.records import Fact, Item, Link
from tastegraph.storage.schema import evidence, facts, items, links

BATCH = 10_000


def fact_id(fact: Fact) -> int:
    """A stable id in [0, 2⁶³): the same statement has the same id in every workspace."""
    parts = (fact.subject, fact.relation, fact.object, fact.datatype, fact.language)
    whole = "".join(f"{len(part)}:{part}" for part in (*parts, str(int(fact.literal))))
    digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 1


def put_items(connection: Connection, new: Iterable[Item]) -> int:
    """Add items; one that is there already is replaced. Returns how many were given."""
    statement = insert(items)
    statement = statement.on_conflict_do_update(
        index_elements=["item_id"],
        set_={name: statement.excluded[name] for name in ("title", "text", "attributes")},
    )
    total = 0
    stream = iter(new)
    while batch := list(islice(stream, BATCH)):
        total += len(batch)
        connection.execute(
            statement,
            [
                {
                    "item_id": item.item_id,
                    "title": item.title,
                    "text": item.text,
                    "attributes": {k: list(v) for k, v in item.attributes.items()},
                }
                for item in batch
            ],
        )
    return total


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


def put_facts(connection: Connection, new: Iterable[Fact], source: str) -> int:
    """Add facts with ``source`` as their support. Returns how many were given."""
    statement = insert(facts).on_conflict_do_nothing()
    support = insert(evidence)
    support = support.on_conflict_do_update(
        index_elements=["fact_id", "source"], set_={"confidence": support.excluded.confidence}
    )
    total = 0
    stream = iter(new)
    while batch := [(fact_id(fact), fact) for fact in islice(stream, BATCH)]:
        total += len(batch)
        connection.execute(
            statement,
            [
                {
                    "fact_id": key,
                    "subject": fact.subject,
                    "relation": fact.relation,
                    "object": fact.object,
                    "literal": fact.literal,
                    "datatype": fact.datatype,
                    "language": fact.language,
                }
                for key, fact in batch
            ],
        )
        connection.execute(
            support,
            [
                {"fact_id": key, "source": source, "confidence": fact.confidence}
                for key, fact in batch
            ],
        )
    return total


def put_links(connection: Connection, new: Iterable[Link], source: str) -> int:
    """Add links with ``source`` as their support. Returns how many were given."""
    statement = insert(links).on_conflict_do_nothing()
    total = 0
    stream = iter(new)
    while batch := list(islice(stream, BATCH)):
        total += len(batch)
        connection.execute(
            statement,
            [{"item_id": x.item_id, "entity_id": x.entity_id, "source": source} for x in batch],
        )
    return total


def all_items(connection: Connection) -> Iterator[Item]:
    """Every item, by id."""
    rows = connection.execution_options(yield_per=BATCH).execute(
        select(items).order_by(items.c.item_id)
    )
    for item_id, title, text, attributes in rows:
        yield Item(item_id, title, text, {k: tuple(v) for k, v in attributes.items()})


def all_facts(connection: Connection) -> Iterator[tuple[int, Fact]]:
    """Every fact with its id and the confidence of its best support, in a fixed order."""
    best = func.max(evidence.c.confidence)
    rows = connection.execution_options(yield_per=BATCH).execute(
        select(*facts.c, best)
        .join(evidence, evidence.c.fact_id == facts.c.fact_id)
        .group_by(facts.c.fact_id)
        .order_by(facts.c.fact_id)
    )
    for key, *fields in rows:
        yield key, Fact(*fields)


def all_links(connection: Connection) -> Iterator[Link]:
    """Every link, by item; once, however many sources state it."""
    pair = (links.c.item_id, links.c.entity_id)
    rows = connection.execute(select(*pair).distinct().order_by(*pair))
    return (Link(*row) for row in rows)


def counts(connection: Connection) -> dict[str, int]:
    """How many items, facts and links there are."""
    linked = select(links.c.item_id, links.c.entity_id).distinct().subquery()
    tables = {"items": items, "facts": facts, "links": linked}
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in tables.items()
    }


def revision(connection: Connection) -> str:
    """Changes with every item, fact, support and link."""
    digest = blake2b(digest_size=16)
    for table in (items, evidence, links):
        key = list(table.primary_key.columns)
        rows = connection.execution_options(yield_per=BATCH).execute(select(table).order_by(*key))
        for row in rows:
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
