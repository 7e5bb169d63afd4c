"""Text files: decompressed by the ending of their name, and decoded line by line.

A bad line does not keep the next ones from being read.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.archives import open_member, zip_member
from tastegraph.data.tables.encodings import as_utf8

READ_ERRORS = (OSError, EOFError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile)
"""Exceptions that reading a damaged file raises."""
MAX_LINE_BYTES = 32 * 1024 * 1024
TRUNCATED = "an undamaged file (nothing after this line could be read)"

_MAX_ZSTD_WINDOW = 128 * 1024 * 1024
# Zstandard can compress 128 KiB to 4 bytes: so many bytes decompress to 32 MiB at most.
_ZSTD_BYTES_PER_READ = 1024
_BUFFER_BYTES = 128 * 1024


class _Zstandard(io.RawIOBase):
    """A Zstandard file of any number of frames; reading a truncated frame is an error."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._frames = zstandard.ZstdDecompressor(max_window_size=_MAX_ZSTD_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._compressed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            self._compressed = self._compressed or self._file.read(_ZSTD_BYTES_PER_READ)
            if not self._compressed:
                if self._frame is not None:
                    raise EOFError("the last frame of the file is incomplete")
                return 0
            self._frame = self._frame or self._frames.decompressobj()
            self._ready = memoryview(self._frame.decompress(self._compressed))
            self._compressed = b""
            if self._frame.eof:
                self._compressed, self._frame = self._frame.unused_data, None
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


_DECOMPRESSORS: dict[str, Callable[[Path], object]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".zst": _Zstandard,
}


def is_compressed(path: Path) -> bool:
    """Whether the file is compressed or in an archive, by the ending of its name."""
    return path.suffix.lower() in _DECOMPRESSORS or zip_member(path) is not None


def format_suffix(path: Path) -> str:
    """Return the ending that names the format: ``.csv`` for ``events.csv.gz``.

    Raises:
        NotFoundError: the path names a zip archive or a member that does not exist.
        TastegraphError: it names an archive that holds several files.
    """
    if member := zip_member(path):
        return Path(member[1]).suffix.lower()
    is_packed = path.suffix.lower() in _DECOMPRESSORS
    return (path.with_suffix("") if is_packed else path).suffix.lower()


@contextmanager
def open_bytes(path: Path, encoding: str = "utf-8") -> Iterator[BinaryIO]:
    """Open a file for reading, decompressed as a stream if its name says so.

    Reading raises one of :data:`READ_ERRORS` where the file is damaged or truncated. However well
    it is compressed, reading takes at most 160 MiB of memory.

    Args:
        path: the file; ``archive.zip/name`` is a member of a zip archive.
        encoding: of the text in it, which is read as UTF-8.

    Raises:
        NotFoundError: there is no such file, or it may not be read.
        TastegraphError: the member of an archive cannot be read, or there is no such encoding.
    """
    with _opened(path) as stream, as_utf8(stream, encoding) as text:
        yield text


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if member := zip_member(path):
        with open_member(*member) as stream:
            yield _buffered(stream)
        return
    try:
        if path.suffix.lower() in _DECOMPRESSORS:
            stream = _buffered(_DECOMPRESSORS[path.suffix.lower()](path))
        else:
            stream = path.open("rb")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from None
    with stream:
        yield stream


def _buffered(stream: object) -> BinaryIO:
    # The readline of the decompressors is written in Python, this one in C.
    return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", stream), _BUFFER_BYTES))


class TextLines:
    """An iterator over decoded lines that can continue after it has raised.

    ``__next__`` raises :class:`RowError` for a line that is not UTF-8, holds a NUL or is longer
    than :data:`MAX_LINE_BYTES` bytes; the next call returns the line after it.

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
        """Return the error that says that the line last read is not as ``expected``."""
        return RowError(self._file, self.number, None, self.text.rstrip("\r\n"), expected)

    def _read(self) -> bytes:
        if self._ended:
            raise StopIteration
        try:
            raw = self._stream.readline(MAX_LINE_BYTES + 1)
            too_long, rest = len(raw) > MAX_LINE_BYTES, raw
            while too_long and rest and not rest.endswith(b"\n"):
                rest = self._stream.readline(MAX_LINE_BYTES)
        except READ_ERRORS as error:
            self._ended = True
            self.number += 1
            self.text = str(error)
            raise self.error(TRUNCATED) from None
        self._ended = not raw
        if self._ended:
            raise StopIteration
        self.number += 1
        if too_long:
            self.text = raw[:100].decode("utf-8", "backslashreplace")
            raise self.error(f"a line of at most {MAX_LINE_BYTES:,} bytes")
        return raw


def read_lines(
    path: Path, rejects: RejectedRows, encoding: str = "utf-8"
) -> Iterator[tuple[int, str]]:
    """Yield every line with its 1-based number, without its line end.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a line cannot be read and ``rejects`` raises.
    """
    with open_bytes(path, encoding) as stream:
        lines = TextLines(stream, str(path))
        while True:
            try:
                text = next(lines)
            except StopIteration:
                return
            except RowError as error:
                rejects.handle(error)
            else:
                yield lines.number, text.rstrip("\r\n")
