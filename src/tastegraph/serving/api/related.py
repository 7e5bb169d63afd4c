"""Routes to lists beside recommendations: what is similar, bought together, popular, recent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from tastegraph.serving.api.access import READ
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.engine import Engine
from tastegraph.serving.related.log_lists import LogLists
from tastegraph.serving.related.related_answers import ItemAudience, RelatedItems, SimilarUsers
from tastegraph.serving.related.similar import GeneralList, RelatedLists

MAX_ENTRIES = 1000
"""Entries of one list."""
N = Annotated[int, Query(ge=1, le=MAX_ENTRIES)]
Reasons = Annotated[int, Query(ge=0, le=10, description="of each item, at most")]


def related_routes(engine: Engine) -> APIRouter:
    """The API to these lists of one engine; to be included before routes whose ids end a path."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )
    lists, log_lists = RelatedLists(engine), LogLists(engine)

    @router.get("/items/{item_id:path}/similar", openapi_extra=READ)
    def similar_items(
        item_id: str, language: AnswerLanguage, n: N = 10, reasons: Reasons = 3
    ) -> RelatedItems:
        """Return the items most like one, each with what the two have in common."""
        return lists.similar_items(item_id, n, reasons=reasons, language=language)

    @router.get("/items/{item_id:path}/bought-together", openapi_extra=READ)
    def bought_together(item_id: str, language: AnswerLanguage, n: N = 10) -> RelatedItems:
        """Return what was bought by most of the newest buyers of an item."""
        return log_lists.bought_together(item_id, n, language=language)

    @router.get("/items/{item_id:path}/audience", openapi_extra=READ)
    def audience(item_id: str, language: AnswerLanguage, n: N = 10) -> ItemAudience:
        """Return the users who would like an item and have no event on it."""
        return log_lists.audience(item_id, n, language=language)

    @router.get("/users/{user_id:path}/recent", openapi_extra=READ)
    def recently_viewed(user_id: str, n: N = 10) -> RelatedItems:
        """Return the items that a user has had an event on most lately."""
        return log_lists.recently_viewed(user_id, n)

    @router.get("/users/{user_id:path}/buy-again", openapi_extra=READ)
    def buy_again(user_id: str, n: N = 10) -> RelatedItems:
        """Return the items that a user has bought most often."""
        return log_lists.buy_again(user_id, n)

    @router.get("/users/{user_id:path}/similar", openapi_extra=READ)
    def similar_users(user_id: str, language: AnswerLanguage, n: N = 10) -> SimilarUsers:
        """Return the users who like most of what a user likes."""
        return lists.similar_users(user_id, n, language=language)

    @router.get("/lists/{name}", openapi_extra=READ)
    def general_list(name: GeneralList, n: N = 10) -> RelatedItems:
        """Return a list that is the same for everybody: popular, trending or latest items."""
        return lists.general(name, n)

    return router
