"""A client of a service in this process, which calls it by a name that it answers to."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from starlette.types import ASGIApp


class LocalClient(TestClient):
    """Sends its requests to ``localhost``."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        super().__init__(app, base_url="http://localhost", **options)
