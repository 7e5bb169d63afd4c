"""Gorse's routes to feedback: events, as one record for each user, item and type."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.gorse.requests import (
    Cursor,
    N,
    cursor_of,
    event_of,
    event_types_of,
    feedback_type_of,
    place_of,
)
from tastegraph.serving.api.gorse.shapes import FeedbackPage, GorseFeedback, Success
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.serving.stored import StoredRecords
from tastegraph.store.event_groups import EventGroup, GroupCursor


def feedback_routes(engine: Engine) -> APIRouter:
    """The routes that begin with ``/feedback``, and those of a user or an item."""
    router, records = APIRouter(route_class=StrictRoute), StoredRecords(engine)

    def shaped(groups: list[EventGroup], feedback_type: str | None = None) -> list[GorseFeedback]:
        return [
            GorseFeedback.of(group, feedback_type or feedback_type_of(group.type, engine))
            for group in groups
        ]

    def page(cursor: str, n: int, feedback_type: str | None = None) -> FeedbackPage:
        types = None if feedback_type is None else event_types_of(feedback_type, engine)
        place = GroupCursor(*(place_of(cursor, int, 3) or ()))
        groups, following = records.groups_after(place, n, types)
        return FeedbackPage(cursor=cursor_of(following), feedback=shaped(groups, feedback_type))

    @router.post("/feedback", openapi_extra=WRITE)
    async def insert(feedback: list[GorseFeedback]) -> Success:
        """Store feedback; the answer comes when it is on disk."""
        events = [event_of(row, number, engine) for number, row in enumerate(feedback, start=1)]
        await asyncio.wrap_future(engine.record_soon(events))
        return Success(row_affected=len(events))

    @router.put("/feedback", openapi_extra=WRITE)
    async def overwrite(feedback: list[GorseFeedback]) -> Success:
        """Store feedback in place of what there is of the same user, item and type."""
        events = [event_of(row, number, engine) for number, row in enumerate(feedback, start=1)]
        await asyncio.wrap_future(records.replace_events(events))
        return Success(row_affected=len(events))

    @router.get("/feedback", openapi_extra=READ)
    def all_feedback(n: N = 10, cursor: Cursor = "") -> FeedbackPage:
        """Return a page of all feedback."""
        return page(cursor, n)

    @router.get("/feedback/{feedback_type}", openapi_extra=READ)
    def feedback_of_type(feedback_type: str, n: N = 10, cursor: Cursor = "") -> FeedbackPage:
        """Return a page of the feedback of one type."""
        return page(cursor, n, feedback_type)

    @router.get("/feedback/{user_id}/{item_id}", openapi_extra=READ)
    def feedback_of_pair(user_id: str, item_id: str) -> list[GorseFeedback]:
        """Return the feedback of one user on one item."""
        return shaped(records.groups(user_id=user_id, item_id=item_id))

    @router.delete("/feedback/{user_id}/{item_id}", openapi_extra=WRITE)
    async def delete_pair(user_id: str, item_id: str) -> Success:
        """Delete the feedback of one user on one item."""
        deleted = await asyncio.wrap_future(records.delete_events(user_id, item_id))
        return Success(row_affected=deleted)

    @router.get("/feedback/{feedback_type}/{user_id}/{item_id}", openapi_extra=READ)
    def one_feedback(feedback_type: str, user_id: str, item_id: str) -> GorseFeedback:
        """Return the feedback of one user on one item and of one type."""
        types = event_types_of(feedback_type, engine)
        groups = records.groups(user_id=user_id, item_id=item_id, types=types)
        if not groups:
            names = {"user": user_id, "item": item_id, "type": feedback_type}
            raise NotFoundError(Message("gorse.no_feedback", **names))
        return shaped(groups, feedback_type)[0]

    @router.delete("/feedback/{feedback_type}/{user_id}/{item_id}", openapi_extra=WRITE)
    async def delete_one(feedback_type: str, user_id: str, item_id: str) -> Success:
        """Delete the feedback of one user on one item and of one type."""
        types = event_types_of(feedback_type, engine)
        deleted = await asyncio.wrap_future(records.delete_events(user_id, item_id, types))
        return Success(row_affected=deleted)

    @router.get("/user/{user_id}/feedback", openapi_extra=READ)
    def feedback_of_user(user_id: str) -> list[GorseFeedback]:
        """Return the feedback of one user."""
        return shaped(records.groups(user_id=user_id))

    @router.get("/user/{user_id}/feedback/{feedback_type}", openapi_extra=READ)
    def typed_feedback_of_user(user_id: str, feedback_type: str) -> list[GorseFeedback]:
        """Return the feedback of one user and of one type."""
        types = event_types_of(feedback_type, engine)
        return shaped(records.groups(user_id=user_id, types=types), feedback_type)

    @router.get("/item/{item_id}/feedback", openapi_extra=READ)
    def feedback_on_item(item_id: str) -> list[GorseFeedback]:
        """Return the feedback on one item."""
        return shaped(records.groups(item_id=item_id))

    @router.get("/item/{item_id}/feedback/{feedback_type}", openapi_extra=READ)
    def typed_feedback_on_item(item_id: str, feedback_type: str) -> list[GorseFeedback]:
        """Return the feedback on one item and of one type."""
        types = event_types_of(feedback_type, engine)
        return shaped(records.groups(item_id=item_id, types=types), feedback_type)

    return router
