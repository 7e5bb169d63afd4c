"""Facts and links as columns of a frame, the form in which many of them travel.

A frame of facts has the columns of :data:`FACT_SCHEMA`, without nulls. Facts that were read in
texts also have those of :data:`SPAN_SCHEMA`; a fact without a span has an empty extractor. A frame
of links has the columns of :data:`LINK_SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import polars as pl

from tastegraph.core.records import ITEM, SAME_AS, Fact, Link, Span

FACT_SCHEMA = {
    "subject": pl.String,
    "relation": pl.String,
    "object": pl.String,
    "literal": pl.Boolean,
    "datatype": pl.String,
    "language": pl.String,
    "confidence": pl.Float64,
}
SPAN_SCHEMA = {"document": pl.String, "start": pl.Int64, "end": pl.Int64, "extractor": pl.String}
LINK_SCHEMA = {"item_id": pl.String, "entity_id": pl.String}
RECORDS_PER_FRAME = 50_000

Record = TypeVar("Record", Fact, Link)
_NO_SPAN = Span("", 0, 0, "")


def frame_of_facts(facts: Sequence[Fact]) -> pl.DataFrame:
    """The same facts as one frame, with the columns of spans where any has one."""
    columns = {name: [getattr(fact, name) for fact in facts] for name in FACT_SCHEMA}
    frame = pl.DataFrame(columns, schema=FACT_SCHEMA)
    if not any(fact.span for fact in facts):
        return frame
    spans = [fact.span or _NO_SPAN for fact in facts]
    places = {name: [getattr(span, name) for span in spans] for name in SPAN_SCHEMA}
    return frame.hstack(pl.DataFrame(places, schema=SPAN_SCHEMA))


def facts_of(frame: pl.DataFrame) -> Iterator[Fact]:
    """The rows of a frame as single facts."""
    rows = frame.select(*FACT_SCHEMA).iter_rows()
    if "extractor" not in frame.columns:
        return (Fact(*fields) for fields in rows)
    spans = (Span(*place) if place[3] else None for place in frame.select(*SPAN_SCHEMA).iter_rows())
    return (Fact(*(*fields, span)) for fields, span in zip(rows, spans, strict=True))


def fact_frames(facts: Iterable[Fact | pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Facts in frames; each element is one fact or a frame of facts."""
    return _in_frames(facts, Fact, frame_of_facts)


def frame_of_links(links: Sequence[Link]) -> pl.DataFrame:
    """The same links as one frame."""
    columns = {name: [getattr(link, name) for link in links] for name in LINK_SCHEMA}
    return pl.DataFrame(columns, schema=LINK_SCHEMA)


def links_of(frame: pl.DataFrame) -> Iterator[Link]:
    """The rows of a frame as single links."""
    return (Link(*fields) for fields in frame.select(*LINK_SCHEMA).iter_rows())


def facts_of_links(links: pl.DataFrame) -> pl.DataFrame:
    """The facts that a frame of links states: an item and its entity are the same thing."""
    return links.select(
        subject=pl.concat_str(pl.lit(ITEM), "item_id"),
        relation=pl.lit(SAME_AS),
        object="entity_id",
        literal=pl.lit(False),
        datatype=pl.lit(""),
        language=pl.lit(""),
        confidence=pl.lit(1.0),
    )


def link_frames(links: Iterable[Link | pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The facts that links state, in frames; each element is one link or a frame of links."""
    for frame in _in_frames(links, Link, frame_of_links):
        yield facts_of_links(frame)


def _in_frames(
    elements: Iterable[Record | pl.DataFrame],
    kind: type[Record],
    frame_of: Callable[[Sequence[Record]], pl.DataFrame],
) -> Iterator[pl.DataFrame]:
    """Frames as they are, and single records in frames of at most RECORDS_PER_FRAME."""
    records: list[Record] = []
    for element in elements:
        if isinstance(element, kind):
            records.append(element)
        if records and (len(records) == RECORDS_PER_FRAME or not isinstance(element, kind)):
            yield frame_of(records)
            records = []
        if isinstance(element, pl.DataFrame):
            yield element
    if records:
        yield frame_of(records)
