"""Route to what filters may name: the attributes of items, and the relations that they have."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tastegraph.filters.columns import ColumnKind
from tastegraph.serving.api.access import READ
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE
from tastegraph.serving.engine import Engine


class FilterField(BaseModel):
    """A name that filters may use."""

    model_config = ConfigDict(frozen=True)

    name: str
    inverse: bool = Field(description="whether it is written after inverse")
    kinds: list[ColumnKind] = Field(description="what its values are: name is text")
    sources: list[Literal["items", "facts"]] = Field(
        description="items where it is an attribute of items, facts where facts state it"
    )
    items: int = Field(description="number of items that have a value")
    unread: int = Field(description="number of values that could not be read, and are missing")
    example: str = Field(description="one of these; empty where there is none")


class FilterFields(BaseModel):
    """The names that filters may use."""

    fields: list[FilterField]


def field_routes(engine: Engine) -> APIRouter:
    """The API to the names that filters may use."""
    router = APIRouter(
        prefix="/v1", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("/fields", openapi_extra=READ)
    def fields() -> FilterFields:
        """Return the attributes and relations that a filter may name."""
        summaries = engine.filter_fields()
        return FilterFields(fields=[FilterField.model_validate(asdict(s)) for s in summaries])

    return router
