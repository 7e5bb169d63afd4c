"""Facts of a knowledge graph, and links of items to it, from RDF, Wikidata dumps and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.fact_columns import fact_frames, facts_of, links_of
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Fact, Link
from tastegraph.data.mapping.mapped_tables import PLAIN, MappedTable, Reading
from tastegraph.data.rdf.documents import ENDINGS, read_rdf
from tastegraph.data.rdf.wikidata import read_wikidata
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.statement_tables import StatementsRead, facts_of_table, links_of_table
from tastegraph.data.tables.text_files import format_suffix


def fact_columns(
    path: Path,
    rejects: RejectedRows,
    reading: Reading = PLAIN,
    markers: Collection[str] = MISSING_MARKERS,
    report: ImportReport | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the facts of a file as columns (:mod:`tastegraph.core.fact_columns`).

    The format is the ending of the name before ``.gz`` or so. RDF is read by
    :func:`~tastegraph.data.rdf.documents.read_rdf`. ``.json`` is a dump of Wikidata, read by
    :func:`~tastegraph.data.rdf.wikidata.read_wikidata`.
    A table has the columns ``head``, ``relation``, ``tail`` (or ``subject``, ``predicate``,
    ``object``; or RecBole's), and may have ``literal``, ``datatype``, ``language`` and
    ``confidence``. A row in which one of the first three is empty or a marker states nothing; a
    literal with a datatype or a language is a value whatever it is, as in RDF.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        reading: how a table is read.
        markers: cells of a table that say that a value is missing.
        report: gets the counts of rows, and what was noticed, when all is read.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    counts = StatementsRead()
    if format_suffix(path) in ENDINGS:
        frames = _counted(read_rdf(path, rejects, counts), counts)
    elif format_suffix(path) == ".json":
        frames = _counted(fact_frames(read_wikidata(path, rejects)), counts)
    else:
        table = MappedTable(path, "facts", rejects, reading, unused=counts.unused)
        frames = (facts_of_table(batch, rejects, markers, counts) for batch in table)
    return _reported(frames, "facts", path.name, counts, rejects, report)


def link_columns(
    path: Path,
    rejects: RejectedRows,
    reading: Reading = PLAIN,
    markers: Collection[str] = MISSING_MARKERS,
    report: ImportReport | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the links of a table as columns; it has ``item_id`` and ``entity`` (or ``entity_id``).

    Arguments and errors are those of :func:`fact_columns`.
    """
    counts = StatementsRead()
    table = MappedTable(path, "links", rejects, reading, unused=counts.unused)
    frames = (links_of_table(batch, rejects, markers, counts) for batch in table)
    return _reported(frames, "links", path.name, counts, rejects, report)


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


def _reported(
    frames: Iterator[pl.DataFrame],
    kind: str,
    name: str,
    counts: StatementsRead,
    rejects: RejectedRows,
    report: ImportReport | None,
) -> Iterator[pl.DataFrame]:
    n_rejected = rejects.count
    yield from frames
    if report is not None:
        counts.add_to(report, kind, name, rejects.count - n_rejected)
