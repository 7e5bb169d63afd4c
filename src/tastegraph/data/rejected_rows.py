"""What an import does with a row that cannot be read: raise an error, or set it aside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TextIO, TypeVar

from tastegraph.core.errors import RowError

Row = TypeVar("Row")
Record = TypeVar("Record")

_MAX_VALUE_LENGTH = 1000


class RejectedRows:
    """Raises an error for the first bad row, or writes bad rows to a JSON Lines file.

    Attributes:
        count: number of rows set aside so far.
        path: the file they are written to, created with the first of them; with ``None`` they
            are only counted.
    """

    def __init__(
        self, on_error: Literal["raise", "skip"] = "raise", path: Path | None = None
    ) -> None:
        self.on_error = on_error
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def handle(self, error: RowError) -> None:
        """Raise ``error``, or set aside the row that it is about.

        Raises:
            RowError: under ``on_error="raise"``.
        """
        if self.on_error == "raise":
            raise error
        self.count += 1
        if self.path is None:
            return
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # A lone surrogate cannot be UTF-8; backslashreplace makes it a valid JSON escape.
            self._file = self.path.open(
                "w", encoding="utf-8", errors="backslashreplace", buffering=1
            )
        record = {
            "file": error.file,
            "line": error.line,
            "column": error.column,
            "value": _shortened(error.value),
            "expected": str(error.expected),
        }
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def convert(self, rows: Iterable[Row], build: Callable[[Row], Record]) -> Iterator[Record]:
        """Yield ``build(row)`` of every row; those for which it raises ``RowError`` are handled.

        Raises:
            RowError: under ``on_error="raise"``.
        """
        for row in rows:
            try:
                record = build(row)
            except RowError as error:
                self.handle(error)
            else:
                yield record

    def close(self) -> None:
        """Close the file, if any row was written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _shortened(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else text[:_MAX_VALUE_LENGTH] + "…"
