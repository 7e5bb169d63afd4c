"""The tables of an import under our column names, whatever the columns of the file are called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tastegraph.core.errors import RowError
from tastegraph.data.mapping.names import COLUMNS, Kind, column_names
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import TableBatch, TableOptions, read_table

LINE = "line of the file"
"""Column that :attr:`Reading.prepare` finds beside those of the file."""


Preparer = Callable[[pl.DataFrame], pl.DataFrame]
"""Makes the rows of records from rows of a file, a batch at a time, in their order. The frame has
the columns of the file and :data:`LINE`, which each row that is returned keeps."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is done with the rows of a file whose rows are not the records themselves.

    Attributes:
        start: gives the function for the batches of one file.
        columns: of the file that it reads and does not return.
    """

    start: Callable[[], Preparer]
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of one kind are read.

    Attributes:
        options: how they are written.
        columns: name of ours → name in the file, or several of which the first that exists is it.
        values: column of ours → value in the file → value of ours.
        preparation: of the rows.
    """

    options: TableOptions = field(default_factory=TableOptions)
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    preparation: Preparation | None = None


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
        rows: number of rows of the file that could be read so far.
        rows_without_record: those of which the preparation made no record.
    """

    path: Path
    kind: Kind
    rejects: RejectedRows
    reading: Reading = PLAIN
    required: Collection[str] | None = None
    unused: list[str] = field(default_factory=list)
    rows: int = 0
    rows_without_record: int = 0

    def __iter__(self) -> Iterator[TableBatch]:
        """Yield the rows under our names: all required columns, and others of ours that occur.

        Raises:
            NotFoundError: the file cannot be opened.
            TastegraphError: its format is unknown.
            RowError: its header is at fault or lacks a column (always), or a row is and
                ``rejects`` raises.
        """
        required = COLUMNS[self.kind].required if self.required is None else self.required
        preparation = self.reading.preparation
        prepare = preparation.start() if preparation else None
        for number, batch in enumerate(read_table(self.path, self.rejects, self.reading.options)):
            self.rows += len(batch.lines)
            if prepare is not None:
                batch = self._prepared(batch, prepare)
            columns = batch.frame.columns
            mapping = self._mapping(columns)
            if number:  # an object of JSON Lines may lack what others have
                columns = [*columns, *self._missing(columns, mapping, required)]
            names = column_names(columns, self.kind, mapping, str(self.path), required)
            self._note_unused(name for name in columns if name not in names)
            frame = batch.frame.select(
                (batch.frame[theirs] if theirs in batch.frame.columns else pl.lit(None)).alias(ours)
                for theirs, ours in names.items()
            )
            yield TableBatch(frame.with_columns(self._values(frame)), batch.lines, batch.file)

    def _prepared(self, batch: TableBatch, prepare: Preparer) -> TableBatch:
        assert self.reading.preparation is not None
        try:
            frame = prepare(batch.frame.with_columns(batch.lines.alias(LINE)))
        except pl.exceptions.PolarsError as error:
            expected = f"the columns of its format ({str(error).splitlines()[0]})"
            raise RowError(batch.file, 1, None, batch.frame.columns, expected) from None
        self.rows_without_record += len(batch.lines) - frame[LINE].n_unique()
        read = {*frame.columns, *self.reading.preparation.columns}
        self._note_unused(name for name in batch.frame.columns if name not in read)
        return TableBatch(frame.drop(LINE), frame[LINE], batch.file)

    def _note_unused(self, names: Iterable[str]) -> None:
        self.unused += [name for name in names if name not in self.unused]

    def _mapping(self, columns: Collection[str]) -> dict[str, str]:
        """Name of ours → the one name in the file."""
        mapping = {}
        for ours, theirs in self.reading.columns.items():
            if isinstance(theirs, str):
                mapping[ours] = theirs
            elif present := [name for name in theirs if name in columns]:
                mapping[ours] = present[0]
        return mapping

    def _missing(
        self, columns: list[str], mapping: Mapping[str, str], required: Collection[str]
    ) -> Iterator[str]:
        """Names under which the required columns could stand that a batch lacks."""
        for ours in required:
            aliases = [name for name, own in COLUMNS[self.kind].aliases.items() if own == ours]
            if not {ours, mapping.get(ours, ours), *aliases} & {*columns}:
                yield ours

    def _values(self, frame: pl.DataFrame) -> list[pl.Expr]:
        return [
            pl.col(column).cast(pl.String).replace(dict(values))
            for column, values in self.reading.values.items()
            if column in frame.columns
        ]
