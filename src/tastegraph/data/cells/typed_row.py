"""One row of a table, whose values are read as ids, text, numbers and times.

Every error names the file, the line and the column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message

MAX_ID_LENGTH = 512
MAX_ENTITY_LENGTH = 4096
MAX_EXACT_FLOAT = 2**53
"""Below it every whole number is a float of its own; libraries make floats of ids with gaps."""
MAX_TIMESTAMP = 1e11
"""Seconds since 1970; larger numbers are milliseconds."""

FORBIDDEN_IN_ID = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_FORBIDDEN_IN_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class TypedRow:
    """The values of one row by column, and where the row stands.

    A value that is missing, ``None`` or blank counts as absent; every method says what it returns
    then. All methods raise :class:`RowError` for a value that they cannot accept.
    """

    values: Mapping[str, object]
    file: str
    line: int

    def error(self, column: str, expected: Message) -> RowError:
        """Return the error that says that a column's value is not as ``expected``."""
        return RowError(self.file, self.line, column, self.values.get(column), expected)

    def value(self, column: str) -> object:
        """Return the value as it is, or ``None`` where it is absent."""
        value = self.values.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        return value

    def optional_id(self, column: str, max_length: int = MAX_ID_LENGTH) -> str | None:
        """Return an id, or ``None`` where it is absent."""
        value = self.value(column)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer() and abs(value) < MAX_EXACT_FLOAT:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise self.error(column, Message("expected.id"))
        if len(value) > max_length:
            raise self.error(column, Message("expected.id_length", longest=max_length))
        if FORBIDDEN_IN_ID.search(value):
            raise self.error(column, Message("expected.id_printable"))
        return value

    def id(self, column: str, max_length: int = MAX_ID_LENGTH) -> str:
        """Return an id; its absence is an error."""
        value = self.optional_id(column, max_length)
        if value is None:
            raise self.error(column, Message("expected.id_present"))
        return value

    def optional_text(self, column: str) -> str:
        """Return text as it is, or ``""`` where it is absent."""
        value = self.value(column)
        return "" if value is None else self._text(column, value)

    def text(self, column: str) -> str:
        """Return text; its absence is an error."""
        value = self.optional_text(column)
        if not value:
            raise self.error(column, Message("expected.text_present"))
        return value

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a list of texts, or a single value as a list of one, without absent entries."""
        value = self.value(column)
        if value is None:
            return ()
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        return tuple(
            self._text(column, entry)
            for entry in values
            if entry is not None and not (isinstance(entry, str) and not entry.strip())
        )

    def number(self, column: str) -> float | None:
        """Return a finite number, or ``None`` where it is absent."""
        value = self.value(column)
        if value is None:
            return None
        number = parse_number(value)
        if number is None:
            raise self.error(column, Message("expected.number"))
        return number

    def whole(self, column: str) -> int | None:
        """Return a whole number of at least 1, or ``None`` where it is absent."""
        value = self.value(column)
        if value is None:
            return None
        number = parse_number(value)
        if number is None or not number.is_integer() or not 1 <= number < 2**31:
            raise self.error(column, Message("expected.whole"))
        return int(number)

    def choice(self, column: str, allowed: Sequence[str]) -> str | None:
        """Return a value that is one of ``allowed``, or ``None`` where it is absent."""
        value = self.value(column)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        raise self.error(column, Message("expected.choice", choices=list(allowed)))

    def flag(self, column: str) -> bool:
        """Return whether the value is ``true``; an absent value is false."""
        value = self.value(column)
        if isinstance(value, bool):
            return value
        return self.choice(column, ("true", "false")) == "true"

    def timestamp(self, column: str) -> float | None:
        """Return seconds since 1970 UTC, or ``None`` where absent; times without zone are UTC."""
        value = self.value(column)
        if value is None:
            return None
        seconds = parse_seconds(value)
        if seconds is None or not 0 <= seconds < MAX_TIMESTAMP:
            raise self.error(column, Message("expected.time"))
        return seconds

    def _text(self, column: str, value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float | Decimal):
            return str(value)
        if isinstance(value, date | time):
            return value.isoformat()
        if not isinstance(value, str):
            raise self.error(column, Message("expected.text"))
        if _FORBIDDEN_IN_TEXT.search(value):
            raise self.error(column, Message("expected.text_printable"))
        return value


def parse_number(value: object) -> float | None:
    """A finite number, also from text; ``None`` where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    if isinstance(value, str) and "_" in value:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def parse_seconds(value: object) -> float | None:
    """Seconds since 1970 UTC of a number, text, date or datetime; ``None`` where it is none."""
    number = parse_number(value)
    if number is not None:
        return number
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if not isinstance(value, datetime):
            return None
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
