"""Routes to items: what an item is tied to, and how items come and go while the service runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from tastegraph.core.errors import RowError
from tastegraph.core.import_report import ImportReport
from tastegraph.data.availability import FROM, HIDDEN, UNTIL
from tastegraph.data.items import read_item_frame
from tastegraph.serving.answers import ItemContent
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.errors import PROBLEMS, REQUEST_ROWS, refused_field
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import WITHOUT_NUL, CheckedId, Moment, NewId, broken_rule
from tastegraph.serving.engine import Engine
from tastegraph.serving.stored import StoredRecords
from tastegraph.store.erasure import ErasureReceipt

MAX_ENTRIES = 1000
"""Items of one page."""
MAX_TITLE_LENGTH, MAX_TEXT_LENGTH, MAX_ATTRIBUTES = 1_000, 100_000, 100

AttributeName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE_LENGTH)]


def _checked_cell(cell: object) -> object:
    values = cell if isinstance(cell, list) else [cell]
    if len(values) > MAX_ATTRIBUTES or any(
        not isinstance(value, str | int | float) or len(str(value)) > MAX_TEXT_LENGTH
        for value in values
    ):
        raise broken_rule("attribute_cell")
    return cell


_TEXT_SCHEMA: dict[str, Any] = {"pattern": WITHOUT_NUL}
_CELL_SCHEMA: dict[str, Any] = {
    "type": ["string", "number", "boolean"], "maxLength": MAX_TEXT_LENGTH, **_TEXT_SCHEMA
}  # fmt: skip
AttributeCell = Annotated[
    object,
    AfterValidator(_checked_cell),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": _CELL_SCHEMA, "maxItems": MAX_ATTRIBUTES},
                _CELL_SCHEMA,
            ]
        }
    ),
]


class NewItem(BaseModel):
    """The new content of an item; its cells mean what those of a file mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, StringConstraints(max_length=MAX_TITLE_LENGTH)] = Field(
        default="",
        description="an item without one is called by the first words of its text, else by its id",
        json_schema_extra=_TEXT_SCHEMA,
    )
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT_LENGTH)] = Field(
        default="", json_schema_extra=_TEXT_SCHEMA
    )
    attributes: dict[AttributeName, AttributeCell] = Field(
        default={},
        max_length=MAX_ATTRIBUTES,
        description="column → values, or one cell, as a file has it: with the separators of "
        "[items.facts]",
    )
    hidden: bool = Field(default=False, description="whether no list has it")
    available_from: Moment = Field(
        default=None,
        description="the time from which lists may have it: seconds since 1970-01-01 UTC, or "
        "ISO 8601",
    )
    available_until: Moment = Field(
        default=None, description="the time from which no list has it any more"
    )

    def frame(self, item_id: str) -> pl.DataFrame:
        """One row with the cells of a file."""
        cells: dict[str, object] = dict(self.attributes)
        times = {FROM: self.available_from, UNTIL: self.available_until}
        cells |= {name: time for name, time in times.items() if time is not None}
        cells |= {HIDDEN: True} if self.hidden else {}
        cells |= {"item_id": item_id, "title": self.title, "text": self.text}
        return pl.DataFrame({name: [cell] for name, cell in cells.items()}, strict=False)


class StoredItem(BaseModel):
    """A stored item."""

    item_id: str
    facts: int = Field(description="number of facts that its columns state")
    unused: tuple[str, ...] = Field(
        default=(), description="attributes that are stored, but that no [items.facts] names"
    )
    notes: tuple[str, ...] = Field(
        default=(), description="what was noticed in its cells, and what to do about it"
    )


class CatalogueItem(BaseModel):
    """An item of the catalogue, as stored."""

    item_id: str
    title: str
    text: str
    attributes: dict[str, tuple[str, ...]]


class ItemList(BaseModel):
    """A page of the catalogue, in the order of the ids; or what was found, the best first."""

    items: list[CatalogueItem]
    after: str | None = Field(description="give it for the next page; null on the last one")


def item_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the catalogue of one engine.

    A new or erased item is in the next snapshot, which a running service makes at once.
    """
    records = StoredRecords(engine)
    router = APIRouter(
        prefix="/v1/items", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("", openapi_extra=READ)
    def items(
        n: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100,
        after: Annotated[str, Query(max_length=1000)] = "",
        q: Annotated[
            str, Query(max_length=1000, description="only items with it in title or text")
        ] = "",
    ) -> ItemList:
        """Return a page of the catalogue, or the items that have some words, the best first."""
        page = records.search_items(q, n) if q else records.items_after(after, n)
        is_last = bool(q) or len(page) < n
        return ItemList(
            items=[
                CatalogueItem(
                    item_id=item.item_id, title=item.title, text=item.text,
                    attributes=dict(item.attributes),
                )
                for item in page
            ],
            after=None if is_last else page[-1].item_id,
        )  # fmt: skip

    @router.get("/{item_id:path}", openapi_extra=READ)
    async def content(item_id: str, language: AnswerLanguage) -> ItemContent:
        """Return an item's title and its content graph, strongest edges first."""
        return engine.content(item_id, language=language)

    @router.put("/{item_id:path}", openapi_extra=WRITE)
    async def put(item_id: NewId, new: NewItem, language: AnswerLanguage) -> StoredItem:
        """Add an item, or replace the item of this id and the facts of its columns."""
        config = engine.config
        report = ImportReport()
        try:
            frame = read_item_frame(new.frame(item_id), REQUEST_ROWS, config, report)
        except RowError as error:
            if error.column in new.attributes:
                error.column = f"attributes/{error.column}"
            raise refused_field(error, language) from None

        store = partial(records.put_items, [frame], report)
        summary = await asyncio.get_running_loop().run_in_executor(writer, store)
        return StoredItem(
            item_id=item_id,
            facts=summary.facts,
            unused=tuple(name for name in new.attributes if name not in config.items.facts),
            notes=tuple(str(finding) for finding in report.findings),
        )

    @router.delete("/{item_id:path}", openapi_extra=WRITE)
    def erase(item_id: CheckedId) -> ErasureReceipt:
        """Delete an item and all its data; no list has it from now on."""
        return engine.erase.item(item_id)

    return router
