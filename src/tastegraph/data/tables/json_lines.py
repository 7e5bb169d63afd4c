"""JSON as columns: JSON Lines, one object on each line, or an array of objects."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl

from tastegraph.core.errors import RowError
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.text_files import MAX_LINE_BYTES, READ_ERRORS, open_bytes

_INT64 = 2**63
_EXACT = 2**53
_CHUNK_BYTES = 1024 * 1024
_SHOWN = 1000
_BLANKS = re.compile(r"\s*")
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


def json_object(text: str, file: str, line: int) -> dict[str, object]:
    """The object of one line.

    Raises:
        RowError: it is no JSON, no object, names something twice or has broken Unicode.
    """
    text = text.rstrip("\r\n")
    try:
        values = _plain_object(text)
        if values is None:
            values = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        expected = f"a JSON object ({str(error) or 'nested too deeply'})"
        raise RowError(file, line, None, text, expected) from None
    if not isinstance(values, dict):
        raise RowError(file, line, None, text, "a JSON object")
    if "\\u" in text:
        for name, value in values.items():
            if not _is_unicode(name):
                raise RowError(file, line, None, text, "names without broken Unicode")
            if not _is_unicode(value):
                raise RowError(file, line, name, value, "text without broken Unicode")
    return values


def _plain_object(text: str) -> dict[str, object] | None:
    """The object that ``text`` is, if there are as many colons after quotes in it as names.

    In any other text something could be named twice.
    """
    try:
        values, end = _DECODER.raw_decode(text)
    except ValueError:
        return None
    if end < len(text) or not isinstance(values, dict) or text.count('":') != len(values):
        return None
    return None if " :" in text or "\t:" in text or "\r:" in text else values


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice")
    return values


def array_objects(
    path: Path, rejects: RejectedRows, encoding: str
) -> Iterator[tuple[int, dict[str, object], int]]:
    """Yield line, value and length of each object in an array of objects, as a stream.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: an object cannot be read and ``rejects`` raises.
    """
    file, line = str(path), 1
    with open_bytes(path, encoding) as stream:
        text = _GrowingText(stream)
        try:
            line += text.skip(_BLANKS)
            text.take("[")
            while True:
                line += text.skip(_BETWEEN)
                if text.take("]"):
                    return
                source = text.value()
                try:
                    yield line, json_object(source, file, line), len(source)
                except RowError as error:
                    rejects.handle(error)
                line += source.count("\n")
        except (*READ_ERRORS, ValueError, RecursionError) as error:
            expected = f"a JSON object ({error or 'nested too deeply'}; nothing after it was read)"
            rejects.handle(RowError(file, line, None, text.rest(), expected))


class _GrowingText:
    """The rest of a text that is read in chunks: values are taken from its beginning."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._text, self._place, self._more = stream, "", 0, True
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()

    def skip(self, pattern: re.Pattern[str]) -> int:
        """Pass over what matches, and return how many lines end in it."""
        lines = 0
        while True:
            match = pattern.match(self._text, self._place)
            if match is not None:
                lines += match[0].count("\n")
                self._place = match.end()
            if self._place < len(self._text) or not self._grow():
                return lines

    def take(self, sign: str) -> bool:
        """Pass over a sign, if it comes next."""
        is_next = self._text.startswith(sign, self._place)
        self._place += is_next
        return is_next

    def rest(self) -> str:
        """What comes next, as far as an error shows it."""
        return self._text[self._place : self._place + _SHOWN]

    def value(self) -> str:
        """Take the source text of the JSON value that comes next.

        Raises:
            ValueError: there is none.
        """
        while True:
            try:
                end = _DECODER.raw_decode(self._text, self._place)[1]
            except ValueError:
                is_long = len(self._text) - self._place > MAX_LINE_BYTES
                if is_long or not self._grow():
                    raise
            else:
                if end < len(self._text) or not self._grow():
                    source, self._place = self._text[self._place : end], end
                    return source

    def _grow(self) -> bool:
        chunk = self._stream.read(max(_CHUNK_BYTES, len(self._text) - self._place))
        text = self._decoder.decode(chunk, final=not chunk)
        self._text, self._place = self._text[self._place :] + text, 0
        return bool(chunk)


def frame_of_objects(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Columns of JSON objects: null where an object has none of that name.

    A column has a native type where all its values are of one: Boolean, Int64, Float64, String,
    or a list of text. Any other column is text: numbers as they are printed, objects as JSON.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame([_column(name, [row.get(name) for row in rows]) for name in names])


def _column(name: str, values: list[object]) -> pl.Series:
    types = {type(value) for value in values} - {type(None)}
    if not types:
        return pl.Series(name, values, dtype=pl.Null)
    if types == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if types == {int} and _fit(values, _INT64):
        return pl.Series(name, values, dtype=pl.Int64)
    if types <= {int, float} and _fit(values, _EXACT):
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    if types == {list} and not any(isinstance(cell, dict | list) for cell in _cells(values)):
        lists = [value and [_text(cell) for cell in value] for value in _lists(values)]
        return pl.Series(name, lists, dtype=pl.List(pl.String))
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _fit(values: Iterable[object], limit: int) -> bool:
    return all(-limit < value < limit for value in values if isinstance(value, int))


def _lists(values: Iterable[object]) -> Iterator[list[object] | None]:
    for value in values:
        yield value if isinstance(value, list) else None


def _cells(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        yield from value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
