"""Routes to what is known of a user."""

from __future__ import annotations

from fastapi import APIRouter

from tastegraph.serving.answers import UserProfile
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.engine import Engine
from tastegraph.store.erasure import ErasureReceipt


def user_routes(engine: Engine) -> APIRouter:
    """The API to the users of one engine: their profiles, and their erasure."""
    router = APIRouter(
        prefix="/v1/users", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("/{user_id:path}/profile", openapi_extra=READ)
    async def profile(user_id: str, language: AnswerLanguage) -> UserProfile:
        """Return a user's history, newest first, and interests, strongest first."""
        return engine.profile(user_id, language=language)

    @router.delete("/{user_id:path}", openapi_extra=WRITE)
    def erase(user_id: str) -> ErasureReceipt:
        """Delete all data of a user; the next model is fitted without them."""
        return engine.erase.user(user_id)

    return router
