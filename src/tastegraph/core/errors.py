"""Errors that say what was wrong, where, and what to do."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

from tastegraph.core.languages import Language
from tastegraph.core.messages import Message


class TastegraphError(Exception):
    """Base class of all errors that this package raises on purpose.

    Attributes:
        message: English text, or a message that can be shown in every language; errors that the
            service answers with have the latter.
    """

    def __init__(self, text: str | Message) -> None:
        self.message = text
        super().__init__(str(text))

    def text(self, language: Language) -> str:
        """The error in ``language`` if its message is translated, otherwise in English."""
        message = self.message
        return message.text(language) if isinstance(message, Message) else message


class ConfigError(TastegraphError):
    """A value in ``tastegraph.toml`` is missing, misspelt or out of range."""


class ArgumentError(TastegraphError):
    """An argument of a Python call has the wrong type or value.

    Args:
        argument: its name.
        value: what was passed.
        expected: what would have been accepted.
    """

    def __init__(self, argument: str, value: object, expected: str) -> None:
        self.argument, self.value, self.expected = argument, value, expected
        kind = type(value).__name__
        super().__init__(f"{argument}: {shortened(value)} ({kind}) found, {expected} expected")


class FrameError(TastegraphError):
    """A frame, a matrix or another argument of the Python interface that cannot be used."""


class NotFittedError(TastegraphError):
    """A model is asked for something before it was fitted."""


class NotFoundError(TastegraphError):
    """A workspace, snapshot, asset, user or item of this name does not exist."""


class BusyError(TastegraphError):
    """Another process is doing something that only one process may do at a time."""


class NoEncoderError(TastegraphError):
    """Texts cannot be encoded: the language model of the snapshot has not been exported."""


class DecisionError(TastegraphError):
    """A decision on facts that cannot be made or undone."""


class FilterError(TastegraphError):
    """A filter that cannot be read, or does not fit the catalogue; the place is in its message.

    Attributes:
        fault: what is wrong.
        start: 0-based character of the filter at which it is wrong.
        place: the message with the marked place.
    """

    def __init__(self, fault: Message, filter_text: str, start: int, end: int) -> None:
        self.fault, self.start = fault, start
        line, caret = marked_place(filter_text, start, end)
        self.place = Message("filter.at", fault=fault, character=start + 1, line=line, caret=caret)
        super().__init__(self.place)

    def of(self, name: str) -> FilterError:
        """The same error of a filter that stands at ``name``, such as a boost."""
        self.message = Message("filter.of", place=name, fault=self.place)
        self.args = (str(self.message),)
        return self


class AssetError(TastegraphError):
    """No source has an asset, or its checksum is wrong."""


class EndpointError(TastegraphError):
    """A language-model service cannot be used; its earlier answers stay in the cache."""


class AnswerError(TastegraphError):
    """A language-model service gave no usable answer to one request.

    Attributes:
        reason: short code: ``TRUNCATED``, ``NOT_JSON``, ``TIMEOUT``, ``REFUSED``, ``SERVER``.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


class SnapshotError(TastegraphError):
    """A snapshot is incomplete, altered or of another format, and is not served."""


class RowError(TastegraphError):
    """One row of a file or frame that cannot be imported.

    Attributes:
        file: path of the file, or name of the frame.
        line: 1-based line (text formats) or row (Parquet).
        column: name of the column, or ``None`` where the whole row is at fault.
        value: the value that cannot be accepted.
        expected: what would have been accepted; a translatable message in rows of requests.
    """

    def __init__(
        self, file: str, line: int, column: str | None, value: object, expected: str | Message
    ) -> None:
        self.file, self.line, self.column = file, line, column
        self.value, self.expected = value, expected
        place = f"{file}, line {line}" + (f", column {column!r}" if column else "")
        super().__init__(f"{place}: {shortened(value)} found, {expected} expected")


def shortened(value: object) -> str:
    """The ``repr`` of a value, cut to 120 characters for an error message."""
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "…'"


MARKED_CHARACTERS = 60
"""Characters of a long text before and after a place that is marked in it."""


def marked_place(text: str, start: int, end: int) -> tuple[str, str]:
    """The line of ``text`` around the characters ``start`` to ``end``, and carets that mark them.

    In a font of fixed width the carets stand below the characters, which may be wide ones.
    """
    first = max(start - MARKED_CHARACTERS, 0)
    last = min(max(end, start + 1) + MARKED_CHARACTERS, len(text))
    before, after = "…" if first else "", "…" if last < len(text) else ""
    line = "".join(char if char.isprintable() else " " for char in text[first:last])
    marked = line[start - first : max(end, start + 1) - first] or " "
    indent = " " * (len(before) + _width(line[: start - first]))
    return before + line + after, indent + "^" * min(_width(marked), MARKED_CHARACTERS)


def _width(text: str) -> int:
    """Columns that a terminal needs for a text."""
    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )
