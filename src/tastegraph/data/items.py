"""Items from tables, frames and records, as columns: one set of rules for what cells mean.

What comes out is a frame of :mod:`tastegraph.core.item_columns`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl

from tastegraph.core.config import Config
from tastegraph.core.errors import RowError
from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.item_columns import (
    ITEM_FIELDS,
    attribute_names,
    frame_of_items,
    item_batches,
)
from tastegraph.core.records import Item
from tastegraph.data.availability import typed_availability
from tastegraph.data.cells import columns
from tastegraph.data.cells.columns import WrongCells
from tastegraph.data.cells.html_text import without_html
from tastegraph.data.cells.list_cells import look_like_lists, proposed_separator, split_lists
from tastegraph.data.cells.text_columns import as_text, one_text
from tastegraph.data.events import EVENT_ALIASES
from tastegraph.data.frames import read_columns, to_polars
from tastegraph.data.mapping.mapped_tables import PLAIN, MappedTable, Reading
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import table_format

SAMPLE_SIZE: Final = 10_000
"""Cells of a column by which a separator is proposed."""


def read_items(
    path: Path,
    rejects: RejectedRows,
    config: Config | None = None,
    report: ImportReport | None = None,
    reading: Reading = PLAIN,
    required: Collection[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the items of a table with the columns ``item_id`` and ``title``, a frame at a time.

    ``text`` is optional; every further column becomes an attribute, of which ``hidden``,
    ``available_from`` and ``available_until`` say when the item may be listed.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        config: which columns state facts, and what a missing value looks like; by default none
            does.
        report: gets counts of rows, and what was noticed.
        reading: how the file is read.
        required: columns that it must have; by default id and title and, where it has a header,
            all that state facts.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    config = config or Config()
    if required is None:
        header = () if table_format(path) == "jsonl" else tuple(config.items.facts)
        required = tuple(dict.fromkeys(("item_id", "title", *header)))
    reader = ItemReader(str(path), config, rejects, report)
    for batch in MappedTable(path, "items", rejects, reading, required):
        yield reader.read(batch.frame, batch.lines)
    reader.finish()


def read_item_frame(
    frame: object, name: str, config: Config, report: ImportReport | None = None
) -> pl.DataFrame:
    """The items of a polars, pandas or Arrow table with the columns that a file has.

    A title is no more required than any other column; the id may have the name that other tools
    give it (:data:`~tastegraph.data.events.EVENT_ALIASES`).

    Raises:
        FrameError: there is no column of ids, or a column mixes types.
        RowError: a row cannot be accepted; its line is its 1-based number.
    """
    table = to_polars(frame, name)
    aliases = {theirs: ours for theirs, ours in EVENT_ALIASES.items() if ours == "item_id"}
    ids = read_columns(table, name, ("item_id",), ("item_id",), None, aliases)
    table = table.rename({ids.names["item_id"]: "item_id"})
    reader = ItemReader(name, config, RejectedRows(), report)
    items = reader.read(table, pl.Series("line", range(1, len(table) + 1), dtype=pl.UInt64))
    reader.finish()
    return items


def checked_items(
    items: Iterable[Item | pl.DataFrame], config: Config, report: ImportReport | None = None
) -> Iterator[pl.DataFrame]:
    """Yield items in frames: single ones as a file with the same cells would be read.

    Args:
        items: single items, or frames of items that have been read.
        config, report: as in :func:`read_items`.

    Raises:
        RowError: an item cannot be accepted; its line is its 1-based number.
    """
    reader = ItemReader("items", config, RejectedRows(), report)
    n_rows = 0
    for batch in item_batches(items):
        if isinstance(batch, pl.DataFrame):
            yield batch
            continue
        frame = frame_of_items(batch)
        lines = pl.Series("line", range(n_rows + 1, n_rows + 1 + len(frame)), dtype=pl.UInt64)
        n_rows += len(frame)
        yield reader.read(frame, lines)
    reader.finish()


class ItemReader:
    """Reads the rows of one file or frame, a batch at a time, and reports what it notices.

    - A cell that is blank or a missing marker is nothing.
    - HTML is read as text.
    - A cell of text in a column that states facts is a list: as JSON or Python write it, else of
      the values between the column's separator. In other columns it is one value.
    - A list stays the list that it is.

    Args:
        file: path of the file, or name of the frame.
        config: which columns state facts, and what a missing value looks like.
        rejects: what is done with a bad row.
        report: gets counts of rows, and what was noticed.
    """

    def __init__(
        self, file: str, config: Config, rejects: RejectedRows, report: ImportReport | None = None
    ) -> None:
        self._file, self._name, self._rejects = file, Path(file).name, rejects
        self._facts = config.items.facts
        self._missing = config.imports.missing
        self._report = ImportReport() if report is None else report
        self._samples: dict[str, pl.Series] = {}
        self._seen: list[pl.Series] = []
        self._n_rows = 0

    def read(self, cells: pl.DataFrame, lines: pl.Series) -> pl.DataFrame:
        """The items of a batch; of rows with one id the last counts.

        Args:
            cells: under our names; of any types.
            lines: number of each row, for errors.

        Raises:
            RowError: a row cannot be accepted and ``rejects`` raises.
        """
        ids = columns.ids(self._without_missing(cells["item_id"]))
        wrong = [("item_id", faults) for faults in ids.wrong]
        values = {"item_id": ids.values}
        for name in ("title", "text"):
            if name in cells.columns:
                values[name], faults = self._text(cells[name])
                wrong += [(name, fault) for fault in faults]
            else:
                values[name] = pl.Series([""]).new_from_index(0, len(cells))
        for name in attribute_names(cells):
            values[name], faults = self._values(cells[name])
            wrong += [(name, fault) for fault in faults]
        counts = self._report.counts("items", self._name)
        counts.read += len(cells)
        frame = pl.DataFrame([column.alias(name) for name, column in values.items()])
        wrong += typed_availability(frame)[1]
        if wrong:
            frame = frame.filter(~self._rejected(cells, lines, wrong))
            counts.left_out += len(cells) - len(frame)
        self._n_rows += len(frame)
        self._report_titles(frame)
        frame = self._last_of_each(frame)
        empty = [name for name in attribute_names(frame) if frame[name].null_count() == len(frame)]
        return pl.DataFrame([column for column in frame if column.name not in empty])

    def finish(self) -> None:
        """Report what only the whole file shows; to be called after the last batch."""
        for name, cells in self._samples.items():
            self._report_separator(name, cells)
        if not self._n_rows:
            return
        for name in self._facts:
            if name not in self._samples and name not in ITEM_FIELDS:
                self._note(
                    name, "no item has this column, which [items.facts] names", self._n_rows,
                    remedy=f"map one to it, or remove [items.facts.{name}]",
                )  # fmt: skip

    def _text(self, cells: pl.Series) -> tuple[pl.Series, tuple[WrongCells, ...]]:
        """One text of each row; empty where there is none."""
        typed = as_text(cells)
        texts = self._plain(self._without_missing(one_text(typed.values)), cells.name)
        if cells.name == "title":
            texts = texts.str.replace_all("\n", " ", literal=True)
        return texts.fill_null(""), typed.wrong

    def _values(self, cells: pl.Series) -> tuple[pl.Series, tuple[WrongCells, ...]]:
        """List(String) of each row; null where there are no values."""
        typed = as_text(cells)
        texts, name = typed.values, cells.name
        if texts.dtype == pl.List:
            self._samples.setdefault(name, pl.Series(name, [], dtype=pl.String))
            return self._values_of_lists(texts), typed.wrong
        texts = self._plain(self._without_missing(texts), name)
        if cells.dtype == pl.String:
            self._samples.setdefault(name, texts.drop_nulls()[:SAMPLE_SIZE])
        else:
            self._samples.setdefault(name, pl.Series(name, [], dtype=pl.String))
        if name in self._facts:
            lists = split_lists(texts, self._facts[name].separator)
            return self._present(lists), typed.wrong
        self._report_lists(texts)
        return split_lists(texts, parse=False), typed.wrong

    def _values_of_lists(self, lists: pl.Series) -> pl.Series:
        name = lists.name
        lists = lists.set((lists.list.len() == 0).fill_null(False), None)
        rows = lists.to_frame("values").with_row_index("row").explode("values")
        texts = self._plain(self._without_missing(rows["values"].alias(name)), name)
        if texts.equals(rows["values"].alias(name), null_equal=True):
            return self._present(lists)
        rows = rows.with_columns(texts.alias("values"))
        grouped = rows.group_by("row", maintain_order=True).agg("values")
        return self._present(grouped["values"].alias(name))

    def _present(self, lists: pl.Series) -> pl.Series:
        """Without values that are missing; null where none is left."""
        value = pl.element().str.strip_chars()
        present = value.is_not_null() & ~value.is_in(["", *self._missing])
        lists = lists.list.eval(pl.element().filter(present))
        empty: pl.Series = (lists.list.len() == 0).fill_null(True)
        return lists.set(empty, None)

    def _without_missing(self, cells: pl.Series) -> pl.Series:
        present = columns.without_missing(cells, self._missing)
        if present.null_count() > cells.null_count():
            blank = columns.without_missing(cells)
            markers = cells.filter(present.is_null() & blank.is_not_null())
            if len(markers):
                self._note(
                    cells.name, "missing values", len(markers), repr(str(markers[0])),
                    "[imports] missing lists them",
                )  # fmt: skip
        return present

    def _plain(self, texts: pl.Series, name: str) -> pl.Series:
        plain, changed = without_html(texts)
        if changed.any():
            self._note(name, "HTML, read as text", int(changed.sum()),
                       _shortened(texts.filter(changed)[0]))  # fmt: skip
        return columns.without_missing(plain).alias(name)

    def _report_lists(self, texts: pl.Series) -> None:
        lists = texts.filter(look_like_lists(texts))
        if len(lists):
            self._note(
                texts.name, "cells that are lists, stored as one value", len(lists),
                _shortened(lists[0]), fact_setting(texts.name),
            )  # fmt: skip

    def _report_separator(self, name: str, cells: pl.Series) -> None:
        cells = cells.filter(~look_like_lists(cells))
        configured = self._facts.get(name)
        if configured is not None:
            separator = configured.separator
            if configured.literal or (
                separator and cells.str.contains(separator, literal=True).any()
            ):
                return
        proposed = proposed_separator(cells)
        if proposed is None or (configured is None and not len(cells)):
            return
        has = cells.filter(cells.str.contains(proposed, literal=True))
        self._note(
            name, "cells that look like several values, stored as one", len(has),
            _shortened(has[0]), fact_setting(name, proposed),
        )  # fmt: skip

    def _report_titles(self, frame: pl.DataFrame) -> None:
        untitled = frame.filter(pl.col("title") == "")
        if len(untitled):
            self._note(
                "title", "no title: called by the first words of their text, else by their id",
                len(untitled), untitled["item_id"][0],
            )  # fmt: skip

    def _last_of_each(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The last row of each id; those that come again, here or in an earlier batch, are told."""
        ids = frame["item_id"]
        hashes = ids.hash()
        again = ~hashes.is_first_distinct()
        if self._seen:
            again |= hashes.is_in(pl.concat(self._seen).implode())
        self._seen.append(hashes)
        if not again.any():
            return frame
        self._report.counts("items", self._name).repeated += int(again.sum())
        self._note(
            "item_id", "an id that was there before: the last row counts", int(again.sum()),
            ids.filter(again)[0],
        )  # fmt: skip
        return frame.unique("item_id", keep="last", maintain_order=True)

    def _rejected(
        self, cells: pl.DataFrame, lines: pl.Series, wrong: list[tuple[str, WrongCells]]
    ) -> pl.Series:
        """Boolean: rows with a wrong cell; each is handled once, in the order of the file."""
        rejected = pl.Series([False]).new_from_index(0, len(cells))
        for _, faults in wrong:
            rejected |= faults.mask
        for row in rejected.arg_true():
            column, faults = next(pair for pair in wrong if pair[1].mask[row])
            value = cells[column][row]
            value = value.to_list() if isinstance(value, pl.Series) else value
            value = value[0] if isinstance(value, list) and len(value) == 1 else value
            line = int(lines[row])
            self._rejects.handle(RowError(self._file, line, column, value, faults.expected))
        return rejected

    def _note(
        self, column: str, text: str, count: int, example: str = "", remedy: str = ""
    ) -> None:
        self._report.add(Finding(self._name, column, text, count, example, remedy))


def fact_setting(column: str, separator: str = "") -> str:
    """The configuration by which the values of a column become facts."""
    name = column if re.fullmatch("[A-Za-z0-9_-]+", column) else json.dumps(column)
    settings = f"relation = {json.dumps(column)}"
    settings += f", separator = {json.dumps(separator)}" if separator else ""
    return f"[items.facts] {name} = {{ {settings} }}"


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
