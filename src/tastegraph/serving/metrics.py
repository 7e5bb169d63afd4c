"""What a service counts, for Prometheus; with several workers over all of them.

Workers share their counts by files in a folder that ``PROMETHEUS_MULTIPROC_DIR`` names, which must
be set before this module is imported.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import Future
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_log = logging.getLogger(__name__)

SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS = Counter(
    "tastegraph_requests", "Requests by route template, method and status",
    ["route", "method", "status"],
)  # fmt: skip
REQUEST_SECONDS = Histogram(
    "tastegraph_request_seconds", "Seconds from a request's head to its answer's end", ["route"],
    buckets=_SECONDS,
)  # fmt: skip
REFUSED = Counter(
    "tastegraph_refused", "Requests refused before they reached a route", ["code"]
)  # fmt: skip
LISTS = Counter("tastegraph_lists", "Lists that were computed", ["personal"])
EXPERIMENT_LISTS = Counter(
    "tastegraph_experiment_lists", "Lists of experiments, by variant", ["experiment", "variant"]
)  # fmt: skip
EVENTS = Counter("tastegraph_events", "Events by outcome", ["outcome"])
LOST_LISTS = Counter("tastegraph_lost_lists", "Served lists that could not be stored")
CLAIM_CHECKS = Counter(
    "tastegraph_claim_checks", "Answers whose reasons were checked against the store afterwards"
)
CLAIM_VIOLATIONS = Counter(
    "tastegraph_claim_violations", "Reasons of these answers that do not hold; must stay 0"
)
SNAPSHOT = Gauge(
    "tastegraph_snapshot_version", "Version of the snapshot in service (the oldest of all workers)",
    multiprocess_mode="livemin",
)  # fmt: skip
PUBLISHED = Gauge(
    "tastegraph_snapshot_published_seconds",
    "When that snapshot was published, in seconds since 1970-01-01 UTC; its age is time() - this",
    multiprocess_mode="livemin",
)
QUEUE = Gauge(
    "tastegraph_queue_length", "Requests that wait or are being answered",
    multiprocess_mode="livesum",
)  # fmt: skip
LAG = Gauge(
    "tastegraph_event_loop_lag_seconds",
    "How much later than due the event loop last woke up (the latest of the workers)",
    multiprocess_mode="livemax",
)


def record_stored_list(write: Future[None]) -> None:
    """Count a list that could not be stored, and log why."""
    if (error := write.exception()) is not None:
        LOST_LISTS.inc()
        _log.error("a list was not stored: %s", error)


def record_list(personal: bool, experiment: str | None, variant: str | None) -> None:
    """Count one list; the names of its experiment and variant are those of the configuration."""
    LISTS.labels("yes" if personal else "no").inc()
    if experiment is not None:
        EXPERIMENT_LISTS.labels(experiment, variant).inc()


def record_events(accepted: int, duplicates: int, rejected: int) -> None:
    """Count the events of one batch."""
    for outcome, number in (
        ("accepted", accepted), ("duplicate", duplicates), ("rejected", rejected)
    ):  # fmt: skip
        if number:
            EVENTS.labels(outcome).inc(number)


def forget_worker(pid: int | None) -> None:
    """Let the gauges of a worker that has ended count no more; its counters stay."""
    if pid is not None and SHARED_FOLDER in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def exposition() -> bytes:
    """All metrics, in the text format of Prometheus."""
    if SHARED_FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
