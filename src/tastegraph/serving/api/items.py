"""Routes to items: what an item is tied to, and how items come and go while the service runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tastegraph.core.records import Item, Records
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.explain.worded import InterestEdge
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import Id
from tastegraph.serving.engine import Engine
from tastegraph.store.erasure import ErasureReceipt
from tastegraph.store.ingestion import ingest

MAX_TITLE_LENGTH, MAX_TEXT_LENGTH, MAX_ATTRIBUTES = 1_000, 100_000, 100

AttributeValue = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE_LENGTH)]
AttributeValues = Annotated[tuple[AttributeValue, ...], Field(max_length=MAX_ATTRIBUTES)]


class ItemContent(BaseModel):
    """An item and its content graph, strongest ties first."""

    item_id: str
    title: str
    content: list[InterestEdge]


class NewItem(BaseModel):
    """The new content of an item."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, StringConstraints(max_length=MAX_TITLE_LENGTH)]
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH)] = ""
    attributes: dict[AttributeValue, AttributeValues] = Field(
        default={}, max_length=MAX_ATTRIBUTES, description="column → values"
    )


class StoredItem(BaseModel):
    """A stored item."""

    item_id: str
    facts: int = Field(description="number of facts that its columns state")


def item_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the catalogue of one engine.

    A new or erased item is in the next snapshot, which a running service makes at once.
    """
    router = APIRouter(
        prefix="/v1/items", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("/{item_id:path}")
    async def content(item_id: str, language: AnswerLanguage) -> ItemContent:
        """Return an item's title and its content graph, strongest edges first."""
        title, ties = engine.content(item_id, language=language)
        return ItemContent(item_id=item_id, title=title, content=ties)

    @router.put("/{item_id:path}")
    async def put(item_id: Id, new: NewItem) -> StoredItem:
        """Add an item, or replace the item of this id and the facts of its columns."""
        item = Item(item_id, new.title, new.text, dict(new.attributes))

        def store() -> int:
            columns = ColumnFacts(engine.config.items.facts)
            with engine.database.writing() as connection:
                records = Records(items=[item])
                return ingest(connection, records, columns).facts

        facts = await asyncio.get_running_loop().run_in_executor(writer, store)
        return StoredItem(item_id=item_id, facts=facts)

    @router.delete("/{item_id:path}")
    def erase(item_id: Id) -> ErasureReceipt:
        """Delete an item and all its data; no list has it from now on."""
        return engine.erase.item(item_id)

    return router
