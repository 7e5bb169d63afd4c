"""Words that a client gave as evidence of a fact, where they are in no text of an item.

They are stored as long as the evidence is that they belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.records import Span
from tastegraph.store.schema import evidence, quotes

QUOTE = "quote:"
"""Prefix of the document of such evidence."""


def span_of(text: str, extractor: str) -> Span:
    """The span of a whole quote: equal texts are one document."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return Span(QUOTE + digest, 0, len(text), extractor)


def put(connection: Connection, source: str, rows: Sequence[tuple[int, Span, str]]) -> None:
    """Store the texts of evidence that was put: fact id, span and text of each."""
    values = [
        {"document": span.document, "fact_id": fact_id, "source": source, "text": text}
        for fact_id, span, text in rows
    ]
    if values:
        connection.execute(insert(quotes).on_conflict_do_nothing(), values)


def text_of(connection: Connection, document: str) -> str | None:
    """The text of a quote; ``None`` where there is none."""
    return connection.scalar(select(quotes.c.text).where(quotes.c.document == document).limit(1))


def drop_unused(connection: Connection) -> None:
    """Delete the texts whose evidence is gone."""
    used = select(evidence.c.fact_id).where(
        evidence.c.fact_id == quotes.c.fact_id,
        evidence.c.source == quotes.c.source,
        evidence.c.document == quotes.c.document,
    )
    connection.execute(delete(quotes).where(~used.exists()))
