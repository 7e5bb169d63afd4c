"""Routes that put many items or users at once, from a line of JSON for each."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Any

import polars as pl
from fastapi import APIRouter, Request
from pydantic import Field

from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import User
from tastegraph.data.items import read_item_frame
from tastegraph.serving.api.access import WRITE
from tastegraph.serving.api.errors import PROBLEMS, REQUEST_ROWS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.items import NewItem
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.ndjson import BulkReceipt, body_of, records_of
from tastegraph.serving.api.requests import CheckedId
from tastegraph.serving.api.users import NewUser
from tastegraph.serving.engine import Engine
from tastegraph.serving.stored import StoredRecords


class BulkItem(NewItem):
    """An item on a line of its own."""

    item_id: CheckedId


class BulkUser(NewUser):
    """A user on a line of its own."""

    user_id: CheckedId


class ItemsReceipt(BulkReceipt):
    """The outcome of many items."""

    facts: int = Field(description="number of facts that their columns state")
    notes: tuple[str, ...] = Field(
        default=(), description="what was noticed in its cells, and what to do about it"
    )


def bulk_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to many records at once; to be included before routes whose ids end a path."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )
    records = StoredRecords(engine)

    @router.post("/items:bulk", openapi_extra={**WRITE, **body_of(BulkItem)})
    async def put_items(request: Request, language: AnswerLanguage) -> ItemsReceipt:
        """Add or replace items, a line of JSON for each: the valid ones together."""
        report = ImportReport()

        def read(values: Any, index: int) -> pl.DataFrame:
            new = BulkItem.model_validate(values)
            frame = new.frame(new.item_id)
            return read_item_frame(frame, REQUEST_ROWS, engine.config, report)

        frames, rejected = await records_of(request, read, language)
        facts = 0
        if frames:
            store = partial(records.put_items, frames, report)
            facts = (await asyncio.get_running_loop().run_in_executor(writer, store)).facts
        return ItemsReceipt(
            accepted=len(frames),
            rejected=rejected,
            facts=facts,
            notes=tuple(str(finding) for finding in report.findings),
        )

    @router.post("/users:bulk", openapi_extra={**WRITE, **body_of(BulkUser)})
    async def put_users(request: Request, language: AnswerLanguage) -> BulkReceipt:
        """Add or replace users, a line of JSON for each: the valid ones together; events stay."""

        def read(values: Any, index: int) -> User:
            new = BulkUser.model_validate(values)
            return User(new.user_id, new.attributes, new.comment)

        users, rejected = await records_of(request, read, language)
        await asyncio.wrap_future(records.put_users(users))
        return BulkReceipt(accepted=len(users), rejected=rejected)

    return router
