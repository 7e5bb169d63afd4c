"""Routes for whoever watches a service: is it alive, is it ready, what has it counted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from tastegraph import __version__
from tastegraph.core.errors import TastegraphError
from tastegraph.core.messages import Message
from tastegraph.serving import metrics
from tastegraph.serving.api.access import PUBLIC, READ
from tastegraph.serving.api.errors import PROBLEMS, RefusedError
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.engine import Engine

MIN_FREE_BYTES = 64 << 20
"""With less left on the disk of the store, a service is not ready."""


class Health(BaseModel):
    """The service, and the versions in service."""

    status: str = "ok"
    model: str
    graph: str
    version: str = __version__


class Readiness(BaseModel):
    """A service that is ready: a snapshot is open, and the store can be written."""

    status: str = "ready"
    model: str
    graph: str


def health_routes(engine: Engine) -> APIRouter:
    """Whether the service answers, and what it has counted."""
    router = APIRouter(route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE)

    @router.get("/healthz", openapi_extra=PUBLIC)
    async def health() -> Health:
        """Check that the service answers, and with which versions."""
        model, graph = engine.versions()
        return Health(model=model, graph=graph)

    @router.get("/readyz", openapi_extra=PUBLIC)
    async def ready(language: AnswerLanguage) -> Readiness:
        """Check that the service can do its work: 503 says why not."""
        try:
            model, graph = engine.versions()
        except TastegraphError as error:
            raise _not_ready([Message("ready.error", error=error.text(language))]) from None
        if reasons := list(_store_faults(engine)):
            raise _not_ready(reasons)
        return Readiness(model=model, graph=graph)

    @router.get("/metrics", openapi_extra=READ, response_class=PlainTextResponse)
    async def prometheus() -> PlainTextResponse:
        """Return what the service has counted, in the text format of Prometheus."""
        return PlainTextResponse(metrics.exposition(), media_type=metrics.MEDIA_TYPE)

    return router


def _store_faults(engine: Engine) -> Iterator[Message]:
    """Why the store cannot be written."""
    file = engine.database.path
    for path in (file, file.parent):
        if not os.access(path, os.W_OK):
            yield Message("ready.read_only", path=path)
    if shutil.disk_usage(file.parent).free < MIN_FREE_BYTES:
        yield Message("ready.disk", path=file.parent, megabytes=MIN_FREE_BYTES >> 20)


def _not_ready(reasons: list[Message]) -> RefusedError:
    message = Message("request.not_ready", reasons=reasons)
    return RefusedError(503, message, {"Retry-After": "5"}, code="not_ready")
