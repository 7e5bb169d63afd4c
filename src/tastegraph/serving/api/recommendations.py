"""Routes to lists: recommend, explain one item, replay a list, and find what a text is about."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from tastegraph.serving.answers import Explanation, Recommendations, TextAssociations
from tastegraph.serving.api.access import READ, may_write
from tastegraph.serving.api.errors import PROBLEMS, UNAVAILABLE
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import (
    MAX_LIST,
    ExplanationRequest,
    RankRequest,
    RecommendationRequest,
    TextRequest,
)
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.listing import DEFAULT_REASONS
from tastegraph.serving.lists.next_page import NextList, NextPages
from tastegraph.store.served_lists import ServedList

SomeList = TypeVar("SomeList", bound=Recommendations)


class TimedRecommendations(Recommendations):
    """A ranked list, and the time that it took."""

    took_ms: float


def recommendation_routes(engine: Engine) -> APIRouter:
    """The API to the lists of one engine."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    pages = NextPages(engine)

    def listed(
        body: RecommendationRequest, n: int | None, language: AnswerLanguage, request: Request
    ) -> TimedRecommendations:
        start = time.perf_counter()
        answer = engine.recommend_and_store(
            body.user_or_session(engine.event_types),
            n,
            replace(body.options(), store_wishes=may_write(request.scope)),
            reasons=0 if body.explain == "none" else DEFAULT_REASONS,
            language=language,
        )
        if body.explain == "reasons":
            answer = without_paths(answer)
        milliseconds = (time.perf_counter() - start) * 1e3
        return TimedRecommendations.model_construct(**dict(answer), took_ms=round(milliseconds, 3))

    @router.post("/recommendations", openapi_extra=READ)
    async def recommend(
        body: RecommendationRequest, language: AnswerLanguage, request: Request
    ) -> TimedRecommendations:
        """Recommend items to a user or a session, each with its reasons."""
        return listed(body, body.n, language, request)

    @router.post("/rank", openapi_extra=READ)
    async def rank(
        body: RankRequest, language: AnswerLanguage, request: Request
    ) -> TimedRecommendations:
        """Rank candidates of the caller's choice for a user or a session.

        The list is made and stored as any other, of these items alone; those without a place are
        named with the cause.
        """
        return listed(body, body.n or len(body.item_ids), language, request)

    @router.get("/recommendations/{recommendation_id}", openapi_extra=READ)
    def stored_list(recommendation_id: str) -> ServedList:
        """Return a list as it was served, with the propensity of each item."""
        return engine.stored_list(recommendation_id)

    @router.get("/recommendations/{recommendation_id}/replay", openapi_extra=READ)
    def replay(recommendation_id: str, language: AnswerLanguage) -> Recommendations:
        """Compute a list once more, from the snapshot and the events that it was computed from."""
        return engine.replay(recommendation_id, language=language)

    @router.get("/recommendations/{recommendation_id}/next", openapi_extra=READ)
    def next_page(
        recommendation_id: str,
        language: AnswerLanguage,
        n: Annotated[
            int | None, Query(ge=1, le=MAX_LIST, description="by default as many as before")
        ] = None,
        explain: Literal["none", "reasons", "paths"] = "reasons",
    ) -> NextList:
        """Continue a list: the best items that stand neither in it nor in those before it.

        By its request, policy and wishes; an empty list with a note where no item is left.
        """
        reasons = 0 if explain == "none" else DEFAULT_REASONS
        answer = pages.after(recommendation_id, n, reasons=reasons, language=language)
        return without_paths(answer) if explain == "reasons" else answer

    @router.post("/explain", openapi_extra=READ)
    async def explain(body: ExplanationRequest, language: AnswerLanguage) -> Explanation:
        """Explain one item: every reason for and against it, and why a list lacks it.

        The shares of the reasons sum to its score.
        """
        explain = partial(
            engine.explain,
            body.user_or_session(engine.event_types),
            body.item_id,
            n=body.n,
            options=body.options(),
            search_changes=body.changes,
            wording=body.wording,
            language=language,
        )
        # Many lists are computed beside the event loop, and a language model is waited for there.
        is_slow = body.changes or body.wording == "llm"
        return await run_in_threadpool(explain) if is_slow else explain()

    @router.post("/associations", responses=UNAVAILABLE, openapi_extra=READ)
    def associate(body: TextRequest, language: AnswerLanguage) -> TextAssociations:
        """Find what a text is about: entities and values it is near to, and the nearest items."""
        return engine.associate(body.text, body.n, language=language)

    return router


def without_paths(answer: SomeList) -> SomeList:
    """A list without the facts behind its reasons."""
    items = tuple(
        item.model_copy(
            update={"reasons": tuple(r.model_copy(update={"path": ()}) for r in item.reasons)}
        )
        for item in answer.items
    )
    return answer.model_copy(update={"items": items})
