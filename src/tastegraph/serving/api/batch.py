"""Route to lists of many users, which are sent a line each as they are computed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, RootModel

from tastegraph.core.languages import Language
from tastegraph.core.records import SESSION
from tastegraph.serving.api.access import READ
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.ndjson import NdjsonResponse
from tastegraph.serving.api.policies import PolicyFields
from tastegraph.serving.api.requests import MAX_LIST, Id, LanguageRequest
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.batch import (
    BatchList,
    BatchLists,
    BatchRun,
    SkippedUser,
    SkipReason,
    skipped_user,
)
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.serving.lists.listing import DEFAULT_REASONS
from tastegraph.serving.stored import StoredRecords

MAX_USERS = 10_000
"""Users that one request names."""
USERS_AT_ONCE = 32
"""Users whose lists are computed before they are sent."""


class BatchRequest(LanguageRequest, PolicyFields):
    """A request of lists for many users."""

    users: Annotated[list[Id], Field(max_length=MAX_USERS)] | None = Field(
        default=None, description="ids; null for all users, in the order of their ids"
    )
    n: int | None = Field(
        default=None,
        ge=1,
        le=MAX_LIST,
        description="number of items; by default what the surface says, or 10",
    )
    exclude: Literal["seen", "none"] = "seen"
    explain: Literal["none", "reasons"] = "none"
    explore: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the places given to items that the model is unsure of; by default "
        "the configured one",
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="of the exploration")


class BatchEnd(BaseModel):
    """The last line: without it, the answer is not whole."""

    model_config = ConfigDict(frozen=True)

    lists: int = Field(description="how many users have one")
    skipped: dict[SkipReason, int] = Field(description="reason → users without a list")
    snapshot: str = Field(description="version that all lists are from")
    model: str
    graph: str


class BatchLine(RootModel[BatchList | SkippedUser | BatchEnd]):
    """A line of the answer: the list of a user, why there is none, or the end."""


def batch_routes(engine: Engine) -> APIRouter:
    """The API to lists of many users; those of one page are computed after those of another."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )
    turn = asyncio.Semaphore(1)

    @router.post(
        "/recommendations:batch",
        openapi_extra=READ,
        response_class=NdjsonResponse,
        responses={200: {"model": BatchLine}},
    )
    async def batch(body: BatchRequest, language: AnswerLanguage) -> NdjsonResponse:
        """Recommend items to many users or to all, a line of JSON for each; nothing is stored."""
        options = ListOptions(body.exclude == "seen", body.explore, body.seed, policy=body.policy())
        lists = BatchLists(engine)
        reasons = DEFAULT_REASONS if body.explain == "reasons" else 0
        run = await run_in_threadpool(lists.begin, body.n, options, reasons, language)
        users = _all_users(engine) if body.users is None else _pages(body.users)
        return NdjsonResponse(_lines(lists, run, users, turn, language))

    return router


async def _lines(
    lists: BatchLists,
    run: BatchRun,
    pages: Iterator[list[str]],
    turn: asyncio.Semaphore,
    language: Language,
) -> AsyncIterator[str]:
    earlier: set[str] = set()
    counts: Counter[SkipReason] = Counter()
    n_lists = 0
    while page := await run_in_threadpool(next, pages, None):
        # Not while lines are sent, or a client that reads none would hold up all others.
        async with turn:
            answers = await run_in_threadpool(_answers, lists, run, page, earlier, language)
        for answer in answers:
            if isinstance(answer, SkippedUser):
                counts[answer.skipped] += 1
            else:
                n_lists += 1
            yield answer.model_dump_json() + "\n"
    end = BatchEnd(
        lists=n_lists, skipped=dict(counts), snapshot=run.snapshot, model=run.model, graph=run.graph
    )
    yield end.model_dump_json() + "\n"


def _answers(
    lists: BatchLists, run: BatchRun, page: list[str], earlier: set[str], language: Language
) -> list[BatchList | SkippedUser]:
    """The lines of one page of users, in their order."""
    reasons: dict[int, SkipReason] = {}
    for place, name in enumerate(page):
        if name in earlier:
            reasons[place] = "repeated"
        elif name.startswith(SESSION):
            reasons[place] = "session"
        earlier.add(name)
    answers = iter(lists.lists(run, [n for place, n in enumerate(page) if place not in reasons]))
    return [
        skipped_user(name, reasons[place], language) if place in reasons else next(answers)
        for place, name in enumerate(page)
    ]


def _pages(users: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(users), USERS_AT_ONCE):
        yield users[start : start + USERS_AT_ONCE]


def _all_users(engine: Engine) -> Iterator[list[str]]:
    """Pages of all users; between two of them no connection is held."""
    records, after = StoredRecords(engine), ""
    while page := [user.user_id for user in records.users_after(after, USERS_AT_ONCE)]:
        yield page
        after = page[-1]
