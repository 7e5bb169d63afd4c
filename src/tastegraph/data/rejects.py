"""Rejects: what happens to a row that cannot be imported, decided in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TextIO, TypeVar

from tastegraph.core.errors import RowError

R = TypeVar("R")
T = TypeVar("T")

_SHOWN = 1000


class Rejects:
    """Stops at the first bad row, or sets bad rows aside in a JSON Lines file and goes on.

    Attributes:
        count: rows set aside so far.
        path: the file they go to; written only once there is one. ``None`` only counts them.
    """

    def __init__(
        self, on_error: Literal["raise", "skip"] = "raise", path: Path | None = None
    ) -> None:
        self.on_error = on_error
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def handle(self, error: RowError) -> None:
        """Raise ``error``, or set its row aside.

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
            "value": _shown(error.value),
            "expected": str(error.expected),
        }
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def keep(self, rows: Iterable[R], build: Callable[[R], T]) -> Iterator[T]:
        """Yield ``build(row)`` of every row it accepts; the others are handled.

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
        """Close the file, if one was written."""
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


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
