"""Checks on untrusted XML: complete, well-formed, and without entities that are unsafe."""

from __future__ import annotations

from typing import BinaryIO
from xml.parsers import expat

from tastegraph.core.errors import RowError

MAX_NODE_BYTES = 32 * 1024 * 1024
"""Largest size of one tag in bytes, and of the text between two tags in characters."""


class CheckedXml:
    """A binary stream that parses every piece of XML before it returns it to a reader.

    It protects readers that accept a truncated file as complete, or that expand entities without a
    limit. Entities that only abbreviate a text, as in OWL files, are accepted.

    ``read`` raises :class:`RowError` where the text is not well-formed or ends too early, a tag or
    a text is longer than :data:`MAX_NODE_BYTES`, or an entity refers to another one or to a file.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self._parser = expat.ParserCreate()
        self._parser.EntityDeclHandler = self._entity
        self._parser.DefaultHandlerExpand = self._text
        self._parser.StartElementHandler = self._tag
        self._bytes_read = 0
        self._characters = 0
        self._ended = False

    @property
    def line(self) -> int:
        """1-based line up to which the bytes were read."""
        return self._parser.CurrentLineNumber

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes, checked; none at the end."""
        piece = b"" if self._ended else self._stream.read(size)
        if self._ended:
            return piece
        self._ended = not piece
        self._bytes_read += len(piece)
        try:
            self._parser.Parse(piece, self._ended)
        except expat.ExpatError as error:
            raise self._row_error(str(error), "well-formed XML") from None
        if self._bytes_read - max(self._parser.CurrentByteIndex, 0) > MAX_NODE_BYTES:
            raise self._row_error("a longer one", f"a tag of at most {MAX_NODE_BYTES:,} bytes")
        return piece

    def _text(self, data: str) -> None:
        self._characters += len(data)
        if self._characters > MAX_NODE_BYTES:
            raise self._row_error(data, f"a text of at most {MAX_NODE_BYTES:,} characters")

    def _tag(self, name: str, attributes: dict[str, str]) -> None:
        self._characters = 0

    def _entity(
        self,
        name: str,
        is_parameter: bool,
        value: str | None,
        base: str | None,
        system: str | None,
        public: str | None,
        notation: str | None,
    ) -> None:
        self._text(name)
        if value is None:
            raise self._row_error(f"&{name};", "no entity of another file")
        if "&" in value or "%" in value or is_parameter:
            raise self._row_error(f"&{name};", "entities that do not refer to others")

    def _row_error(self, value: str, expected: str) -> RowError:
        expected = f"{expected} (nothing after this line could be read)"
        return RowError(self._file, self.line, None, value, expected)
