"""Routes to the models: which there are, and which is in service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel

from tastegraph.core.errors import DecisionError, NotFoundError
from tastegraph.core.messages import Message
from tastegraph.serving.api.languages import EVERY_ROUTE, Answer
from tastegraph.serving.api.problems import PROBLEMS
from tastegraph.serving.api.strict import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.serving.models import ModelVersion, model_versions
from tastegraph.serving.published import Published

VersionName = Annotated[str, InPath(pattern=r"^\d{6,}$")]


class Models(BaseModel):
    """Every version that is kept, newest first."""

    models: list[ModelVersion]


class InService(BaseModel):
    """What answers from now on."""

    version: str
    model: str
    graph: str


def model_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the snapshots of one engine; changes wait for their turn in ``writer``."""
    router = APIRouter(
        prefix="/v1/models", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    async def changed(change: Callable[[], Published]) -> InService:
        now = await asyncio.get_running_loop().run_in_executor(writer, change)
        return InService(version=now.version, model=now.model_version, graph=now.graph_version)

    @router.get("")
    def models(language: Answer) -> Models:
        """Give every version that is kept, newest first."""
        return Models(models=model_versions(engine.snapshots, language))

    @router.post("/{version}:promote")
    async def promote(version: VersionName) -> InService:
        """Put a version into service; the answer comes when it is what answers."""

        def put() -> Published:
            if version not in engine.snapshots.versions():
                raise NotFoundError(Message("missing.model", version=version))
            return engine.promote(version)

        return await changed(put)

    @router.post("/{version}:rollback")
    async def rollback(version: VersionName) -> InService:
        """Take a version out of service: what was there before it answers again."""

        def back() -> Published:
            if engine.snapshots.current() != version:
                raise DecisionError(Message("decision.not_in_service", version=version))
            return engine.roll_back()

        return await changed(back)

    return router
