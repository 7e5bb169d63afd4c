"""Facts of a knowledge graph, and links of items to it, from RDF, Wikidata dumps and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.fact_columns import fact_frames, facts_of, links_of
from tastegraph.core.records import Fact, Link
from tastegraph.data.mapped_tables import PLAIN, MappedTable, Reading
from tastegraph.data.rdf_documents import ENDINGS, read_rdf
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.statement_tables import StatementsRead, facts_of_table, links_of_table
from tastegraph.data.text_files import format_suffix
from tastegraph.data.wikidata import read_wikidata


def fact_columns(
    path: Path,
    rejects: RejectedRows,
    reading: Reading = PLAIN,
    markers: Collection[str] = MISSING_MARKERS,
    counts: StatementsRead | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the facts of a file as columns (:mod:`tastegraph.core.fact_columns`).

    The format is the ending of the name before ``.gz`` or so. RDF is read by
    :func:`~tastegraph.data.rdf_documents.read_rdf`. ``.json`` is a dump of Wikidata, read by
    :func:`~tastegraph.data.wikidata.read_wikidata`.
    A table has the columns ``head``, ``relation``, ``tail`` (or ``subject``, ``predicate``,
    ``object``; or RecBole's), and may have ``literal``, ``datatype``, ``language`` and
    ``confidence``. A row in which one of the first three is empty or a marker states nothing; a
    literal with a datatype or a language is a value whatever it is, as in RDF.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        reading: how a table is read.
        markers: cells of a table that say that a value is missing.
        counts: is updated while reading.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    counts = StatementsRead() if counts is None else counts
    if format_suffix(path) in ENDINGS:
        return _counted(read_rdf(path, rejects), counts)
    if format_suffix(path) == ".json":
        return _counted(fact_frames(read_wikidata(path, rejects)), counts)
    table = MappedTable(path, "facts", rejects, reading, unused=counts.unused)
    return (facts_of_table(batch, rejects, markers, counts) for batch in table)


def link_columns(
    path: Path,
    rejects: RejectedRows,
    reading: Reading = PLAIN,
    markers: Collection[str] = MISSING_MARKERS,
    counts: StatementsRead | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the links of a table as columns; it has ``item_id`` and ``entity`` (or ``entity_id``).

    Arguments and errors are those of :func:`fact_columns`.
    """
    counts = StatementsRead() if counts is None else counts
    table = MappedTable(path, "links", rejects, reading, unused=counts.unused)
    return (links_of_table(batch, rejects, markers, counts) for batch in table)


def read_facts(path: Path, rejects: RejectedRows) -> Iterator[Fact]:
    """Yield the facts of :func:`fact_columns` one by one."""
    return (fact for frame in fact_columns(path, rejects) for fact in facts_of(frame))


def read_links(path: Path, rejects: RejectedRows) -> Iterator[Link]:
    """Yield the links of :func:`link_columns` one by one."""
    return (link for frame in link_columns(path, rejects) for link in links_of(frame))


def _counted(frames: Iterator[pl.DataFrame], counts: StatementsRead) -> Iterator[pl.DataFrame]:
    for frame in frames:
        counts.rows += len(frame)
        yield frame
