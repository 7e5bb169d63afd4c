"""Routes to the interests of a user, which can be read and edited, and to reading a wish."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import LanguageRequest, Wish
from tastegraph.serving.engine import Engine
from tastegraph.serving.wishes.chips import MAX_CHIPS, Chip, Steering
from tastegraph.serving.wishes.interests import (
    EditableInterests,
    Interest,
    InterestEdit,
    UserInterests,
)


class WishRequest(LanguageRequest):
    """A wish in words, or chips."""

    steer: Wish | Annotated[list[Chip], Field(max_length=MAX_CHIPS)] = Field(
        examples=["less crime, more seventies"]
    )


class WishReading(WishRequest):
    """A wish to read."""

    propose: bool = Field(
        default=False,
        description="whether the configured language model proposes what was not understood; the "
        "answer waits for it, and what it proposes counts only where the graph has it",
    )


def interest_routes(engine: Engine) -> APIRouter:
    """The API to wishes and interests."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )
    interests = EditableInterests(engine)

    @router.post("/wishes", openapi_extra=READ)
    def read_wish(body: WishReading, language: AnswerLanguage) -> Steering:
        """Read a wish as chips, and list what was not understood; nothing is stored."""
        return engine.read_wish(body.steer, language, propose=body.propose)

    @router.get("/users/{user_id:path}/interests", openapi_extra=READ)
    def all_interests(user_id: str, language: AnswerLanguage) -> UserInterests:
        """Return a user's interests: those that were edited first, then the strongest."""
        return interests.all(user_id, language)

    @router.post("/users/{user_id:path}/interests", openapi_extra=WRITE)
    def add_wish(user_id: str, body: WishRequest, language: AnswerLanguage) -> UserInterests:
        """Store a wish for the user's lists; one without a duration counts for always."""
        return interests.wish(user_id, body.steer, language)

    @router.delete("/users/{user_id:path}/interests", openapi_extra=WRITE)
    def withdraw_all(user_id: str, language: AnswerLanguage) -> UserInterests:
        """Withdraw all standing wishes: only events say what interests the user."""
        return interests.withdraw_all(user_id, language)

    @router.post("/users/{user_id:path}/interests:undo", openapi_extra=WRITE)
    def undo(user_id: str, language: AnswerLanguage) -> UserInterests:
        """Undo the newest change of the user's interests that is not undone yet."""
        return interests.undo(user_id, language)

    @router.get("/users/{user_id:path}/interests/{interest}", openapi_extra=READ)
    def one_interest(user_id: str, interest: str, language: AnswerLanguage) -> Interest:
        """Return one interest, with all changes of it."""
        return interests.one(user_id, interest, language)

    @router.patch("/users/{user_id:path}/interests/{interest}", openapi_extra=WRITE)
    def edit(user_id: str, interest: str, body: InterestEdit, language: AnswerLanguage) -> Interest:
        """Pin or mute an interest, weigh it, let it expire; the next list knows."""
        return interests.edit(user_id, interest, body, language)

    @router.delete("/users/{user_id:path}/interests/{interest}", openapi_extra=WRITE)
    def withdraw(user_id: str, interest: str, language: AnswerLanguage) -> Interest:
        """Withdraw the edit of an interest: only events say how strong it is."""
        return interests.withdraw(user_id, interest, language)

    return router
