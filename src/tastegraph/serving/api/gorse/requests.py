"""What several of Gorse's routes share: query parameters, cursors, and rows as events."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message
from tastegraph.core.random_numbers import random_id
from tastegraph.core.records import Event
from tastegraph.data.events import event_from
from tastegraph.serving.api.errors import RefusedError, invalid_row
from tastegraph.serving.api.gorse.shapes import GorseFeedback
from tastegraph.serving.engine import Engine

MAX_N = 1000
"""Entries of one answer."""
N = Annotated[int, Query(ge=1, le=MAX_N)]
Offset = Annotated[int, Query(ge=0, le=MAX_N)]
Cursor = Annotated[str, Query(max_length=4096)]
_NAMES = {"user_id": "UserId", "item_id": "ItemId", "type": "FeedbackType", "value": "Value",
          "timestamp": "Timestamp"}  # fmt: skip
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+|0")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def event_of(feedback: GorseFeedback, number: int, engine: Engine) -> Event:
    """The event that a feedback is; without a time it is of now.

    The same feedback with the same time is the same event, however often it is sent.

    Raises:
        RefusedError: 400, a field of it cannot be accepted; ``number`` is its place, from 1.
    """
    cells, types = feedback.cells(engine.config.gorse.types), engine.event_types
    if cells["type"] not in types:
        fault = Message("gorse.type", type=feedback.feedback_type, choices=sorted(types))
        raise RefusedError(400, Message("gorse.row", number=number, fault=fault))
    if cells["timestamp"] is None:
        cells |= {"timestamp": time.time(), "event_id": random_id()}
    try:
        return event_from(cells, "feedback", number, types=types)
    except RowError as error:
        error.column = _NAMES.get(error.column or "", error.column)
        raise RefusedError(
            400, Message("gorse.row", number=number, fault=invalid_row(error)[1])
        ) from None


def event_types_of(feedback_type: str, engine: Engine) -> list[str]:
    """The event type that a feedback type is, as a list of one."""
    return [engine.config.gorse.types.get(feedback_type, feedback_type)]


def feedback_type_of(event_type: str, engine: Engine) -> str:
    """How Gorse calls an event type: the first feedback type that is mapped to it, or its name."""
    types = engine.config.gorse.types
    return next((theirs for theirs, ours in types.items() if ours == event_type), event_type)


def cursor_of(place: Sequence[Any] | None) -> str:
    """A place as opaque text; empty at the end."""
    if place is None:
        return ""
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode().rstrip("=")


def place_of(cursor: str, kinds: type | tuple[type, ...], length: int) -> list[Any] | None:
    """The place that a cursor names; ``None`` for an empty one.

    Raises:
        RefusedError: 400, it is none of ours.
    """
    if not cursor:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    is_place = isinstance(place, list) and len(place) == length
    if not is_place or not all(type(number) in (kinds,) for number in place):
        raise RefusedError(400, Message("gorse.cursor"))
    return list(place)


def seconds_of(duration: str) -> float:
    """The seconds of a duration as Go writes it, such as ``1h30m``.

    Raises:
        RefusedError: 400, it is none.
    """
    if not _DURATION.fullmatch(duration):
        raise RefusedError(400, Message("gorse.delay", value=duration[:40]))
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))
