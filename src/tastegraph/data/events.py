"""Events from tables and requests, with ids that stay the same when they are imported again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

from tastegraph.core.messages import Message
from tastegraph.core.records import EVENT_TYPES, RATING, Event, Split
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables import Row, read_rows
from tastegraph.data.typed_row import TypedRow

EVENT_ALIASES: Mapping[str, str] = {
    "userId": "user_id", "user": "user_id", "uid": "user_id",
    "itemId": "item_id", "item": "item_id", "iid": "item_id", "movieId": "item_id",
    "type": "event_type", "rating": "value", "weight": "value",
    "datetime": "timestamp", "time": "timestamp",
}  # fmt: skip
"""Column names of other tools → those of a frame; a column that has its name there goes first."""
_SPLITS = get_args(Split)


class RepeatCounter:
    """Numbers the identical rows of one file: 1 for the first, 2 for the next, and so on."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def number(self, content: str) -> int:
        """Return how many rows of this content there were so far, including this one."""
        key = hashlib.blake2b(content.encode(), digest_size=16).digest()
        count = self._seen.get(key, 0) + 1
        self._seen[key] = count
        return count


def read_events(
    path: Path,
    rejects: RejectedRows,
    split: Split | None = None,
    types: Collection[str] = EVENT_TYPES,
) -> Iterator[Event]:
    """Yield the events of a table with the columns ``user_id`` and ``item_id``.

    Optional columns: ``timestamp``, ``type``, ``value`` (or ``rating``), ``event_id``, ``split``,
    ``recommendation_id``, ``position``; others are ignored. A row with a value and no type is a
    ``rating``, even if the value is a count: that is only decided from all rows together.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        split: the split of rows that name none.
        types: the event types that are allowed.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    file, repeats = str(path), RepeatCounter()

    def build(row: Row) -> Event:
        return event_from(row.values, file, row.line, repeats, split, types)

    return rejects.convert(read_rows(path, rejects, ("user_id", "item_id")), build)


def event_from(
    values: Mapping[str, object],
    file: str,
    line: int,
    repeats: RepeatCounter | None = None,
    split: Split | None = None,
    types: Collection[str] = EVENT_TYPES,
    now: float | None = None,
) -> Event:
    """Check one row, from a file or the body of a request, and return its event.

    An event without an ``event_id`` gets a hash of the row's content and, with ``repeats``, of the
    number of identical rows before it: the same file gives the same ids again, and repeated
    events stay distinct. Without ``repeats`` identical rows get the same id.

    Args:
        values: the row, by column.
        file, line: where it stands.
        repeats: counter of identical rows of the file.
        split: the split of a row that names none.
        types: the event types that are allowed.
        now: the current time, in seconds since 1970-01-01 UTC; by default the clock's.

    Raises:
        RowError: a value is missing or cannot be accepted, or the event is in the future.
    """
    row = TypedRow(values, file, line)
    user_id, item_id = row.id("user_id"), row.id("item_id")
    value = row.number("value")
    if value is None:
        value = row.number("rating")
    kind = row.choice("type", tuple(types)) or ("click" if value is None else RATING)
    timestamp = row.timestamp("timestamp")
    event_split = cast("Split | None", row.choice("split", _SPLITS)) or split
    event_id = row.optional_id("event_id")
    if event_id is None:
        # No id holds a control character, so \x1f separates the fields.
        content = f"{user_id}\x1f{item_id}\x1f{kind}\x1f{value}\x1f{timestamp}\x1f{event_split}"
        number = repeats.number(content) if repeats else 1
        event_id = hashlib.sha256(f"{content}\x1f{number}".encode()).hexdigest()[:32]
    event = Event(
        event_id=event_id,
        user_id=user_id,
        item_id=item_id,
        type=kind,
        value=value,
        timestamp=timestamp,
        split=event_split,
        recommendation_id=row.optional_id("recommendation_id"),
        position=row.whole("position"),
    )
    if event.is_in_future(time.time() if now is None else now):
        raise row.error("timestamp", Message("expected.timely"))
    return event
