"""Gorse's routes to users and items."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import Item
from tastegraph.data.gorse import CATEGORIES
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.errors import RefusedError, invalid_row
from tastegraph.serving.api.gorse.requests import Cursor, N, cursor_of, place_of
from tastegraph.serving.api.gorse.shapes import (
    GorseItem,
    GorseUser,
    ItemPage,
    ItemPatch,
    Success,
    UserPage,
    UserPatch,
)
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.serving.stored import ItemChange, StoredRecords

T = TypeVar("T")
ONE = Success(row_affected=1)
_NAMES = {"item_id": "ItemId", "text": "Comment", "available_from": "Timestamp"}


def item_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The routes to items; changes wait for their turn in ``writer``."""
    router, records = APIRouter(route_class=StrictRoute), StoredRecords(engine)

    async def write(change: Callable[[], object]) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(writer, change)
        except RowError as error:
            column = error.column or ""
            error.column = _NAMES.get(column, f"Labels.{column}")
            fault = invalid_row(error)[1]
            raise RefusedError(400, Message("gorse.row", number=error.line, fault=fault)) from None

    async def put(new: Sequence[GorseItem]) -> Success:
        await write(partial(records.put_items, [row.item() for row in new]))
        return Success(row_affected=len(new))

    async def change(item_id: str, item_change: ItemChange) -> Success:
        await write(partial(records.change_item, item_id, item_change))
        return ONE

    def shaped(items: Sequence[Item]) -> list[GorseItem]:
        hidden = records.withheld([item.item_id for item in items])
        return [GorseItem.of(item, item.item_id in hidden) for item in items]

    @router.post("/item", openapi_extra=WRITE)
    async def insert(item: GorseItem) -> Success:
        """Add an item, or replace the item of this id."""
        return await put([item])

    @router.post("/items", openapi_extra=WRITE)
    async def insert_all(items: list[GorseItem]) -> Success:
        """Add items, or replace those of the same id: all, or on any error none."""
        return await put(items)

    @router.get("/items", openapi_extra=READ)
    def items(
        n: N = 10, cursor: Cursor = "", q: Annotated[str, Query(max_length=1000)] = ""
    ) -> ItemPage:
        """Return a page of the items, or those that have ``q`` in their title or text."""
        if q:
            return ItemPage(cursor="", items=shaped(records.search_items(q, n)))
        (after,) = place_of(cursor, str, 1) or [""]
        page = records.items_after(after, n)
        place = [page[-1].item_id] if len(page) == n else None
        return ItemPage(cursor=cursor_of(place), items=shaped(page))

    @router.get("/item/{item_id}", openapi_extra=READ)
    def item(item_id: str) -> GorseItem:
        """Return one item."""
        return shaped([records.item(item_id)])[0]

    @router.patch("/item/{item_id}", openapi_extra=WRITE)
    async def patch(item_id: str, item: ItemPatch) -> Success:
        """Change an item; what is null or absent stays as it is."""
        return await change(item_id, item.applied_to)

    @router.delete("/item/{item_id}", openapi_extra=WRITE)
    def delete(item_id: str) -> Success:
        """Delete an item and all its data."""
        engine.erase.item(item_id)
        return ONE

    @router.put("/item/{item_id}/category/{category}", openapi_extra=WRITE)
    async def put_category(item_id: str, category: str) -> Success:
        """Add a category to an item."""
        return await change(item_id, partial(_in_category, category=category))

    @router.delete("/item/{item_id}/category/{category}", openapi_extra=WRITE)
    async def delete_category(item_id: str, category: str) -> Success:
        """Take a category from an item."""
        return await change(item_id, partial(_not_in_category, category=category))

    return router


def user_routes(engine: Engine) -> APIRouter:
    """The routes to users."""
    router, records = APIRouter(route_class=StrictRoute), StoredRecords(engine)

    @router.post("/user", openapi_extra=WRITE)
    async def insert(user: GorseUser) -> Success:
        """Add a user, or replace what is known of the user of this id."""
        await asyncio.wrap_future(records.put_users([user.user()]))
        return ONE

    @router.post("/users", openapi_extra=WRITE)
    async def insert_all(users: list[GorseUser]) -> Success:
        """Add users, or replace those of the same id."""
        await asyncio.wrap_future(records.put_users([user.user() for user in users]))
        return Success(row_affected=len(users))

    @router.get("/users", openapi_extra=READ)
    def users(n: N = 10, cursor: Cursor = "") -> UserPage:
        """Return a page of the users."""
        (after,) = place_of(cursor, str, 1) or [""]
        page = records.users_after(after, n)
        place = [page[-1].user_id] if len(page) == n else None
        return UserPage(cursor=cursor_of(place), users=[GorseUser.of(user) for user in page])

    @router.get("/user/{user_id}", openapi_extra=READ)
    def user(user_id: str) -> GorseUser:
        """Return one user."""
        return GorseUser.of(records.user(user_id))

    @router.patch("/user/{user_id}", openapi_extra=WRITE)
    async def patch(user_id: str, change: UserPatch) -> Success:
        """Change a user; what is null or absent stays as it is."""
        stored = records.user(user_id)
        labels = stored.attributes if change.labels is None else change.labels
        comment = stored.comment if change.comment is None else change.comment
        await asyncio.wrap_future(
            records.put_users([replace(stored, attributes=labels, comment=comment)])
        )
        return ONE

    @router.delete("/user/{user_id}", openapi_extra=WRITE)
    def delete(user_id: str) -> Success:
        """Delete all data of a user."""
        engine.erase.user(user_id)
        return ONE

    return router


def _in_category(item: Item, category: str) -> Item:
    categories = item.attributes.get(CATEGORIES, ())
    if category in categories:
        return item
    return replace(item, attributes={**item.attributes, CATEGORIES: (*categories, category)})


def _not_in_category(item: Item, category: str) -> Item:
    rest = tuple(name for name in item.attributes.get(CATEGORIES, ()) if name != category)
    attributes = {**item.attributes, CATEGORIES: rest}
    return replace(item, attributes={name: cell for name, cell in attributes.items() if cell})
