"""Lines: the text of a file, line by line, with a fault in one line leaving the next readable."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tastegraph.core.errors import RowError
from tastegraph.data.packed import UNREADABLE, open_bytes
from tastegraph.data.rejects import Rejects

LONGEST = 32 * 1024 * 1024
CUT_SHORT = "an undamaged file (nothing after this line could be read)"


class Lines:
    """An iterator over decoded lines that can go on after it has raised.

    ``__next__`` raises :class:`RowError` for a line that is not UTF-8, holds a NUL or is longer
    than :data:`LONGEST` bytes; the next call returns the line after it.

    Attributes:
        number: 1-based number of the line last read.
        text: that line, or as much of it as could be read.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self.number = 0
        self.text = ""
        self._file = file
        self._stream = stream
        self._ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._read()
        if self.number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            self.text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.text = raw.decode("utf-8", "backslashreplace")
            raise self.error(f"UTF-8 text (byte {error.start + 1} of the line is not)") from None
        if "\0" in self.text:
            raise self.error("text without NUL characters")
        return self.text

    def error(self, expected: str) -> RowError:
        """Return the error that says the line last read is not as ``expected``."""
        return RowError(self._file, self.number, None, self.text.rstrip("\r\n"), expected)

    def _read(self) -> bytes:
        if self._ended:
            raise StopIteration
        try:
            raw = self._stream.readline(LONGEST + 1)
            too_long, rest = len(raw) > LONGEST, raw
            while too_long and rest and not rest.endswith(b"\n"):
                rest = self._stream.readline(LONGEST)
        except UNREADABLE as error:
            self._ended = True
            self.number += 1
            self.text = str(error)
            raise self.error(CUT_SHORT) from None
        self._ended = not raw
        if self._ended:
            raise StopIteration
        self.number += 1
        if too_long:
            self.text = raw[:100].decode("utf-8", "backslashreplace")
            raise self.error(f"a line of at most {LONGEST:,} bytes")
        return raw


def read_lines(path: Path, rejects: Rejects) -> Iterator[tuple[int, str]]:
    """Yield every line with its 1-based number, without its line end.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a line cannot be read and ``rejects`` raises.
    """
    with open_bytes(path) as stream:
        lines = Lines(stream, str(path))
        while True:
            try:
                text = next(lines)
            except StopIteration:
                return
            except RowError as error:
                rejects.handle(error)
            else:
                yield lines.number, text.rstrip("\r\n")
