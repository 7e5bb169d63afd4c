"""The service: an engine over HTTP, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from tastegraph import __version__
from tastegraph.serving.api.access import Access
from tastegraph.serving.api.batch import batch_routes
from tastegraph.serving.api.bulk import bulk_routes
from tastegraph.serving.api.document import openapi_document, operation_id
from tastegraph.serving.api.errors import add_error_handlers
from tastegraph.serving.api.events import event_routes
from tastegraph.serving.api.experiments import experiment_routes
from tastegraph.serving.api.facts import fact_routes
from tastegraph.serving.api.fields import field_routes
from tastegraph.serving.api.gorse.app import gorse_app
from tastegraph.serving.api.graph import graph_routes
from tastegraph.serving.api.guards import Guard
from tastegraph.serving.api.health import health_routes
from tastegraph.serving.api.hosts import AllowedHosts
from tastegraph.serving.api.imports import import_routes
from tastegraph.serving.api.interests import interest_routes
from tastegraph.serving.api.items import item_routes
from tastegraph.serving.api.jobs import job_routes
from tastegraph.serving.api.kg import kg_routes
from tastegraph.serving.api.languages import AnswerLanguage
from tastegraph.serving.api.limits import Load
from tastegraph.serving.api.models import model_routes
from tastegraph.serving.api.recommendations import recommendation_routes
from tastegraph.serving.api.related import related_routes
from tastegraph.serving.api.users import user_routes
from tastegraph.serving.engine import Engine
from tastegraph.serving.process.background import BackgroundWork

PAGE = Path(__file__).parents[1] / "page"


def create_app(
    engine: Engine,
    scheduler: BackgroundWork | None = None,
    host_names: Sequence[str] = (),
    load: Load | None = None,
) -> FastAPI:
    """The API, its description and the page, over one engine; ``scheduler`` runs meanwhile.

    It answers to the names of this machine, to those of ``[serving] hosts`` and ``host_names``.
    ``load`` says how many requests wait.

    Answers are computed one after the other in the event loop: each is a few milliseconds of
    numpy and Python, which threads would only interrupt. Events that wait for the disk go there
    together; a text is read beside the event loop, since a language model takes its time.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        engine.watch()
        if scheduler is not None:
            scheduler.start()
        yield
        if scheduler is not None:
            scheduler.close()
        engine.close()

    app = FastAPI(
        lifespan=lifespan,
        title="Tastegraph",
        version=__version__,
        summary="Personal recommendation from a knowledge graph, with its reasons",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    # One thread writes decisions, so that a second one waits for its turn and not for a lock.
    writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
    app.include_router(recommendation_routes(engine))
    app.include_router(batch_routes(engine))
    app.include_router(bulk_routes(engine, writer))
    app.include_router(field_routes(engine))
    app.include_router(event_routes(engine))
    app.include_router(interest_routes(engine))
    app.include_router(related_routes(engine))
    app.include_router(graph_routes(engine))
    app.include_router(user_routes(engine))
    app.include_router(item_routes(engine, writer))
    app.include_router(health_routes(engine))
    app.include_router(kg_routes(engine, writer))
    app.include_router(fact_routes(engine, writer))
    app.include_router(import_routes(engine, writer))
    app.include_router(model_routes(engine, writer))
    app.include_router(job_routes(engine, writer))
    app.include_router(experiment_routes(engine))
    app.mount("/api", gorse_app(engine, writer))
    app.mount("/page", StaticFiles(directory=PAGE))

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(PAGE / "docs.html")

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(language: AnswerLanguage) -> JSONResponse:
        return JSONResponse(openapi_document(app, language))

    add_error_handlers(app)
    serving = engine.config.serving
    hosts = AllowedHosts([*serving.hosts, *host_names])
    access = Access(engine.database.path.parent)
    app.add_middleware(Guard, config=serving, hosts=hosts, access=access, load=load or Load())
    return app
