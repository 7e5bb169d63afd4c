"""What a service does in the background: jobs that wait, run or have ended, the newest thousand.

They are rows, so that every process of a service says the same of them.
"""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message
from tastegraph.store.schema import jobs

MAX_JOBS = 1000
"""Jobs that are remembered."""
JobKind = Literal["retrain", "refresh"]
JobCause = Literal["request", "knowledge", "events", "drift"]
JobState = Literal["queued", "running", "done", "failed", "stopped"]


class Job(NamedTuple):
    """One job.

    Attributes:
        job_id: its number.
        kind: ``retrain`` learns from newer events, ``refresh`` makes graph and texts anew.
        cause: what it was started for.
        state: ``stopped`` where the service ended before it.
        created, started, ended: seconds since 1970-01-01 UTC; ``None`` where it has not yet.
        progress: the newest line that it wrote; empty before the first.
        error: why it failed; empty where it did not.
        snapshot: in service when it ended.
    """

    job_id: int
    kind: JobKind
    cause: JobCause
    state: JobState
    created: float
    started: float | None
    ended: float | None
    progress: str
    error: str
    snapshot: str | None


def request(connection: Connection, kind: JobKind) -> int:
    """Let a job wait to be run; one of this kind that waits already is the same. Returns its id."""
    waiting = waiting_job(connection, kind)
    return _insert(connection, kind, "request", "queued") if waiting is None else waiting


def waiting_job(connection: Connection, kind: JobKind) -> int | None:
    """The id of the job of a kind that waits; ``None`` where there is none."""
    query = select(jobs.c.job_id).where(jobs.c.state == "queued", jobs.c.kind == kind)
    return connection.scalar(query.order_by(jobs.c.job_id).limit(1))


def start(connection: Connection, kind: JobKind, cause: JobCause) -> int:
    """Note that a job runs: the one that waits, where it was requested. Returns its id."""
    waiting = waiting_job(connection, kind) if cause == "request" else None
    job_id = _insert(connection, kind, cause, "queued") if waiting is None else waiting
    _update(connection, job_id, state="running", started=time.time())
    return job_id


def note_progress(connection: Connection, job_id: int, line: str) -> None:
    """Store the newest line that a job wrote."""
    _update(connection, job_id, progress=line)


def end(
    connection: Connection, job_id: int, state: JobState, error: str, snapshot: str | None
) -> None:
    """Note that a job has ended, and with what."""
    _update(connection, job_id, state=state, error=error, snapshot=snapshot, ended=time.time())


def stop_running(connection: Connection) -> None:
    """Note that jobs of a service that is gone do not run any more."""
    gone = {"state": "stopped", "ended": time.time()}
    connection.execute(update(jobs).where(jobs.c.state == "running").values(gone))


def get(connection: Connection, job_id: int) -> Job:
    """One job.

    Raises:
        NotFoundError: there is none of this number, or it is forgotten.
    """
    row = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).first()
    if row is None:
        raise NotFoundError(Message("missing.job", job=job_id))
    return Job(*row)


def newest(connection: Connection, n: int) -> list[Job]:
    """The ``n`` newest jobs, the newest first."""
    rows = connection.execute(select(jobs).order_by(jobs.c.job_id.desc()).limit(n))
    return [Job(*row) for row in rows]


def _insert(connection: Connection, kind: JobKind, cause: JobCause, state: JobState) -> int:
    row = {"kind": kind, "cause": cause, "state": state, "created": time.time(),
           "progress": "", "error": ""}  # fmt: skip
    key = connection.execute(insert(jobs).values(row)).inserted_primary_key
    assert key is not None
    job_id = int(key[0])
    ended = jobs.c.state.not_in(["queued", "running"])
    connection.execute(delete(jobs).where(jobs.c.job_id <= job_id - MAX_JOBS, ended))
    return job_id


def _update(connection: Connection, job_id: int, **values: object) -> None:
    connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(values))
