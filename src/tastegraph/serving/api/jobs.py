"""Routes to what the service does in the background: jobs that wait, run or have ended."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from tastegraph.serving.api.access import ADMIN, READ, may_administer
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE
from tastegraph.serving.engine import Engine
from tastegraph.store import jobs
from tastegraph.store.jobs import MAX_JOBS, Job, JobCause, JobKind, JobState

JobId = Annotated[int, InPath(ge=1, le=2**53, description="the number of a job")]

ADMIN_ALONE = "null without a key of scope admin, since it may name files"


class NewJob(BaseModel):
    """A job to be run as soon as no other one of the service runs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: JobKind = Field(
        description="retrain: learn from newer events; refresh: make graph and texts anew"
    )


class JobRecord(BaseModel):
    """One job of the service."""

    job_id: int
    kind: JobKind
    cause: JobCause = Field(
        description="what it was started for: a request, new knowledge or events, or drift"
    )
    state: JobState = Field(description="stopped: the service ended before it")
    created: float = Field(description="seconds since 1970-01-01 UTC")
    started: float | None
    ended: float | None
    progress: str | None = Field(description="the newest line that it wrote; " + ADMIN_ALONE)
    error: str | None = Field(description="why it failed; empty where it did not; " + ADMIN_ALONE)
    snapshot: str | None = Field(description="in service when it ended")


class JobList(BaseModel):
    """The newest jobs, the newest first."""

    jobs: list[JobRecord]


def job_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the jobs of one engine's workspace, whichever process runs them."""
    router = APIRouter(
        prefix="/v1/jobs", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("", openapi_extra=READ)
    def all_jobs(request: Request, n: Annotated[int, Query(ge=1, le=MAX_JOBS)] = 100) -> JobList:
        """Return what the service did, does and will do in the background."""
        with engine.database.reading() as connection:
            newest = jobs.newest(connection, n)
        in_full = may_administer(request.scope)
        return JobList(jobs=[_record(job, in_full) for job in newest])

    @router.get("/{job_id}", openapi_extra=READ)
    def one_job(request: Request, job_id: JobId) -> JobRecord:
        """Return one job: its state, its progress, and why it failed."""
        with engine.database.reading() as connection:
            job = jobs.get(connection, job_id)
        return _record(job, may_administer(request.scope))

    @router.post("", openapi_extra=ADMIN)
    async def add_job(new: NewJob) -> JobRecord:
        """Let a job be run; one of its kind that waits already is the answer."""

        def store() -> Job:
            with engine.database.writing() as connection:
                return jobs.get(connection, jobs.request(connection, new.kind))

        job = await asyncio.get_running_loop().run_in_executor(writer, store)
        return _record(job, in_full=True)

    return router


def _record(job: Job, in_full: bool) -> JobRecord:
    lines = {} if in_full else {"progress": None, "error": None}
    return JobRecord(**{**job._asdict(), **lines})
