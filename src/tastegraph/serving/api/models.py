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
from tastegraph.serving.api.access import ADMIN, READ
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.engine import Engine
from tastegraph.serving.snapshot.in_service import ModelVersion, model_versions
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot

VersionName = Annotated[str, InPath(pattern=r"^\d{6,}$")]


class ModelVersions(BaseModel):
    """Every stored version, newest first."""

    models: list[ModelVersion]


class ActiveVersion(BaseModel):
    """The version in service from now on."""

    version: str
    model: str
    graph: str


def model_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the snapshots of one engine; changes wait for their turn in ``writer``."""
    router = APIRouter(
        prefix="/v1/models", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    async def run_change(change: Callable[[], ServingSnapshot]) -> ActiveVersion:
        snapshot = await asyncio.get_running_loop().run_in_executor(writer, change)
        return ActiveVersion(
            version=snapshot.version, model=snapshot.model_version, graph=snapshot.graph_version
        )

    @router.get("", openapi_extra=READ)
    def models(language: AnswerLanguage) -> ModelVersions:
        """Return every stored version, newest first."""
        return ModelVersions(models=model_versions(engine.snapshots, language))

    @router.post("/{version}:promote", openapi_extra=ADMIN)
    async def promote(version: VersionName) -> ActiveVersion:
        """Put a version into service; the answer comes when it is in service."""

        def change() -> ServingSnapshot:
            if version not in engine.snapshots.versions():
                raise NotFoundError(Message("missing.model", version=version))
            return engine.promote(version)

        return await run_change(change)

    @router.post("/{version}:rollback", openapi_extra=ADMIN)
    async def rollback(version: VersionName) -> ActiveVersion:
        """Take a version out of service: the version before it is in service again."""

        def change() -> ServingSnapshot:
            if engine.snapshots.current() != version:
                raise DecisionError(Message("decision.not_in_service", version=version))
            return engine.roll_back()

        return await run_change(change)

    return router
