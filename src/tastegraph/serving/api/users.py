"""Routes to users: what is stored of them, their profiles, and their erasure."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from tastegraph.core.records import User
from tastegraph.serving.answers import UserProfile
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import CheckedId
from tastegraph.serving.engine import Engine
from tastegraph.serving.stored import StoredRecords
from tastegraph.serving.user_export import UserExport, user_export
from tastegraph.store.erasure import ErasureReceipt

MAX_ENTRIES = 1000
"""Users of one page."""


class NewUser(BaseModel):
    """What is known of a user beside events. Nothing is ranked by it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: dict[str, JsonValue] = Field(default={}, max_length=1000)
    comment: Annotated[str, StringConstraints(max_length=100_000)] = ""


class StoredUser(BaseModel):
    """A user, as stored; without attributes where only events are."""

    user_id: str
    attributes: Any = Field(description="as they were put")
    comment: str

    @classmethod
    def of(cls, user: User) -> StoredUser:
        """The answer of a record."""
        return cls(user_id=user.user_id, attributes=user.attributes, comment=user.comment)


class UserList(BaseModel):
    """A page of the users, in the order of their ids."""

    users: list[StoredUser]
    after: str | None = Field(description="give it for the next page; null on the last one")


def user_routes(engine: Engine) -> APIRouter:
    """The API to the users of one engine; to be included after routes that go on behind an id."""
    router = APIRouter(
        prefix="/v1/users", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    records = StoredRecords(engine)

    @router.get("", openapi_extra=READ)
    def users(
        n: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100,
        after: Annotated[str, Query(max_length=1000)] = "",
    ) -> UserList:
        """Return a page of the users, those of events too."""
        page = [StoredUser.of(user) for user in records.users_after(after, n)]
        return UserList(users=page, after=page[-1].user_id if len(page) == n else None)

    @router.get("/{user_id:path}/profile", openapi_extra=READ)
    async def profile(user_id: str, language: AnswerLanguage) -> UserProfile:
        """Return a user's history, newest first, and interests, strongest first."""
        return engine.profile(user_id, language=language)

    @router.get("/{user_id:path}/export", openapi_extra=READ)
    def export(user_id: str, language: AnswerLanguage) -> UserExport:
        """Return all that is stored of a user: events, lists, wishes, votes, attributes."""
        return user_export(engine, user_id, time.time(), language)

    @router.get("/{user_id:path}", openapi_extra=READ)
    def user(user_id: str) -> StoredUser:
        """Return what is stored of a user beside events."""
        return StoredUser.of(records.user(user_id))

    @router.put("/{user_id:path}", openapi_extra=WRITE)
    async def put(user_id: CheckedId, new: NewUser) -> StoredUser:
        """Add a user, or replace what is known of the user of this id; events stay."""
        stored = User(user_id, new.attributes, new.comment)
        await asyncio.wrap_future(records.put_users([stored]))
        return StoredUser.of(stored)

    @router.delete("/{user_id:path}", openapi_extra=WRITE)
    def erase(user_id: str) -> ErasureReceipt:
        """Delete all data of a user; the next model is fitted without them."""
        return engine.erase.user(user_id)

    return router
