"""XML from strangers: well-formed to its end, and nothing in it that grows or reaches outside."""

from __future__ import annotations

from typing import BinaryIO
from xml.parsers import expat

from tastegraph.core.errors import RowError

LONGEST = 32 * 1024 * 1024
"""Bytes of one tag, and characters of what stands between two."""


class CheckedXml:
    """The bytes of a stream, each piece parsed before it is handed on.

    The check is for readers that take a file which ends too early for a whole one, or that expand
    entities before they know how large they get. Entities that only abbreviate, as those of
    OWL files do, are accepted.

    ``read`` raises :class:`RowError` where the text is not well-formed or ends too early, a tag or
    a text is longer than :data:`LONGEST`, or an entity refers to another one or to a file.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self._parser = expat.ParserCreate()
        self._parser.EntityDeclHandler = self._entity
        self._parser.DefaultHandlerExpand = self._text
        self._parser.StartElementHandler = self._tag
        self._given = 0
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
        self._given += len(piece)
        try:
            self._parser.Parse(piece, self._ended)
        except expat.ExpatError as error:
            raise self._error(str(error), "well-formed XML") from None
        if self._given - max(self._parser.CurrentByteIndex, 0) > LONGEST:
            raise self._error("a longer one", f"a tag of at most {LONGEST:,} bytes")
        return piece

    def _text(self, data: str) -> None:
        self._characters += len(data)
        if self._characters > LONGEST:
            raise self._error(data, f"a text of at most {LONGEST:,} characters")

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
            raise self._error(f"&{name};", "no entity of another file")
        if "&" in value or "%" in value or is_parameter:
            raise self._error(f"&{name};", "entities that do not refer to others")

    def _error(self, found: str, expected: str) -> RowError:
        wanted = f"{expected} (nothing after this line could be read)"
        return RowError(self._file, self.line, None, found, wanted)
