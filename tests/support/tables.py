"""Tables of the tests as rows, and the errors of the rows that were set aside."""

from __future__ import annotations

from pathlib import Path

from tastegraph.core.errors import RowError
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import UNKNOWN, TableOptions, read_table
from tests.support.source_files import STRICT


class Rejects(RejectedRows):
    """Keeps the errors of the rows that are set aside."""

    def __init__(self) -> None:
        super().__init__("skip")
        self.errors: list[RowError] = []

    def handle(self, error: RowError) -> None:
        super().handle(error)
        self.errors.append(error)

    @property
    def lines(self) -> list[int]:
        return [error.line for error in self.errors]


def table(
    path: Path, rejects: RejectedRows = STRICT, options: TableOptions = UNKNOWN
) -> list[tuple[int, dict[str, object]]]:
    """Line and values of every row."""
    return [
        (line, row)
        for batch in read_table(path, rejects, options)
        for line, row in zip(batch.lines, batch.frame.iter_rows(named=True), strict=True)
    ]
