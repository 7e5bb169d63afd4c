"""Bodies read as JSON and nothing more: no NaN, no broken Unicode, no bottomless nesting."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json

from tastegraph.core.messages import TEMPLATES, Message
from tastegraph.serving.api.languages import PARAMETER, choose_named
from tastegraph.serving.api.problems import RefusedError

_FAULT = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)


class StrictRequest(Request):
    """A request whose body is JSON as RFC 8259 has it, and may name the answer's language."""

    async def json(self) -> Any:
        """The body.

        Raises:
            RefusedError: 400, it is not JSON.
        """
        try:
            body = from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise RefusedError(400, _not_json(str(error))) from None
        if isinstance(body, dict):
            choose_named(self.scope, body.get(PARAMETER))
        return body


class StrictRoute(APIRoute):
    """A route that reads its body with :class:`StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given the stricter request."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly


def _not_json(error: str) -> Message:
    found = _FAULT.fullmatch(error)
    reason, line, column = found.groups() if found else (error, "1", "1")
    key = f"json.{reason}"
    fault = Message(key if key in TEMPLATES else "json.other")
    return Message("request.not_json", fault=fault, line=line, column=column)
