"""Errors a person can act on: what was wrong, where, and what to do."""

from __future__ import annotations

from tastegraph.core.languages import Language
from tastegraph.core.messages import Message


class TastegraphError(Exception):
    """Base of every error raised on purpose; its text is written for the person who reads it.

    Attributes:
        message: in English, or in any language, which is so of all that a service answers with.
    """

    def __init__(self, text: str | Message) -> None:
        self.message = text
        super().__init__(str(text))

    def text(self, language: Language) -> str:
        """What was wrong, in ``language`` where a message says it; ``str`` of it is English."""
        said = self.message
        return said.text(language) if isinstance(said, Message) else said


class ConfigError(TastegraphError):
    """A value in ``tastegraph.toml`` is missing, misspelt or out of range."""


class FrameError(TastegraphError):
    """A frame, a matrix or another argument of the Python interface that cannot be used."""


class NotFoundError(TastegraphError):
    """A workspace, snapshot, asset, user or item that was asked for does not exist."""


class BusyError(TastegraphError):
    """Another process does what only one may do at a time."""


class NoEncoderError(TastegraphError):
    """Texts cannot be read: the language model that a snapshot was built with is not exported."""


class DecisionError(TastegraphError):
    """A decision on what is known that cannot be made, or cannot be taken back."""


class AssetError(TastegraphError):
    """An asset could not be had from any of its sources, or its checksum is wrong."""


class EndpointError(TastegraphError):
    """A language-model service cannot be used; what it answered before is kept."""


class AnswerError(TastegraphError):
    """A language-model service gave no usable answer to one question.

    Attributes:
        reason: short code: ``TRUNCATED``, ``NOT_JSON``, ``TIMEOUT``, ``REFUSED``, ``SERVER``.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


class SnapshotError(TastegraphError):
    """A snapshot is incomplete, altered or of another format; it is never served."""


class RowError(TastegraphError):
    """One row of a file that cannot be imported.

    Attributes:
        file: path of the file, as given.
        line: 1-based line (text formats) or row (Parquet).
        column: name of the column, or ``None`` where the whole row is at fault.
        value: the offending value, as found.
        expected: what would have been accepted; a message where a service may say it.
    """

    def __init__(
        self, file: str, line: int, column: str | None, value: object, expected: str | Message
    ) -> None:
        self.file, self.line, self.column = file, line, column
        self.value, self.expected = value, expected
        where = f"{file}, line {line}" + (f", column {column!r}" if column else "")
        shown = repr(value)
        shown = shown if len(shown) <= 120 else shown[:117] + "…'"
        super().__init__(f"{where}: {shown} found, {expected} expected")
