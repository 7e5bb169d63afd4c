"""The tables of an import under our column names, whatever the columns of the file are called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tastegraph.data.mapping import COLUMNS, Kind, column_names
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables import TableBatch, TableOptions, read_table

LINE = "line of the file"
"""Column that :attr:`Reading.prepare` finds beside those of the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one kind are read.

    Attributes:
        options: how they are written.
        columns: name of ours → name in the file.
        values: column of ours → value in the file → value of ours.
        prepare: makes rows of ours from rows of the file, a batch at a time. The frame has the
            columns of the file and :data:`LINE`, which each row that is returned keeps.
    """

    options: TableOptions = field(default_factory=TableOptions)
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prepare: Callable[[pl.DataFrame], pl.DataFrame] | None = None


PLAIN = Reading()


@dataclass
class MappedTable:
    """A table whose batches have our column names; it is read when it is iterated.

    Attributes:
        path: the file.
        kind: of the records in it.
        rejects: what is done with a bad row.
        reading: how it is read.
        required: columns of ours that the file must have; by default those of ``kind``.
        unused: columns of the file that are not read; complete when all batches are read.
    """

    path: Path
    kind: Kind
    rejects: RejectedRows
    reading: Reading = PLAIN
    required: Collection[str] | None = None
    unused: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[TableBatch]:
        """Yield the rows under our names: all required columns, and others of ours that occur.

        Raises:
            NotFoundError: the file cannot be opened.
            TastegraphError: its format is unknown.
            RowError: its header is at fault or lacks a column (always), or a row is and
                ``rejects`` raises.
        """
        required = COLUMNS[self.kind].required if self.required is None else self.required
        for number, batch in enumerate(read_table(self.path, self.rejects, self.reading.options)):
            batch = self._prepared(batch)
            columns = batch.frame.columns
            if number:  # an object of JSON Lines may lack what others have
                columns = [*columns, *self._missing(columns, required)]
            names = column_names(columns, self.kind, self.reading.columns, str(self.path), required)
            self.unused += [
                name for name in columns if name not in names and name not in self.unused
            ]
            frame = batch.frame.select(
                (pl.col(theirs) if theirs in batch.frame.columns else pl.lit(None)).alias(ours)
                for theirs, ours in names.items()
            )
            yield TableBatch(frame.with_columns(self._values(frame)), batch.lines, batch.file)

    def _prepared(self, batch: TableBatch) -> TableBatch:
        if self.reading.prepare is None:
            return batch
        frame = self.reading.prepare(batch.frame.with_columns(batch.lines.alias(LINE)))
        return TableBatch(frame.drop(LINE), frame[LINE], batch.file)

    def _missing(self, columns: list[str], required: Collection[str]) -> Iterator[str]:
        """Names under which the required columns could stand that a batch lacks."""
        for ours in required:
            aliases = [name for name, own in COLUMNS[self.kind].aliases.items() if own == ours]
            if not {ours, self.reading.columns.get(ours, ours), *aliases} & {*columns}:
                yield ours

    def _values(self, frame: pl.DataFrame) -> list[pl.Expr]:
        return [
            pl.col(column).cast(pl.String).replace(dict(values))
            for column, values in self.reading.values.items()
            if column in frame.columns
        ]
