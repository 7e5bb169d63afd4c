"""The routes of the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError

from tastegraph import __version__
from tastegraph.core.errors import RowError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.serving.answers import (
    Associated,
    Explanation,
    Interest,
    Profile,
    Recommendations,
)
from tastegraph.serving.api.languages import EVERY_ROUTE, Answer
from tastegraph.serving.api.problems import PROBLEMS, UNAVAILABLE, invalid, wrong_row
from tastegraph.serving.api.requests import AskedWhy, NewEvent, NewEvents, Wanted, Words
from tastegraph.serving.api.strict import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.serving.listing import REASONS
from tastegraph.store.erasure import Receipt
from tastegraph.store.lists import Shown


class Answered(Recommendations):
    """A ranked list, and how long it took."""

    took_ms: float


class Rejected(BaseModel):
    """One row of a batch that was not kept."""

    index: int
    code: str
    message: str


class Kept(BaseModel):
    """What became of a batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class ItemContent(BaseModel):
    """An item and its content graph, strongest ties first."""

    item_id: str
    title: str
    content: list[Interest]


class Health(BaseModel):
    """The service, and what it has in service."""

    status: str = "ok"
    model: str
    graph: str
    version: str = __version__


def routes(engine: Engine) -> APIRouter:
    """The API over one engine.

    Answers are computed one after the other in the event loop: each is a few milliseconds of
    numpy and Python, which threads would only interrupt. Events that wait for the disk go there
    together; a text is read beside the event loop, since a language model takes its time.
    """
    router = APIRouter(route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE)

    @router.post("/v1/recommendations")
    async def recommend(wanted: Wanted, language: Answer) -> Answered:
        """Give a ranked list for a user or a session, each item with its reasons."""
        began = time.perf_counter()
        answer = engine.show(
            wanted.who(engine.event_types),
            wanted.n,
            wanted.asked(),
            reasons=0 if wanted.explain == "none" else REASONS,
            language=language,
        )
        if wanted.explain == "reasons":
            answer = _without_paths(answer)
        took = (time.perf_counter() - began) * 1e3
        return Answered.model_construct(**dict(answer), took_ms=round(took, 3))

    @router.get("/v1/recommendations/{recommendation_id}")
    def kept(recommendation_id: str) -> Shown:
        """Give a list as it was shown, with the chance of each item to stand where it stood."""
        return engine.shown(recommendation_id)

    @router.get("/v1/recommendations/{recommendation_id}/replay")
    def replay(recommendation_id: str, language: Answer) -> Recommendations:
        """Make a list once more, from the snapshot and the events that it was made of."""
        return engine.replay(recommendation_id, language=language)

    @router.post("/v1/events")
    async def record(batch: NewEvents, language: Answer) -> Kept:
        """Keep events; the answer comes when they are on disk and count in the next list."""
        events, rejected = _sorted_out(batch, engine.event_types, language)
        receipt = await asyncio.wrap_future(engine.record_soon(events))
        return Kept(accepted=receipt.accepted, duplicates=receipt.duplicates, rejected=rejected)

    @router.post("/v1/explain")
    async def explain(asked: AskedWhy, language: Answer) -> Explanation:
        """Give every reason for and against one item; the shares sum to its score."""
        who = asked.who(engine.event_types)
        return engine.explain(who, asked.item_id, language=language)

    @router.post("/v1/associations", responses=UNAVAILABLE)
    def associate(words: Words, language: Answer) -> Associated:
        """Give what a text is about: ties that nobody states, and the items nearest to it."""
        return engine.associate(words.text, words.n, language=language)

    @router.get("/v1/users/{user_id:path}/profile")
    async def profile(user_id: str, language: Answer) -> Profile:
        """Give a person's history, newest first, and interests, strongest first."""
        return engine.profile(user_id, language=language)

    @router.delete("/v1/users/{user_id:path}")
    def erase(user_id: str) -> Receipt:
        """Delete all there is of a person; the next model is fitted as if they had never been."""
        return engine.erase.user(user_id)

    @router.get("/v1/items/{item_id:path}")
    async def content(item_id: str, language: Answer) -> ItemContent:
        """Give an item's title and what it is tied to, strongest first."""
        title, ties = engine.content(item_id, language=language)
        return ItemContent(item_id=item_id, title=title, content=ties)

    @router.get("/healthz")
    async def health() -> Health:
        """Say that the service answers, and with what."""
        model, graph = engine.versions()
        return Health(model=model, graph=graph)

    return router


def _without_paths(answer: Recommendations) -> Recommendations:
    items = tuple(
        item.model_copy(
            update={"reasons": tuple(r.model_copy(update={"path": ()}) for r in item.reasons)}
        )
        for item in answer.items
    )
    return answer.model_copy(update={"items": items})


def _sorted_out(
    batch: NewEvents, types: Collection[str], language: Language
) -> tuple[list[Event], list[Rejected]]:
    events: list[Event] = []
    rejected: list[Rejected] = []
    for index, row in enumerate(batch.events):
        try:
            events.append(NewEvent.model_validate(row).record(index, types))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"][:1]) or "event"
            code, fault = invalid(first)
            text = Message("request.at", place=place, fault=fault).text(language)
            rejected.append(Rejected(index=index, code=code, message=text))
        except RowError as error:
            code, message = wrong_row(error)
            rejected.append(Rejected(index=index, code=code, message=message.text(language)))
    return events, rejected
