"""What is said about each request: its metrics, and one line of JSON, neither about whom it is."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from starlette.types import Scope

from tastegraph.serving.api.access import key_name
from tastegraph.serving.metrics import REQUEST_SECONDS, REQUESTS

NO_ROUTE = "(none)"
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Observer:
    """Counts requests, and writes the access log.

    No line holds a path, a query, a body or an address: these can name users.

    Args:
        writes_log: whether each request is a line on standard output.
    """

    def __init__(self, writes_log: bool) -> None:
        self._writes_log = writes_log

    def record(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        """Note the end of a request."""
        route = route_template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        REQUESTS.labels(route, method, str(status)).inc()
        REQUEST_SECONDS.labels(route).observe(seconds)
        if self._writes_log:
            line = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "route": route,
                "method": method,
                "status": status,
                "ms": round(seconds * 1e3, 2),
                "request_id": request_id,
                "key": key_name(scope),
            }
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


def route_template(scope: Scope) -> str:
    """The path of a request's route, with the names of its parameters and not their values."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return NO_ROUTE if path is None else scope.get("root_path", "") + path
