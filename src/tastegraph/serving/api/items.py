"""Routes to items: what an item is tied to, and how items come and go while the service runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tastegraph.core.errors import RowError
from tastegraph.core.records import Item, Records
from tastegraph.data.availability import FROM, HIDDEN, UNTIL, availability_from
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.explain.worded import InterestEdge
from tastegraph.serving.api.errors import PROBLEMS, REQUEST_ROWS, refused_field
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
    hidden: bool = Field(default=False, description="whether no list has it")
    available_from: str | float | None = Field(
        default=None,
        description="the time from which lists may have it: seconds since 1970-01-01 UTC, or "
        "ISO 8601",
    )
    available_until: str | float | None = Field(
        default=None, description="the time from which no list has it any more"
    )

    def all_attributes(self) -> dict[str, tuple[str, ...]]:
        """The attributes of the item as files have them, those that say when it may be listed too.

        Raises:
            RowError: a time cannot be accepted.
        """
        times = {FROM: self.available_from, UNTIL: self.available_until}
        named = {HIDDEN: "true" if self.hidden else None, **times}
        attributes = dict(self.attributes)
        attributes |= {name: (str(value),) for name, value in named.items() if value is not None}
        availability_from(attributes, REQUEST_ROWS, 0)
        return attributes


class StoredItem(BaseModel):
    """A stored item."""

    item_id: str
    facts: int = Field(description="number of facts that its columns state")
    unused: tuple[str, ...] = Field(
        default=(), description="attributes that are stored, but that no [items.facts] names"
    )


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
    async def put(item_id: Id, new: NewItem, language: AnswerLanguage) -> StoredItem:
        """Add an item, or replace the item of this id and the facts of its columns."""
        try:
            item = Item(item_id, new.title, new.text, new.all_attributes())
        except RowError as error:
            raise refused_field(error, language) from None
        columns = ColumnFacts(engine.config.items.facts)

        def store() -> int:
            with engine.database.writing() as connection:
                records = Records(items=[item], restore=True)
                return ingest(connection, records, columns).facts

        facts = await asyncio.get_running_loop().run_in_executor(writer, store)
        unused = tuple(name for name in new.attributes if name not in columns.columns)
        return StoredItem(item_id=item_id, facts=facts, unused=unused)

    @router.delete("/{item_id:path}")
    def erase(item_id: Id) -> ErasureReceipt:
        """Delete an item and all its data; no list has it from now on."""
        return engine.erase.item(item_id)

    return router
