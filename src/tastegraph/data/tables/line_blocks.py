"""A stream of bytes in blocks of whole lines, which columns are read from."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from tastegraph.core.errors import RowError
from tastegraph.data.tables.encodings import proposed_encoding
from tastegraph.data.tables.text_files import MAX_LINE_BYTES, READ_ERRORS, TRUNCATED

BLOCK_BYTES = 16 * 1024 * 1024
_READ_BYTES = 1024 * 1024
_EXAMPLE_BYTES = 100


@dataclass(frozen=True, slots=True)
class LineBlock:
    r"""Some consecutive lines of a file.

    Attributes:
        data: their bytes; every line ends in ``\n``.
        first: 1-based number of the first line.
        error: why the last line of the block is not to be used: it is too long, and ``data`` has
            its beginning alone, or the file is damaged there.
    """

    data: bytes
    first: int
    error: RowError | None = None


def line_blocks(stream: BinaryIO, file: str) -> Iterator[LineBlock]:
    """Yield the lines of ``stream`` in blocks of about :data:`BLOCK_BYTES`, or of one long line.

    Args:
        stream: where it stands, a line begins.
        file: its path, for errors.
    """
    source, number, rest, more = cast("io.BufferedReader", stream), 1, b"", True
    while more:
        chunks, size, damage = [rest], len(rest), ""
        while more and size < BLOCK_BYTES + len(rest):
            try:
                chunk = source.read1(_READ_BYTES)
            except READ_ERRORS as error:
                damage, chunk = str(error) or type(error).__name__, b""
            more = bool(chunk)
            chunks.append(chunk)
            size += len(chunk)
        data = b"".join(chunks)
        end = len(data) if not more and not damage else data.rfind(b"\n") + 1
        data, rest = data[:end], data[end:]
        if number == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        if data:
            yield LineBlock(data if data.endswith(b"\n") else data + b"\n", number)
            number += data.count(b"\n")
        if damage:
            yield LineBlock(b"\n", number, RowError(file, number, None, damage, TRUNCATED))
        elif len(rest) > MAX_LINE_BYTES:
            example = rest[:_EXAMPLE_BYTES].decode("utf-8", "backslashreplace")
            expected = f"a line of at most {MAX_LINE_BYTES:,} bytes"
            yield LineBlock(b"\n", number, RowError(file, number, None, example, expected))
            rest = _after_line(source)
            number += 1


def first_row_apart(blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
    """The same lines, of which the first that is not blank, a header, ends a block."""
    for block in blocks:
        content = block.data.lstrip(b"\r\n")
        end = block.data.find(b"\n", len(block.data) - len(content)) + 1
        if not content or end == len(block.data):
            yield block
        else:
            yield LineBlock(block.data[:end], block.first)
            first = block.first + block.data.count(b"\n", 0, end)
            yield LineBlock(block.data[end:], first, block.error)
        if content:
            break
    yield from blocks


def _after_line(source: io.BufferedReader) -> bytes:
    """What follows the end of the line in the chunk that holds it, or nothing at all."""
    try:
        while chunk := source.read1(_READ_BYTES):
            if (end := chunk.find(b"\n")) >= 0:
                return chunk[end + 1 :]
    except READ_ERRORS:
        pass  # the next read raises it again
    return b""


@dataclass
class SourceEncoding:
    """The encoding that a file was decoded from, and what errors of its bytes propose instead.

    Attributes:
        name: of the encoding.
    """

    name: str = "utf-8"
    _hint: str | None = None

    def hint(self, sample: bytes) -> str:
        """Words on the option that reads such bytes; empty where none is likely to."""
        if self._hint is None:
            proposed = proposed_encoding(sample) if self.name == "utf-8" else None
            self._hint = f"perhaps --encoding {proposed}" if proposed else ""
        return self._hint


def decoded_lines(
    block: LineBlock, file: str, encoding: SourceEncoding
) -> tuple[list[str], dict[int, RowError]]:
    """The lines of a block with their ends, and the errors of those that are not to be used.

    Returns:
        All lines, bad bytes as ``\\xff``, and line number → error.
    """
    errors: dict[int, RowError] = {}
    try:
        text = block.data.decode()
    except UnicodeDecodeError:
        text = block.data.decode("utf-8", "backslashreplace")
        errors = _undecodable(block, file, encoding)
    lines = list(io.StringIO(text, newline="\n"))
    if "\0" in text:
        hint = encoding.hint(block.data)
        expected = "text without NUL characters" + (f" ({hint})" if hint else "")
        for number, line in enumerate(lines, start=block.first):
            if "\0" in line:
                errors[number] = RowError(file, number, None, line.rstrip("\r\n"), expected)
    if block.error is not None:
        errors[block.error.line] = block.error
    return lines, errors


def _undecodable(block: LineBlock, file: str, encoding: SourceEncoding) -> dict[int, RowError]:
    bad = {}
    for number, raw in enumerate(block.data.split(b"\n"), start=block.first):
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            bad[number] = (raw, error.start + 1)
    hint = encoding.hint(b"\n".join(raw for raw, _ in bad.values()))
    errors = {}
    for number, (raw, place) in bad.items():
        line = raw.decode("utf-8", "backslashreplace").rstrip("\r")
        expected = f"{encoding.name.upper()} text (byte {place} of the line is not"
        expected += f"; {hint})" if hint else ")"
        errors[number] = RowError(file, number, None, line, expected)
    return errors
