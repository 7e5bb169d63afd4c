"""Tables of facts and of links as columns.

Columns decide most rows at once. A row that they cannot decide, such as one with a bad cell, goes
through :func:`fact_from` or :func:`link_from`, which know what to say of it; a test holds both
equal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Literal, TypeVar

import polars as pl

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.fact_columns import FACT_SCHEMA, LINK_SCHEMA, frame_of_facts, frame_of_links
from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Fact, Link
from tastegraph.data.cells import columns
from tastegraph.data.cells.columns import without_missing
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH
from tastegraph.data.rdf.terms import LANGUAGE_STRING, STRING, stored_tag
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.single_statements import fact_from, link_from
from tastegraph.data.tables.reader import TableBatch

Record = TypeVar("Record", Fact, Link)
MAX_EXAMPLES = 3

_FACT_COLUMNS = ("head", "relation", "tail", "literal", "datatype", "language", "confidence")
_LINK_COLUMNS = ("item_id", "entity")


@dataclass(slots=True)
class StatementsRead:
    """What was read of a file of facts or links, for the report of an import.

    Attributes:
        rows: rows or statements that could be read.
        missing: how many of them were left out because an id or the value is missing, or is a text
            such as ``nan`` that says so.
        examples: line, column and cell of the first of these.
        unused: columns of a table that are not read, by name.
        unread_from: line from which on nothing was read because a document is wrong there, or 0.
    """

    rows: int = 0
    missing: int = 0
    examples: list[tuple[int, str, object]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    unread_from: int = 0

    def add_to(self, report: ImportReport, kind: str, name: str, n_rejected: int = 0) -> None:
        """Add the counts and what was noticed to the report of an import.

        Args:
            report: of the import.
            kind: ``facts`` or ``links``.
            name: of the file or source.
            n_rejected: rows that could not be read.
        """
        counts = report.counts(kind, name)
        counts.read += self.rows + n_rejected
        counts.left_out += self.missing + n_rejected
        if self.missing:
            line, column, cell = self.examples[0]
            text = "an id or value is missing: these rows state nothing"
            remedy = "[imports] missing lists the texts that stand for a missing value"
            example = f"{cell!r} in line {line}"
            report.add(Finding(name, column, text, self.missing, example, remedy))
        for column in self.unused:
            report.add(Finding(name, column, "not used", self.rows))
        if self.unread_from:
            text = f"nothing was read from line {self.unread_from:,} on; before it, statements"
            remedy = "correct it there, or convert the file to N-Triples, which are read on"
            report.add(Finding(name, "", text, max(self.rows, 1), remedy=remedy))


def facts_of_table(
    batch: TableBatch,
    rejects: RejectedRows,
    markers: Collection[str],
    counts: StatementsRead,
) -> pl.DataFrame:
    """The facts of a batch with the columns ``head``, ``relation``, ``tail`` and others of facts.

    A row without one of the three is left out. A literal with a datatype or a language is taken as
    it is, be it empty or a marker.

    Args:
        batch: under our column names.
        rejects: what is done with a bad row.
        markers: cells that say that a value is missing.
        counts: is updated.

    Raises:
        RowError: a row is at fault and ``rejects`` raises.
    """
    cells = _cells(batch, _FACT_COLUMNS, markers)
    if batch.frame["tail"].dtype == pl.String:
        typed = cells["datatype"].is_not_null() | cells["language"].is_not_null()
        cells = cells.with_columns(cells["tail"].zip_with(~typed, batch.frame["tail"]))
    cells, lines = _present(batch, cells, _FACT_COLUMNS[:3], counts)
    head, relation, entity, datatype = (
        columns.ids(cells[name], MAX_ENTITY_LENGTH, required=False)
        for name in ("head", "relation", "tail", "datatype")
    )
    literal, no_literal = _flags(cells["literal"])
    text, no_text = _texts(cells["tail"])
    confidence = columns.numbers(cells["confidence"])
    certainty = confidence.values.fill_null(1.0)
    language, no_language = _tags(cells["language"])
    typed = cells["datatype"].is_not_null() | cells["language"].is_not_null()
    types = datatype.values.fill_null("")
    undecided = [
        *(cell.mask for column in (head, relation, datatype, confidence) for cell in column.wrong),
        *(cell.mask & ~literal for cell in entity.wrong),
        no_literal,
        no_text & literal,
        no_language,
        typed & ~literal,
        (certainty <= 0) | (certainty > 1),
        (language != "") & ~types.is_in(["", LANGUAGE_STRING]),
    ]
    facts = pl.DataFrame(
        {
            "subject": head.values,
            "relation": relation.values,
            "object": text.zip_with(literal, entity.values),
            "literal": literal,
            "datatype": types.set(types.is_in([STRING, LANGUAGE_STRING]), ""),
            "language": language,
            "confidence": certainty,
        },
        schema=FACT_SCHEMA,
    )
    rest = reduce(or_, undecided)
    singles = _one_by_one(cells, lines, rest, batch.file, rejects, fact_from, counts)
    return pl.concat([facts.filter(~rest), frame_of_facts(singles)])


def links_of_table(
    batch: TableBatch,
    rejects: RejectedRows,
    markers: Collection[str],
    counts: StatementsRead,
) -> pl.DataFrame:
    """The links of a batch with the columns ``item_id`` and ``entity``: see :func:`facts_of_table`.

    Raises:
        RowError: a row is at fault and ``rejects`` raises.
    """
    cells = _cells(batch, _LINK_COLUMNS, markers)
    cells, lines = _present(batch, cells, _LINK_COLUMNS, counts)
    items = columns.ids(cells["item_id"])
    entities = columns.ids(cells["entity"], MAX_ENTITY_LENGTH)
    rest = reduce(
        or_,
        [cell.mask for column in (items, entities) for cell in column.wrong],
        _none(cells["item_id"]),
    )
    links = pl.DataFrame(
        {"item_id": items.values, "entity_id": entities.values}, schema=LINK_SCHEMA
    )
    singles = _one_by_one(cells, lines, rest, batch.file, rejects, link_from, counts)
    return pl.concat([links.filter(~rest), frame_of_links(singles)])


def statements_of_frame(
    frame: pl.DataFrame,
    name: str,
    kind: Literal["facts", "links"],
    counts: StatementsRead,
    markers: Collection[str] = MISSING_MARKERS,
) -> pl.DataFrame:
    """The facts or links of a frame under our column names, like :func:`facts_of_table`.

    Args:
        frame: the rows; errors name them by their 1-based number.
        name: of the frame, for errors.
        kind: what it holds.
        counts: is updated.
        markers: cells that say that a value is missing.

    Raises:
        RowError: a row is at fault.
    """
    convert = facts_of_table if kind == "facts" else links_of_table
    lines = pl.Series("line", range(1, len(frame) + 1), pl.UInt64)
    return convert(TableBatch(frame, lines, name), RejectedRows(), markers, counts)


def _cells(batch: TableBatch, names: Collection[str], markers: Collection[str]) -> pl.DataFrame:
    """These columns, all of which exist then, null where a value is missing."""
    frame = batch.frame.with_columns(
        pl.lit(None).alias(name) for name in names if name not in batch.frame.columns
    )
    return pl.DataFrame([without_missing(frame[name], markers) for name in names])


def _present(
    batch: TableBatch, cells: pl.DataFrame, required: Collection[str], counts: StatementsRead
) -> tuple[pl.DataFrame, pl.Series]:
    """The rows that have all required cells, and their lines."""
    absent = reduce(or_, (cells[name].is_null() for name in required))
    counts.rows += len(cells)
    counts.missing += int(absent.sum())
    for row in absent.arg_true()[: MAX_EXAMPLES - len(counts.examples)]:
        column = next(name for name in required if cells[name][row] is None)
        counts.examples.append((batch.lines[row], column, batch.frame[column][row]))
    return cells.filter(~absent), batch.lines.filter(~absent)


def _none(cells: pl.Series) -> pl.Series:
    return pl.repeat(False, len(cells), dtype=pl.Boolean, eager=True)


def _flags(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """``true`` or ``false``, an empty cell is false; and which cells are neither."""
    if cells.dtype == pl.Boolean:
        return cells.fill_null(False), _none(cells)
    choices = columns.choices(cells, ("true", "false"))
    wrong = reduce(or_, (cell.mask for cell in choices.wrong), _none(cells))
    return (choices.values == "true").fill_null(False), wrong


def _texts(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Texts and whole numbers as text; and which cells are neither or hold a NUL."""
    if cells.dtype != pl.String and not cells.dtype.is_integer():
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.String), ~_none(cells)
    texts = cells.cast(pl.String)
    return texts, texts.str.contains("\0", literal=True).fill_null(False)


def _tags(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Language tags as they are stored, empty where there is none; and which cells are none."""
    if cells.dtype != pl.String:
        return pl.repeat("", len(cells), dtype=pl.String, eager=True), cells.is_not_null()
    tags = {tag: stored_tag(tag) for tag in cells.drop_nulls().unique()}
    wrong = cells.is_in([tag for tag, stored in tags.items() if stored is None]).fill_null(False)
    return cells.replace_strict(tags, default=None, return_dtype=pl.String).fill_null(""), wrong


def _one_by_one(
    cells: pl.DataFrame,
    lines: pl.Series,
    mask: pl.Series,
    file: str,
    rejects: RejectedRows,
    build: Callable[[Mapping[str, object], str, int], Record],
    counts: StatementsRead,
) -> list[Record]:
    """The records of the rows for which ``mask`` is true; those that are wrong were not read."""

    def record(row: tuple[dict[str, object], int]) -> Record:
        return build(row[0], file, row[1])

    rows = zip(cells.filter(mask).iter_rows(named=True), lines.filter(mask), strict=True)
    n_rejected = rejects.count
    records = list(rejects.convert(rows, record))
    counts.rows -= rejects.count - n_rejected
    return records
