"""Routes by which items come and go while the service runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tastegraph.core.records import Item
from tastegraph.data.items import item_facts
from tastegraph.serving.api.languages import EVERY_ROUTE
from tastegraph.serving.api.problems import PROBLEMS
from tastegraph.serving.api.requests import Id
from tastegraph.serving.api.strict import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.store.erasure import Receipt
from tastegraph.store.ingestion import Records, ingest

LONGEST_TITLE, LONGEST_TEXT, MOST_VALUES = 1_000, 100_000, 100

Value = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TITLE)]


class NewItem(BaseModel):
    """An item as it is to be known from now on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, StringConstraints(max_length=LONGEST_TITLE)]
    text: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = ""
    attributes: dict[Value, Annotated[tuple[Value, ...], Field(max_length=MOST_VALUES)]] = Field(
        default={}, max_length=MOST_VALUES, description="column → values"
    )


class Stored(BaseModel):
    """An item is on disk."""

    item_id: str
    facts: int = Field(description="that its columns state")


def item_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the catalogue of one engine.

    What is written stands in the next snapshot, which a running service makes at once.
    """
    router = APIRouter(
        prefix="/v1/items", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.put("/{item_id:path}")
    async def put(item_id: Id, new: NewItem) -> Stored:
        """Add an item, or replace the one of this id and what its columns stated."""
        item = Item(item_id, new.title, new.text, dict(new.attributes))

        def kept() -> int:
            columns = engine.config.items.facts
            with engine.database.writing() as connection:
                return ingest(
                    connection, Records(items=[item]), lambda one: item_facts(one, columns)
                ).facts

        facts = await asyncio.get_running_loop().run_in_executor(writer, kept)
        return Stored(item_id=item_id, facts=facts)

    @router.delete("/{item_id:path}")
    def erase(item_id: Id) -> Receipt:
        """Delete an item and all that is known of it; no list has it from now on."""
        return engine.erase.item(item_id)

    return router
