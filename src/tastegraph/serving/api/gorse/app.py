"""Gorse's routes as an application of their own, whose errors are plain text, as Gorse's are."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from tastegraph.serving.api.access import PUBLIC
from tastegraph.serving.api.errors import HANDLERS
from tastegraph.serving.api.gorse.catalogue import item_routes, user_routes
from tastegraph.serving.api.gorse.feedback import feedback_routes
from tastegraph.serving.api.gorse.lists import list_routes
from tastegraph.serving.api.gorse.shapes import GorseHealth
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.engine import Engine

ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]


def gorse_app(engine: Engine, writer: Executor) -> FastAPI:
    """The routes over one engine, to be mounted at ``/api``; changes of items wait for ``writer``.

    They are described by Gorse, and in ``docs/gorse.md``, not in ``/openapi.json``.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(health_routes(engine))
    app.include_router(list_routes(engine))
    app.include_router(feedback_routes(engine))
    app.include_router(user_routes(engine))
    app.include_router(item_routes(engine, writer))
    for kind, handle in HANDLERS.items():
        app.add_exception_handler(kind, _in_plain_text(handle))
    return app


def health_routes(engine: Engine) -> APIRouter:
    """Whether the service answers."""
    router = APIRouter(prefix="/health", route_class=StrictRoute)

    @router.get("/live", openapi_extra=PUBLIC)
    @router.get("/ready", openapi_extra=PUBLIC)
    async def health() -> GorseHealth:
        """Check that the service answers, from the snapshot in service."""
        engine.versions()
        return GorseHealth()

    return router


def _in_plain_text(handle: ErrorHandler) -> ErrorHandler:
    """The same answer as Gorse gives it: its sentence as text, and 400 for what is not valid."""

    async def handle_in_plain_text(request: Request, error: Exception) -> Response:
        problem = await handle(request, error)
        status = 400 if problem.status_code == 422 else problem.status_code
        headers = {
            name: value
            for name, value in problem.headers.items()
            if name not in ("content-length", "content-type")
        }
        text = json.loads(bytes(problem.body))["detail"]
        return PlainTextResponse(text, status, headers)

    return handle_in_plain_text
