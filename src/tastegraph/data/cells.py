"""Cells: one row's values read as ids, text, numbers and times, with errors that name the cell."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message

LONGEST_ID = 512
LONGEST_ENTITY = 4096
LATEST = 1e11

NOT_IN_ID = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_IN_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Cells:
    """The cells of one row and where it stands.

    A cell that is missing, ``None`` or blank is absent; every method says what absence gives.
    All methods raise :class:`RowError` for a value they cannot accept.
    """

    values: Mapping[str, object]
    file: str
    line: int

    def error(self, column: str, expected: Message) -> RowError:
        """Return the error that says the cell is not as ``expected``."""
        return RowError(self.file, self.line, column, self.values.get(column), expected)

    def given(self, column: str) -> object:
        """Return the value as found, or ``None`` where it is absent."""
        value = self.values.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        return value

    def optional_id(self, column: str, longest: int = LONGEST_ID) -> str | None:
        """Return an id, or ``None`` where it is absent."""
        value = self.given(column)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise self.error(column, Message("expected.id"))
        if len(value) > longest:
            raise self.error(column, Message("expected.id_length", longest=longest))
        if NOT_IN_ID.search(value):
            raise self.error(column, Message("expected.id_printable"))
        return value

    def id(self, column: str, longest: int = LONGEST_ID) -> str:
        """Return an id, which must be there."""
        value = self.optional_id(column, longest)
        if value is None:
            raise self.error(column, Message("expected.id_present"))
        return value

    def optional_text(self, column: str) -> str:
        """Return text as found, or ``""`` where it is absent."""
        value = self.given(column)
        return "" if value is None else self._text(column, value)

    def text(self, column: str) -> str:
        """Return text, which must be there."""
        value = self.optional_text(column)
        if not value:
            raise self.error(column, Message("expected.text_present"))
        return value

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a list, or one value as a list of one; what is absent is left out."""
        value = self.given(column)
        if value is None:
            return ()
        many = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        return tuple(
            self._text(column, one)
            for one in many
            if one is not None and not (isinstance(one, str) and not one.strip())
        )

    def number(self, column: str) -> float | None:
        """Return a finite number, or ``None`` where it is absent."""
        value = self.given(column)
        if value is None:
            return None
        number = _float(value)
        if number is None:
            raise self.error(column, Message("expected.number"))
        return number

    def whole(self, column: str) -> int | None:
        """Return a whole number from 1 up, or ``None`` where it is absent."""
        value = self.given(column)
        if value is None:
            return None
        number = _float(value)
        if number is None or not number.is_integer() or not 1 <= number < 2**31:
            raise self.error(column, Message("expected.whole"))
        return int(number)

    def choice(self, column: str, allowed: Sequence[str]) -> str | None:
        """Return one of ``allowed``, or ``None`` where it is absent."""
        value = self.given(column)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        raise self.error(column, Message("expected.choice", choices=list(allowed)))

    def flag(self, column: str) -> bool:
        """Return ``true`` or ``false``; absent is false."""
        value = self.given(column)
        if isinstance(value, bool):
            return value
        return self.choice(column, ("true", "false")) == "true"

    def timestamp(self, column: str) -> float | None:
        """Return seconds since 1970 UTC, or ``None`` where absent; times without zone are UTC."""
        value = self.given(column)
        if value is None:
            return None
        seconds = _seconds(value)
        if seconds is None or not 0 <= seconds < LATEST:
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
        if _NOT_IN_TEXT.search(value):
            raise self.error(column, Message("expected.text_printable"))
        return value


def _float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    if isinstance(value, str) and "_" in value:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _seconds(value: object) -> float | None:
    number = _float(value)
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
