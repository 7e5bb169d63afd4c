"""Routes by which events come in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.random_numbers import random_id
from tastegraph.core.records import Event
from tastegraph.serving.api.access import WRITE
from tastegraph.serving.api.errors import (
    PROBLEMS,
    Fault,
    RefusedError,
    invalid_row,
    invalid_value,
)
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import (
    MAX_EVENTS,
    CheckedId,
    LanguageRequest,
    LooseId,
    SessionEvent,
)
from tastegraph.serving.engine import Engine
from tastegraph.serving.metrics import record_events
from tastegraph.store import events as log


class NewEvent(SessionEvent):
    """One event to store; without ``event_id`` or ``ts`` the server adds one."""

    event_id: LooseId | None = Field(
        default=None, description="the same id twice counts once, so that a client can send again"
    )
    user_id: LooseId | None = None
    session_id: LooseId | None = Field(
        default=None, description="where there is no user; its user id is session:ID"
    )

    def record(self, line: int, types: Collection[str]) -> Event:
        """The record; ``line`` is the row's place in the request, ``types`` its allowed types.

        Raises:
            RowError: a value cannot be accepted.
        """
        event_id = random_id() if self.event_id in (None, "") else self.event_id
        own = {"user_id": self.user_id, "session_id": self.session_id, "event_id": event_id}
        return self.event(line, types, own, time.time())


class EventBatch(LanguageRequest):
    """A batch: its valid rows are stored in one transaction, the others come back as rejected.

    Where no row is valid, the answer is 422, with what is wrong with each.
    """

    events: Annotated[
        list[object],
        Field(
            max_length=MAX_EVENTS,
            json_schema_extra={"items": NewEvent.model_json_schema()},
        ),
    ]


class RejectedRow(BaseModel):
    """One row of a batch that was not stored."""

    index: int
    code: str
    message: str


class EventBatchReceipt(BaseModel):
    """The outcome of a batch."""

    accepted: int
    duplicates: int
    rejected: list[RejectedRow]


class WithdrawnEvent(BaseModel):
    """An event that was deleted; its id may come again."""

    event_id: str


def event_routes(engine: Engine) -> APIRouter:
    """The API to the event log of one engine."""
    router = APIRouter(
        prefix="/v1/events", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.post("", openapi_extra=WRITE)
    async def record(batch: EventBatch, language: AnswerLanguage) -> EventBatchReceipt:
        """Store events; the answer comes when they are on disk and count in the next list."""
        events, rejected = _validate(batch, engine.event_types, language)
        record_events(0, 0, len(rejected))
        if rejected and not events:
            raise _none_accepted(rejected)
        receipt = await asyncio.wrap_future(engine.record_soon(events))
        record_events(receipt.accepted, receipt.duplicates, 0)
        return EventBatchReceipt(
            accepted=receipt.accepted, duplicates=receipt.duplicates, rejected=rejected
        )

    @router.delete("/{event_id:path}", openapi_extra=WRITE)
    async def withdraw(event_id: CheckedId) -> WithdrawnEvent:
        """Delete one event, such as a click by mistake; the next list does not know it."""
        withdrawal = engine.submit(partial(log.delete_one, event_id=event_id))
        if not await asyncio.wrap_future(withdrawal):
            raise NotFoundError(Message("missing.event", event=event_id))
        return WithdrawnEvent(event_id=event_id)

    return router


def _none_accepted(rejected: Sequence[RejectedRow]) -> RefusedError:
    faults = [
        Fault(pointer=f"/events/{row.index}", code=row.code, message=row.message)
        for row in rejected
    ]
    message = Message("request.no_event", count=len(faults), fault=faults[0].message)
    return RefusedError(422, message, faults=faults)


def _validate(
    batch: EventBatch, types: Collection[str], language: Language
) -> tuple[list[Event], list[RejectedRow]]:
    """The events of the good rows, and the others with what is wrong, in ``language``."""
    events: list[Event] = []
    rejected: list[RejectedRow] = []
    for index, row in enumerate(batch.events):
        try:
            events.append(NewEvent.model_validate(row).record(index, types))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(key) for key in first["loc"][:1]) or "event"
            code, fault = invalid_value(first)
            text = Message("request.at", place=place, fault=fault).text(language)
            rejected.append(RejectedRow(index=index, code=code, message=text))
        except RowError as error:
            code, message = invalid_row(error)
            rejected.append(RejectedRow(index=index, code=code, message=message.text(language)))
    return events, rejected
