"""Gorse's routes to lists: of a user, of a session, neighbours, and those for everybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request

from tastegraph.core.errors import FilterError, SnapshotError
from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.data.gorse import CATEGORIES
from tastegraph.serving.answers import ListItem
from tastegraph.serving.api.access import READ, check_scope
from tastegraph.serving.api.errors import RefusedError
from tastegraph.serving.api.gorse.requests import (
    N,
    Offset,
    event_of,
    seconds_of,
)
from tastegraph.serving.api.gorse.shapes import GorseFeedback, ScoredId
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.request_view import UserOrSession
from tastegraph.serving.policies.policy import NO_OPTIONS, PolicyOptions
from tastegraph.serving.related.related_answers import RelatedItems
from tastegraph.serving.related.similar import GENERAL_LISTS, RelatedLists
from tastegraph.serving.stored import StoredRecords

Categories = Annotated[list[str], Query(alias="category", max_length=20)]
WriteBackType = Annotated[str, Query(alias="write-back-type", max_length=100)]
WriteBackDelay = Annotated[str, Query(alias="write-back-delay", max_length=100)]
ApiVersion = Annotated[str, Header(alias="X-API-Version")]
IdsOrScores = list[str] | list[ScoredId]


def list_routes(engine: Engine) -> APIRouter:
    """The routes that return items or users in an order, best first."""
    router, records = APIRouter(route_class=StrictRoute), StoredRecords(engine)
    related = RelatedLists(engine)

    def items_in(user: UserOrSession, size: int, categories: Sequence[str]) -> tuple[ListItem, ...]:
        """The best items in all of some categories.

        A filter takes these before the cut. It has no letter case, as categories have; and without
        a column of them, or in a snapshot without columns, longer lists are looked through.
        """
        ids, longer = records.in_categories(categories), size
        policy = PolicyOptions(
            filter=" and ".join(
                f"{CATEGORIES} = {json.dumps(name, ensure_ascii=False)}" for name in categories
            )
        )
        while True:
            try:
                items = engine.recommend(user, longer, reasons=0, policy=policy).items
            except (FilterError, SnapshotError):
                policy = NO_OPTIONS
                continue
            matches = tuple(item for item in items if item.item_id in ids)
            if len(matches) >= size or len(items) < longer:
                return matches[:size]
            longer *= 8

    def listed(
        user: UserOrSession, n: int, offset: int, categories: Sequence[str]
    ) -> list[ScoredId]:
        size = n + offset
        if not categories:
            items = engine.recommend(user, size, reasons=0).items
        else:
            items = items_in(user, size, categories)
        return [ScoredId(id=item.item_id, score=item.score) for item in items[offset:]]

    async def write_back(user_id: str, items: Sequence[ScoredId], kind: str) -> None:
        feedback = [
            GorseFeedback(feedback_type=kind, user_id=user_id, item_id=item.id) for item in items
        ]
        events = [event_of(row, number, engine) for number, row in enumerate(feedback, start=1)]
        await asyncio.wrap_future(engine.record_soon(events))

    @router.get("/recommend/{user_id}", openapi_extra=READ)
    @router.get("/recommend/{user_id}/", openapi_extra=READ)
    async def recommend(
        request: Request,
        user_id: str,
        n: N = 10,
        offset: Offset = 0,
        categories: Categories = [],  # noqa: B006
        write_back_type: WriteBackType = "",
        write_back_delay: WriteBackDelay = "0",
        version: ApiVersion = "",
    ) -> IdsOrScores:
        """Recommend items to a user: ids, or with ``X-API-Version: 2`` ids and scores."""
        if write_back_type:
            check_scope(request.scope, "write")
        if write_back_type and seconds_of(write_back_delay):
            raise RefusedError(400, Message("gorse.no_delay"))
        items = listed(user_id, n, offset, [name for name in categories if name])
        if write_back_type:
            await write_back(user_id, items, write_back_type)
        return items if version == "2" else [item.id for item in items]

    @router.get("/recommend/{user_id}/{category}", openapi_extra=READ)
    async def recommend_in_category(
        request: Request,
        user_id: str,
        category: str,
        n: N = 10,
        offset: Offset = 0,
        write_back_type: WriteBackType = "",
        write_back_delay: WriteBackDelay = "0",
        version: ApiVersion = "",
    ) -> IdsOrScores:
        """Recommend items of one category."""
        return await recommend(
            request, user_id, n, offset, [category], write_back_type, write_back_delay, version
        )

    @router.post("/session/recommend", openapi_extra=READ)
    @router.post("/session/recommend/", openapi_extra=READ)
    async def session_recommend(
        feedback: list[GorseFeedback], n: N = 10, offset: Offset = 0
    ) -> list[ScoredId]:
        """Recommend items to a session, by its feedback."""
        return listed(_session(feedback, engine), n, offset, [])

    @router.post("/session/recommend/{category}", openapi_extra=READ)
    async def session_recommend_in_category(
        category: str, feedback: list[GorseFeedback], n: N = 10, offset: Offset = 0
    ) -> list[ScoredId]:
        """Recommend items of one category to a session."""
        return listed(_session(feedback, engine), n, offset, [category])

    def scored(items: RelatedItems, offset: int) -> list[ScoredId]:
        return [ScoredId(id=item.item_id, score=item.score) for item in items.items[offset:]]

    def in_categories(categories: Sequence[str]) -> set[str] | None:
        """The items that a list may have; ``None`` for all."""
        names = [name for name in categories if name]
        return records.in_categories(names) if names else None

    @router.get("/item/{item_id}/neighbors", openapi_extra=READ)
    @router.get("/item/{item_id}/neighbors/", openapi_extra=READ)
    @router.get("/item/{item_id}/neighbors/{category}", openapi_extra=READ)
    def item_neighbors(
        item_id: str,
        n: N = 10,
        offset: Offset = 0,
        category: str = "",
        categories: Categories = [],  # noqa: B006
    ) -> list[ScoredId]:
        """Return the items most like one."""
        ids = in_categories([category, *categories])
        return scored(related.similar_items(item_id, n + offset, reasons=0, item_ids=ids), offset)

    @router.get("/item-to-item/{name}/{item_id}", openapi_extra=READ)
    def item_to_item(
        name: str,
        item_id: str,
        n: N = 10,
        offset: Offset = 0,
        categories: Categories = [],  # noqa: B006
    ) -> list[ScoredId]:
        """Return the items most like one; there is one such list, whatever its name."""
        return item_neighbors(item_id, n, offset, "", categories)

    @router.get("/user/{user_id}/neighbors", openapi_extra=READ)
    @router.get("/user/{user_id}/neighbors/", openapi_extra=READ)
    @router.get("/user-to-user/{name}/{user_id}", openapi_extra=READ)
    def user_neighbors(user_id: str, n: N = 10, offset: Offset = 0) -> list[ScoredId]:
        """Return the users who like most of what a user likes."""
        users = related.similar_users(user_id, n + offset).users[offset:]
        return [ScoredId(id=user.user_id, score=user.similarity) for user in users]

    @router.get("/popular", openapi_extra=READ)
    @router.get("/popular/{category}", openapi_extra=READ)
    @router.get("/latest", openapi_extra=READ)
    @router.get("/latest/{category}", openapi_extra=READ)
    @router.get("/non-personalized/{name}", openapi_extra=READ)
    def general_list(
        request: Request,
        n: N = 10,
        offset: Offset = 0,
        category: str = "",
        categories: Categories = [],  # noqa: B006
        user_id: Annotated[str, Query(alias="user-id")] = "",
    ) -> list[ScoredId]:
        """Return a list that is the same for everybody, without what ``user-id`` has seen."""
        route: str = request.scope["route"].path
        name: Any = request.path_params.get("name") or route.split("/")[1]
        if name not in GENERAL_LISTS:
            raise RefusedError(404, Message("gorse.list", name=name, choices=GENERAL_LISTS))
        ids = in_categories([category, *categories])
        seen = [group.item_id for group in records.groups(user_id=user_id)] if user_id else []
        items = related.general(name, n + offset, item_ids=ids, without=seen)
        return scored(items, offset)

    @router.get("/collaborative-filtering/{user_id}", openapi_extra=READ)
    @router.get("/collaborative-filtering/{user_id}/{category}", openapi_extra=READ)
    @router.get("/intermediate/recommend/{user_id}", openapi_extra=READ)
    @router.get("/intermediate/recommend/{user_id}/{category}", openapi_extra=READ)
    def recommend_with_scores(
        user_id: str, n: N = 10, offset: Offset = 0, category: str = ""
    ) -> list[ScoredId]:
        """Recommend items to a user, with scores: there is one model, which blends all it has."""
        return listed(user_id, n, offset, [category] if category else [])

    return router


def _session(feedback: Sequence[GorseFeedback], engine: Engine) -> list[Event]:
    """The events of a session, oldest first; who sent them does not matter."""
    rows = [row.model_copy(update={"user_id": "session"}) for row in feedback]
    events = [event_of(row, number, engine) for number, row in enumerate(rows, start=1)]
    return sorted(events, key=lambda event: event.timestamp or 0.0)
