"""Jobs over HTTP: what runs in the background is in the store, and can be asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.process.background import Scheduler
from tastegraph.serving.process.triggers import RequestTrigger, request_triggers
from tastegraph.store import jobs
from tastegraph.store.keys import KeyFile
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

JOBS = "/v1/jobs"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


def service(engine: Engine, code: str) -> LocalClient:
    """A service whose retraining is some Python code."""
    trigger = RequestTrigger("retrain", [sys.executable, "-c", code])
    return LocalClient(create_app(engine, Scheduler(engine, [trigger], pause=0.02)))


def await_job(client: LocalClient, job_id: int, holds: Callable[[dict[str, Any]], bool]) -> Any:
    deadline = time.monotonic() + 60
    while not holds(job := client.get(f"{JOBS}/{job_id}").json()):
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def add(client: LocalClient) -> int:
    answer = client.post(JOBS, json={"kind": "retrain"})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["job_id"])


def test_requested_job_runs_once_and_ends(engine: Engine) -> None:
    with service(engine, "pass") as client:
        job = await_job(client, add(client), lambda job: job["state"] == "done")
        time.sleep(0.1)
        assert len(client.get(JOBS).json()["jobs"]) == 1
    assert (job["kind"], job["cause"], job["error"]) == ("retrain", "request", "")
    assert job["created"] <= job["started"] <= job["ended"]
    assert job["snapshot"] == "000001"


def test_failed_job_says_why_and_is_not_run_again(engine: Engine) -> None:
    with service(engine, "import sys; sys.exit('no disk is left')") as client:
        job = await_job(client, add(client), lambda job: job["state"] == "failed")
        assert job["error"] == "ended with 1: no disk is left"
        time.sleep(0.1)
        assert [job["state"] for job in client.get(JOBS).json()["jobs"]] == ["failed"]


def test_what_a_job_wrote_needs_the_scope_admin(engine: Engine) -> None:
    """It may name files of the machine."""
    with engine.database.writing() as connection:
        job_id = jobs.start(connection, "retrain", "events")
        jobs.note_progress(connection, job_id, "/srv/shop: reading")
        jobs.end(connection, job_id, "failed", "ended with 1: /srv/shop is full", None)
    keys = KeyFile(engine.database.path.parent)
    secrets = {scope: keys.add(scope, ["read", scope]) for scope in ("read", "admin")}
    client = LocalClient(create_app(engine))
    for path in (JOBS, f"{JOBS}/{job_id}"):
        answers = {
            scope: client.get(path, headers={"Authorization": f"Bearer {secret}"})
            for scope, secret in secrets.items()
        }
        assert "/srv/shop" in answers["admin"].text
        assert answers["read"].status_code == 200
        assert "/srv" not in answers["read"].text
        assert '"failed"' in answers["read"].text


def test_running_job_has_progress_and_stops_with_the_service(
    engine: Engine, tmp_path: Path
) -> None:
    code = "import sys, time; print('texts …', file=sys.stderr, flush=True); time.sleep(600)"
    with service(engine, code) as client:
        first = add(client)
        job = await_job(client, first, lambda job: job["progress"] != "")
        assert (job["state"], job["progress"], job["ended"]) == ("running", "texts …", None)
    engine = serving_world.open_engine(tmp_path)
    with engine.database.reading() as connection:
        assert jobs.get(connection, first).state == "stopped"
    engine.close()


def test_job_of_a_killed_service_has_stopped(engine: Engine) -> None:
    with engine.database.writing() as connection:
        job_id = jobs.start(connection, "refresh", "knowledge")
    with service(engine, "pass") as client:
        assert client.get(f"{JOBS}/{job_id}").json()["state"] == "stopped"


def test_job_that_waits_is_the_same(engine: Engine) -> None:
    client = LocalClient(create_app(engine))
    assert add(client) == add(client)
    other = client.post(JOBS, json={"kind": "refresh"}).json()
    assert (other["state"], other["started"]) == ("queued", None)
    newest = client.get(JOBS, params={"n": 1}).json()["jobs"]
    assert [job["job_id"] for job in newest] == [other["job_id"]]


def test_oldest_jobs_are_forgotten(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_JOBS", 3)
    with engine.database.writing() as connection:
        for _ in range(6):
            jobs.end(connection, jobs.start(connection, "retrain", "events"), "done", "", None)
        assert [job.job_id for job in jobs.newest(connection, 10)] == [6, 5, 4]


def test_unknown_job_or_kind_is_refused(engine: Engine) -> None:
    client = LocalClient(create_app(engine), raise_server_exceptions=False)
    assert_problem(client.get(f"{JOBS}/7"), 404, "not_found")
    assert_problem(client.post(JOBS, json={"kind": "dance"}), 422, "invalid_request")
    assert_problem(client.get(f"{JOBS}/x"), 422, "invalid_request")


def test_commands_of_requests_are_those_of_the_command_line(tmp_path: Path) -> None:
    words = {trigger.kind: list(trigger.command[3:]) for trigger in request_triggers(tmp_path)}
    assert words == {
        "refresh": ["build", str(tmp_path), "--only", "graph,text"],
        "retrain": ["retrain", str(tmp_path), "--wait", "10m"],
    }
