"""The service: an engine over HTTP, and the page."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from tastegraph import __version__
from tastegraph.core.errors import TastegraphError
from tastegraph.serving.api.description import described
from tastegraph.serving.api.guard import Guard
from tastegraph.serving.api.items import item_routes
from tastegraph.serving.api.knowledge import knowledge_routes
from tastegraph.serving.api.languages import Answer
from tastegraph.serving.api.lists import routes
from tastegraph.serving.api.models import model_routes
from tastegraph.serving.api.problems import add_problems
from tastegraph.serving.engine import Engine
from tastegraph.serving.occasions import occasions
from tastegraph.serving.schedule import Schedule

PAGE = Path(__file__).parents[1] / "page"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def create_app(engine: Engine, schedule: Schedule | None = None) -> FastAPI:
    """The API, its description and the page, over one engine; ``schedule`` runs meanwhile."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        engine.watch()
        if schedule is not None:
            schedule.start()
        yield
        if schedule is not None:
            schedule.close()
        engine.close()

    app = FastAPI(
        lifespan=lifespan,
        title="Tastegraph",
        version=__version__,
        summary="Personal recommendation from a knowledge graph, with its reasons",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    # One thread decides, so that whoever decides waits for their turn and not for a lock.
    writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
    app.include_router(routes(engine))
    app.include_router(item_routes(engine, writer))
    app.include_router(knowledge_routes(engine, writer))
    app.include_router(model_routes(engine, writer))
    app.mount("/page", StaticFiles(directory=PAGE))

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(PAGE / "docs.html")

    @app.get("/openapi.json", include_in_schema=False)
    async def description(language: Answer) -> JSONResponse:
        return JSONResponse(described(app.openapi(), language))

    add_problems(app)
    app.add_middleware(Guard, language=engine.config.serving.language)
    return app


def serve(engine: Engine, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Answer requests until interrupted.

    Raises:
        TastegraphError: ``host`` is not this machine alone.
    """
    if host not in LOOPBACK:
        raise TastegraphError(
            f"{host} can be reached from other machines, and the service has no keys yet: "
            f"serve on {LOOPBACK[0]} and put a proxy that asks who is there before it"
        )
    found = occasions(engine.config, engine.database.path.parent)
    app = create_app(engine, Schedule(engine, found) if found else None)
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app, host=host, port=port, log_level="warning", access_log=False, timeout_keep_alive=75
    )
