"""Packed files: bytes of a file as they were before ``.gz``, ``.bz2`` or ``.zst``, as a stream."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from tastegraph.core.errors import NotFoundError

UNREADABLE = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""What reading a damaged file raises."""

_LARGEST_WINDOW = 128 * 1024 * 1024
# Zstandard can pack 128 KiB into 4 bytes: so much at once unpacks to 32 MiB at most.
_AT_ONCE = 1024
_BUFFER = 128 * 1024


class _Zstandard(io.RawIOBase):
    """A Zstandard file of any number of frames; one that is cut short is an error."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._frames = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            self._packed = self._packed or self._file.read(_AT_ONCE)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the file ended before its last frame did")
                return 0
            self._frame = self._frame or self._frames.decompressobj()
            self._ready = memoryview(self._frame.decompress(self._packed))
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


_UNPACKERS: dict[str, Callable[[Path], object]] = {
    ".gz": gzip.GzipFile,
    ".bz2": bz2.BZ2File,
    ".zst": _Zstandard,
}


def is_packed(path: Path) -> bool:
    """Whether the name says that the file is packed."""
    return path.suffix.lower() in _UNPACKERS


def suffix(path: Path) -> str:
    """Return the ending that names the format: ``.csv`` for ``events.csv.gz``."""
    return (path.with_suffix("") if is_packed(path) else path).suffix.lower()


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked if its name says so, piece by piece.

    Reading raises one of :data:`UNREADABLE` where the file is damaged or cut short; no piece takes
    more than 160 MiB, however small it was packed.

    Raises:
        NotFoundError: there is no such file, or it may not be read.
    """
    try:
        if is_packed(path):
            unpacked = _UNPACKERS[path.suffix.lower()](path)
            # Their own readline is Python's, this one is not.
            buffered = io.BufferedReader(cast("io.RawIOBase", unpacked), _BUFFER)
            stream = cast("BinaryIO", buffered)
        else:
            stream = path.open("rb")
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from None
    with stream:
        yield stream
