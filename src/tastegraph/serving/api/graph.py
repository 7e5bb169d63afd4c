"""Routes that look up the graph in service: what is called so, and what is tied to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tastegraph.serving.api.access import READ
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.engine import Engine
from tastegraph.serving.graph_paths import MAX_PATHS, MAX_STEPS, GraphPaths, ShortestPaths
from tastegraph.serving.lookup import EntityMatch, GraphLookup, Neighbours

MAX_ENTRIES = 1000
"""Entries of one answer."""
PATH_END = "an entity's id in the facts, or item:ID of an item"
N = Annotated[int, Query(ge=1, le=MAX_ENTRIES)]


class EntityList(BaseModel):
    """What is called so: whole names first, then by the number of items."""

    entities: tuple[EntityMatch, ...]


def graph_routes(engine: Engine) -> APIRouter:
    """The API to the graph that one engine has in service."""
    router = APIRouter(
        prefix="/v1/kg", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )
    lookup, walks = GraphLookup(engine), GraphPaths(engine)

    @router.get("/entities", openapi_extra=READ)
    def entities(
        name: Annotated[str, Query(min_length=1, max_length=1000)],
        language: AnswerLanguage,
        n: N = 10,
    ) -> EntityList:
        """Find entities, values and items of the graph by name, or by a part of it."""
        return EntityList(entities=lookup.search(name, n, language=language))

    @router.get("/neighbors", openapi_extra=READ)
    def neighbours(
        node: Annotated[
            str,
            Query(
                alias="id",
                min_length=1,
                max_length=5000,
                description="an entity's id in the facts, item:ID of an item, or a value",
            ),
        ],
        language: AnswerLanguage,
        n: N = 20,
    ) -> Neighbours:
        """Return what is tied to an item, an entity or a value."""
        return lookup.neighbours(node, n, language=language)

    @router.get("/paths", openapi_extra=READ)
    def paths(
        start: Annotated[
            str, Query(alias="from", min_length=1, max_length=5000, description=PATH_END)
        ],
        end: Annotated[str, Query(alias="to", min_length=1, max_length=5000, description=PATH_END)],
        language: AnswerLanguage,
        max_steps: Annotated[
            int, Query(ge=1, le=MAX_STEPS, description="facts of a path, at most")
        ] = 4,
        n: Annotated[int, Query(ge=1, le=MAX_PATHS)] = 10,
    ) -> ShortestPaths:
        """Return the shortest paths between two nodes of the graph in service.

        Edges are the facts of items; those between two entities are in the store alone.
        """
        return walks.between(start, end, max_steps, n, language)

    return router
