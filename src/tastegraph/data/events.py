"""Events: rows of what people did with items, checked and given ids that survive re-import."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

from tastegraph.core.messages import Message
from tastegraph.core.records import EVENT_TYPES, RATING, Event, Split
from tastegraph.data.cells import Cells
from tastegraph.data.rejects import Rejects
from tastegraph.data.tables import Row, read_rows

_SPLITS = get_args(Split)


class Repeats:
    """Numbers the identical rows of one file: 1 for the first, 2 for the next like it."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def number(self, content: str) -> int:
        """Return how many rows of this content there were, this one included."""
        key = hashlib.blake2b(content.encode(), digest_size=16).digest()
        count = self._seen.get(key, 0) + 1
        self._seen[key] = count
        return count


def read_events(
    path: Path,
    rejects: Rejects,
    split: Split | None = None,
    types: Collection[str] = EVENT_TYPES,
) -> Iterator[Event]:
    """Yield the events of a table with the columns ``user_id`` and ``item_id``.

    Optional columns: ``timestamp``, ``type``, ``value`` (or ``rating``), ``event_id``, ``split``,
    ``recommendation_id``, ``position``; others are not read. A row with a value and no type is a
    ``rating``, whether that is a mark or a count: no row can tell, all of them together do.

    Args:
        split: the split of rows that name none.
        types: what an event may be.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    file, repeats = str(path), Repeats()

    def build(row: Row) -> Event:
        return event_from(row.values, file, row.line, repeats, split, types)

    return rejects.keep(read_rows(path, rejects, ("user_id", "item_id")), build)


def event_from(
    values: Mapping[str, object],
    file: str,
    line: int,
    repeats: Repeats | None = None,
    split: Split | None = None,
    types: Collection[str] = EVENT_TYPES,
    now: float | None = None,
) -> Event:
    """Check one row, from a file or the body of a request, and return its event.

    Without an ``event_id`` one is derived from the row's content and, with ``repeats``, from how
    many rows like it there were: the same file gives the same ids again, and repeated events
    stay apart. Without ``repeats`` equal rows get equal ids.

    Args:
        now: seconds since 1970-01-01 UTC; by default the clock's.

    Raises:
        RowError: a cell is missing or cannot be accepted, or the event is to come; ``file`` and
            ``line`` are its place.
    """
    cells = Cells(values, file, line)
    user_id, item_id = cells.id("user_id"), cells.id("item_id")
    value = cells.number("value")
    if value is None:
        value = cells.number("rating")
    kind = cells.choice("type", tuple(types)) or ("click" if value is None else RATING)
    timestamp = cells.timestamp("timestamp")
    part = cast("Split | None", cells.choice("split", _SPLITS)) or split
    event_id = cells.optional_id("event_id")
    if event_id is None:
        # No id holds a control character, so \x1f keeps the parts apart.
        content = f"{user_id}\x1f{item_id}\x1f{kind}\x1f{value}\x1f{timestamp}\x1f{part}"
        number = repeats.number(content) if repeats else 1
        event_id = hashlib.sha256(f"{content}\x1f{number}".encode()).hexdigest()[:32]
    event = Event(
        event_id=event_id,
        user_id=user_id,
        item_id=item_id,
        type=kind,
        value=value,
        timestamp=timestamp,
        split=part,
        recommendation_id=cells.optional_id("recommendation_id"),
        position=cells.whole("position"),
    )
    if event.is_to_come(time.time() if now is None else now):
        raise cells.error("timestamp", Message("expected.timely"))
    return event
